"""`swipeline quarantine` over moto's S3: nothing is done without --yes, nothing is lost by a kill, twice is once."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from moto import mock_aws

from client.errors import ClientError
from client.quarantine.conflicts import settle
from client.quarantine.describe import describe, original_bytes
from client.quarantine.discard import discard
from client.quarantine.entries import Quarantine
from client.quarantine.run import chosen_kinds, redrive
from shared.transaction.codec import decode_record, encode_line, encode_record
from shared.transaction.content import digest
from shared.transaction.schema import Transaction
from shared.warehouse.conflicts import Dispute, object_key
from shared.warehouse.conflicts import body as conflict_body
from tests.unit.client.operator_world import Killed, OperatorWorld
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.kinesis import FakeKinesis
from tests.unit.fakes.rows import transaction

DYNAMODB = "swipeline-local-write-to-dynamodb"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[OperatorWorld]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield OperatorWorld()


def on_stream(world: OperatorWorld) -> list[Any]:
    return [line for records in world.stream.stored.values() for data in records for line in decode_record(data)]


def delivery(world: OperatorWorld, name: str, *numbers: int) -> str:
    """Put a delivery's object and its error manifest as Firehose does; give the manifest's key."""
    world.put("delivery", f"transactions/{name}.gz", gzip.compress(encode_record(transaction(n) for n in numbers)))
    key = f"errors/manifests/2026/11/24/{name}"
    entries = [{"url": f"s3://delivery/transactions/{name}.gz", "mandatory": True}]
    world.put("delivery", key, json.dumps({"entries": entries}).encode())
    return key


def ok(event: dict[str, Any]) -> dict[str, Any]:
    return {"batchItemFailures": []}


def snapshot(world: OperatorWorld) -> dict[str, bytes]:
    return {
        f"{bucket}/{key}": world.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        for bucket in ("quarantine", "delivery")
        for key in world.keys(bucket)
    }


def test_all_three_kinds_are_listed_and_counted(world: OperatorWorld) -> None:
    line, batch, manifest = world.set_aside_line(b"x"), world.set_aside_batch([1]), delivery(world, "d", 1)
    quarantine = Quarantine(world.stage)
    assert [(e.kind, e.key) for e in quarantine.entries(chosen_kinds(None))] == [
        ("lines", line),
        ("batches", batch),
        ("manifests", manifest),
    ]
    assert quarantine.counts() == {"lines": 1, "batches": 1, "conflicts": 0, "manifests": 1, "undelivered": 0}


def test_a_dry_run_changes_nothing(world: OperatorWorld) -> None:
    world.set_aside_line(encode_line(transaction(1)).rstrip())
    world.set_aside_batch([1])
    delivery(world, "d", 1)
    before = snapshot(world)
    done = redrive(world.stage)
    assert done.dry_run
    assert done.count("would be redriven") == 3
    assert done.before == done.after == {"lines": 1, "batches": 1, "conflicts": 0, "manifests": 1, "undelivered": 0}
    assert snapshot(world) == before
    assert (on_stream(world), world.functions.events, world.warehouse.copies) == ([], [], [])


def test_a_line_that_can_be_read_by_now_is_put_on_the_stream_again_and_one_that_cannot_stays(
    world: OperatorWorld,
) -> None:
    mended = world.set_aside_line(encode_line(transaction(1)).rstrip(), number=1)
    bad = world.set_aside_line(b"\xff\xfe", number=2)
    done = redrive(world.stage, act=True)
    assert on_stream(world) == [transaction(1)]
    assert world.keys("quarantine", "quarantine/") == [bad]
    assert world.keys("quarantine", "redriven/") == [f"redriven/{mended}"]
    assert (done.before["lines"], done.after["lines"], done.clean) == (2, 1, False)


def test_lines_that_share_an_object_part_ways(world: OperatorWorld) -> None:
    good = [encode_line(transaction(n)).rstrip() for n in range(3)]
    key = world.set_aside_line(b"\n".join([good[0], b"not json", good[1], b"", good[2]]))
    done = redrive(world.stage, act=True)
    assert sorted(on_stream(world)) == [transaction(n) for n in range(3)]
    left = json.loads(world.s3.get_object(Bucket="quarantine", Key=key)["Body"].read())
    assert left["lines"] == 2
    assert [outcome.stuck for outcome in done.outcomes] == [2]
    again = redrive(world.stage, act=True)
    assert len(on_stream(world)) == 3
    assert again.count("still unreadable") == 1


def test_lines_of_a_card_keep_their_order(world: OperatorWorld) -> None:
    for number in (10, 9, 100, 2):  # as texts, 10 is before 9
        world.set_aside_line(encode_line(transaction(1, trans_num=f"t{number}")).rstrip(), number=number)
    redrive(world.stage, act=True)
    assert [t.transaction_id for t in on_stream(world) if isinstance(t, Transaction)] == ["t2", "t9", "t10", "t100"]


def test_a_line_that_the_stream_refuses_stays(world: OperatorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.quarantine.lines.SECONDS", 0.0)
    world.stage._clients["kinesis"] = FakeKinesis(always=Fault(Kind.THROTTLED))
    key = world.set_aside_line(encode_line(transaction(1)).rstrip())
    done = redrive(world.stage, act=True)
    assert done.count("failed") == 1
    assert world.keys("quarantine") == [key]


def test_a_batch_goes_to_its_function_alone_with_exactly_its_records(world: OperatorWorld) -> None:
    world.functions.functions[DYNAMODB] = ok
    key = world.set_aside_batch([5, 6, 7])
    done = redrive(world.stage, act=True)
    ((name, event),) = world.functions.events
    assert name == DYNAMODB
    assert [record["kinesis"]["sequenceNumber"] for record in event["Records"]] == ["5", "6", "7"]
    assert on_stream(world) == []
    assert world.keys("quarantine") == [f"redriven/{key}"]
    assert done.clean


def test_batches_are_redriven_in_the_order_of_the_stream(world: OperatorWorld) -> None:
    world.functions.functions[DYNAMODB] = ok
    for first in (30, 4, 11):
        world.set_aside_batch([first, first + 1])
    redrive(world.stage, act=True)
    firsts = [event["Records"][0]["kinesis"]["sequenceNumber"] for _, event in world.functions.events]
    assert firsts == ["4", "11", "30"]


@pytest.mark.parametrize(
    ("function", "stuck", "reason"),
    [
        (lambda event: {"batchItemFailures": [{"itemIdentifier": "6"}]}, 2, "could not store"),
        (lambda event: {"batchItemFailures": [{"itemIdentifier": "no such number"}]}, 3, "could not store"),
        (lambda event: int("x"), 3, "the function failed: ValueError"),
    ],
)
def test_a_batch_that_fails_again_stays_and_says_why(
    world: OperatorWorld, function: Any, stuck: int, reason: str
) -> None:
    world.functions.functions[DYNAMODB] = function
    key = world.set_aside_batch([5, 6, 7])
    done = redrive(world.stage, act=True)
    (outcome,) = done.outcomes
    assert (outcome.result, outcome.units, outcome.stuck) == ("failed", 3, stuck)
    assert reason in outcome.reason
    assert world.keys("quarantine") == [key]


def test_a_batch_of_another_stage_or_of_a_function_that_is_gone_stays(world: OperatorWorld) -> None:
    world.set_aside_batch([1], "swipeline-prod-write-to-dynamodb")
    world.set_aside_batch([2])
    done = redrive(world.stage, act=True)
    reasons = [outcome.reason for outcome in done.outcomes]
    assert "not a function of this stage" in reasons[0]
    assert "no longer exists" in reasons[1]
    assert world.functions.events == []


def test_a_manifest_is_copied_and_merged_and_what_core_had_stays_single(world: OperatorWorld) -> None:
    world.warehouse.core[transaction(1).transaction_id] = {}
    key = delivery(world, "d", 1, 2, 3)
    done = redrive(world.stage, act=True)
    assert len(world.warehouse.core) == 3
    assert world.keys("delivery", "errors/") == []
    assert world.keys("delivery", "redriven/") == [f"redriven/{key}"]
    assert done.clean


def test_a_manifest_of_alerts_is_copied_as_alerts_by_their_own_delivery_stream(world: OperatorWorld) -> None:
    for folder in ("alerts", "strangers"):
        entries = [{"url": f"s3://delivery/{folder}/2026/11/24/x.gz", "mandatory": True}]
        world.put("delivery", f"errors/manifests/{folder}", json.dumps({"entries": entries}).encode())
    done = redrive(world.stage, ["errors/manifests/alerts"], act=True)
    assert [outcome.result for outcome in done.outcomes] == ["redriven"]
    assert len(world.warehouse.alert_copies) == 1
    assert world.warehouse.copies == []
    (left,) = redrive(world.stage, ["errors/manifests/strangers"], act=True).outcomes
    assert left.result == "failed"
    assert "names objects of strangers/" in left.reason


def test_a_manifest_that_the_warehouse_refuses_stays_and_the_next_one_continues(world: OperatorWorld) -> None:
    first, second = delivery(world, "a", 1), delivery(world, "b", 2)
    world.s3.delete_object(Bucket="delivery", Key="transactions/a.gz")
    done = redrive(world.stage, act=True)
    assert [(o.key, o.result) for o in done.outcomes] == [(first, "still unreadable"), (second, "redriven")]
    assert "the object is gone" in done.outcomes[0].reason
    assert world.keys("delivery", "errors/") == [first]


@pytest.mark.parametrize("operation", ["copy_object", "delete_object"])
def test_a_kill_between_any_two_steps_loses_nothing_and_the_next_run_ends_it(
    world: OperatorWorld, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    world.functions.functions[DYNAMODB] = ok
    world.set_aside_line(encode_line(transaction(1)).rstrip())
    world.set_aside_batch([1])
    delivery(world, "d", 2)

    def kill(**_: Any) -> None:
        raise Killed

    for kind in ("lines", "batches", "manifests"):
        with monkeypatch.context() as patch:
            patch.setattr(world.s3, operation, kill)
            with pytest.raises(Killed):
                redrive(world.stage, kind=kind, act=True)
    assert Quarantine(world.stage).counts() == {
        "lines": 1,
        "batches": 1,
        "conflicts": 0,
        "manifests": 1,
        "undelivered": 0,
    }
    done = redrive(world.stage, act=True)
    assert done.after == {"lines": 0, "batches": 0, "conflicts": 0, "manifests": 0, "undelivered": 0}
    assert set(on_stream(world)) == {transaction(1)}
    assert set(world.warehouse.core) == {transaction(2).transaction_id}


def test_twice_is_once(world: OperatorWorld) -> None:
    world.functions.functions[DYNAMODB] = ok
    world.set_aside_line(encode_line(transaction(1)).rstrip())
    world.set_aside_batch([1])
    redrive(world.stage, act=True)
    before = snapshot(world)
    done = redrive(world.stage, act=True)
    assert done.outcomes == []
    assert snapshot(world) == before


def test_only_what_was_chosen_is_redriven(world: OperatorWorld) -> None:
    keys = [world.set_aside_line(encode_line(transaction(n)).rstrip(), number=n) for n in range(3)]
    redrive(world.stage, keys=[keys[1]], act=True)
    assert world.keys("quarantine", "quarantine/") == [keys[0], keys[2]]
    redrive(world.stage, kind="manifests", act=True)
    assert len(world.keys("quarantine", "quarantine/")) == 2


def test_an_object_that_was_put_there_by_hand_is_named_and_keeps_nothing_back(world: OperatorWorld) -> None:
    world.put("quarantine", "quarantine/a.json", b"not ours")
    world.put("quarantine", "aws/lambda/x", b"{}")
    world.put("delivery", "errors/manifests/x", b'{"entries": [{"url": "http://x"}]}')
    good = world.set_aside_line(encode_line(transaction(1)).rstrip())
    done = redrive(world.stage, act=True)
    assert done.count("failed") == 3
    assert world.keys("quarantine", "redriven/") == [f"redriven/{good}"]


def test_a_key_or_kind_that_is_not_there_is_an_error(world: OperatorWorld) -> None:
    for keys, kind in ((["quarantine/none.json"], None), (["elsewhere/x"], None), ([], "everything")):
        with pytest.raises(ClientError):
            redrive(world.stage, keys, kind)


def test_show_masks_card_numbers_and_raw_gives_the_bytes_as_they_were(world: OperatorWorld) -> None:
    data = b'\xff{"cc_num": "4992346398065154048"}\x00'
    quarantine = Quarantine(world.stage)
    entry = quarantine.find(world.set_aside_line(data))
    body = quarantine.read(entry)
    shown = json.dumps(describe(entry, body))
    assert "4992346398065154048" not in shown
    assert "by the test" in shown
    assert original_bytes(entry, body) == data
    batch = quarantine.find(world.set_aside_batch([1, 2]))
    assert describe(batch, quarantine.read(batch))["payload"] == "2 records"
    with pytest.raises(ClientError, match="--raw works for lines only"):
        original_bytes(batch, b"")


def test_a_discarded_entry_leaves_quarantine_and_is_kept_with_who_when_and_why(world: OperatorWorld) -> None:
    junk, other = world.set_aside_line(b"\xff", number=1), world.set_aside_line(b"\xfe", number=2)
    done = discard(world.stage, [junk], None, "junk of a test, 4111 1111 1111 1111, für immer", act=True)
    assert (done.before["lines"], done.after["lines"]) == (2, 1)
    assert world.keys("quarantine", "quarantine/") == [other]
    kept = world.s3.head_object(Bucket="quarantine", Key=f"discarded/{junk}")["Metadata"]
    assert kept["note"] == "junk of a test, ************1111, f%C3%BCr immer"
    assert kept["discarded-by"].startswith("arn:aws:")
    assert kept["discarded-at"] < datetime.now(UTC).isoformat()


def test_a_discard_is_a_dry_run_by_default_and_takes_no_entry_that_was_not_named(world: OperatorWorld) -> None:
    world.set_aside_line(b"\xff")
    batch = world.set_aside_batch([1])
    before = snapshot(world)
    assert discard(world.stage, [], "batches", "why").keys == [batch]
    assert snapshot(world) == before
    with pytest.raises(ClientError, match="--kind"):
        discard(world.stage, [], None, "why", act=True)
    with pytest.raises(ClientError, match="--note"):
        discard(world.stage, [], "lines", "  ", act=True)
    assert snapshot(world) == before


def test_a_discard_that_is_killed_between_copy_and_delete_is_finished_by_the_next(
    world: OperatorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    junk = world.set_aside_line(b"\xff")
    with monkeypatch.context() as patch:
        patch.setattr(world.s3, "delete_object", lambda **_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            discard(world.stage, [junk], None, "junk", act=True)
    assert set(world.keys("quarantine")) == {junk, f"discarded/{junk}"}
    discard(world.stage, [junk], None, "junk", act=True)
    assert world.keys("quarantine") == [f"discarded/{junk}"]


def test_a_damaged_object_of_a_delivery_stays_with_its_reason_and_the_others_are_copied(world: OperatorWorld) -> None:
    for name, number in (("good", 1), ("cut", 2), ("other", 3)):
        delivery(world, name, number)
    whole = world.s3.get_object(Bucket="delivery", Key="transactions/cut.gz")["Body"].read()
    world.put("delivery", "transactions/cut.gz", whole[:-4])
    names = ("good", "cut", "gone", "other")
    entries = [{"url": f"s3://delivery/transactions/{name}.gz", "mandatory": True} for name in names]
    key = "errors/manifests/2026/11/24/all"
    world.put("delivery", key, json.dumps({"entries": entries}).encode())
    (outcome,) = redrive(world.stage, [key], act=True).outcomes
    assert (outcome.result, outcome.units, outcome.stuck) == ("still unreadable", 4, 2)
    assert "cut.gz: not whole gzip" in outcome.reason
    assert "gone.gz: the object is gone" in outcome.reason
    assert set(world.warehouse.core) == {transaction(number).transaction_id for number in (1, 3)}
    (again,) = redrive(world.stage, [key], act=True).outcomes
    assert (again.result, again.units, again.stuck) == ("still unreadable", 2, 2)


def test_records_that_check_delivery_failed_on_are_checked_again_and_copied(world: OperatorWorld) -> None:
    key = "errors/processing-failed/2026/11/24/12/swipeline-local-to-warehouse-1-x"
    raw = [encode_line(transaction(1)) + b"junk", b"\xff", encode_line(transaction(2))]
    lines = [json.dumps({"rawData": base64.b64encode(data).decode()}) for data in raw]
    world.put("delivery", key, "\n".join(lines).encode())
    assert describe(Quarantine(world.stage).find(key), "\n".join(lines).encode())["records"] == 3
    (planned,) = redrive(world.stage, [key]).outcomes
    assert (planned.result, planned.units, planned.stuck) == ("would be redriven", 4, 2)
    (done,) = redrive(world.stage, [key], act=True).outcomes
    assert (done.result, done.units, done.stuck) == ("redriven", 4, 2)
    assert set(world.warehouse.core) == {transaction(number).transaction_id for number in (1, 2)}
    assert Quarantine(world.stage).counts()["undelivered"] == 0
    world.put("delivery", key, b"by hand")
    (strange,) = redrive(world.stage, [key], act=True).outcomes
    assert strange.result == "failed"


def conflict(world: OperatorWorld) -> tuple[str, Transaction, Transaction]:
    counts = transaction(1)
    other = counts._replace(amount=Decimal("99.99"))
    found = Dispute(digest(other), "conflict", other, counts)
    key = object_key(counts.transaction_id, found.digest)
    world.put("quarantine", key, conflict_body(found))
    return key, counts, other


def test_a_conflict_is_listed_shown_and_not_redriven(world: OperatorWorld) -> None:
    key, _, _ = conflict(world)
    quarantine = Quarantine(world.stage)
    assert quarantine.counts()["conflicts"] == 1
    shown = describe(quarantine.find(key), quarantine.read(quarantine.find(key)))
    assert (shown["kind"], shown["fields"]) == ("conflicts", ["amount"])
    assert redrive(world.stage, act=True).outcomes == []
    with pytest.raises(ClientError, match="settled by a person"):
        redrive(world.stage, [key])


def test_to_keep_the_other_content_sends_it_as_a_correction_and_to_keep_the_stored_one_sends_nothing(
    world: OperatorWorld,
) -> None:
    key, _, other = conflict(world)
    settle(world.stage, key, "other", act=False)
    assert world.stream.stored == {}
    settle(world.stage, key, "stored", act=True)
    assert world.stream.stored == {}
    assert world.keys("quarantine") == [f"discarded/{key}"]
    key, _, other = conflict(world)
    settle(world.stage, key, "other", act=True)
    ((record,),) = world.stream.stored.values()
    (sent,) = decode_record(record)
    assert isinstance(sent, Transaction)
    assert sent._replace(corrected_at=None, corrected_by=None) == other
    assert sent.corrected_at
    assert sent.corrected_by
