"""What an operator does after a failure: reconcile a window, redrive what was set aside, replay the lake."""

from __future__ import annotations

import csv
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.sinks.consumer import Position, Unreadable
from shared.sinks.quarantine import quarantine_objects
from shared.transaction.codec import BadLine, encode_line
from tests.e2e.outages import retrying_for
from tests.e2e.stack import Stack, wait_until
from tests.unit.fakes.rows import transaction

YESTERDAY = str(datetime.now(UTC).date() - timedelta(days=1))
CORE = {
    "transaction": "transaction_id, occurred_at, card_id, card_key_id, card_last4, customer_id, merchant_id, category, "
    "amount, merchant_latitude, merchant_longitude, is_fraud",  # all but merged_at
    "customer": "*",
    "merchant": "*",
}


def core(stack: Stack) -> dict[str, list[str]]:
    """Every row of core, but for the time of its merge."""
    return {
        table: sorted(map(repr, stack.sql(f"SELECT {columns} FROM core.{table}"))) for table, columns in CORE.items()
    }


def truncate(stack: Stack) -> None:
    for table in CORE:
        stack.sql(f"TRUNCATE core.{table}")
    assert core(stack) == {table: [] for table in CORE}


def quiet(stack: Stack) -> None:
    """Wait until nothing is left to be merged."""
    wait_until(lambda: stack.sql("SELECT COUNT(*) FROM staging.transaction") == [[0]], 60, "staging is empty")


def redrive(stack: Stack, *args: str, check: bool = True) -> dict[str, Any]:
    return dict(json.loads(stack.run("quarantine", "redrive", "--json", *args, check=check).stdout))


def event_times(path: Path) -> tuple[str, str]:
    """The first event time of a file, and a moment after the last."""
    with path.open(encoding="utf-8", newline="") as file:
        times = [row["trans_date_trans_time"] for row in csv.DictReader(file)]
    return min(times), str(datetime.fromisoformat(max(times)) + timedelta(seconds=1))


@contextmanager
def without(stack: Stack, role: str, action: str) -> Iterator[None]:
    """Take one permission from a role for a while."""
    iam = stack.client("iam")
    policies = iam.list_role_policies(RoleName=role)["PolicyNames"]
    originals = {p: iam.get_role_policy(RoleName=role, PolicyName=p)["PolicyDocument"] for p in policies}
    try:
        for policy, document in originals.items():
            less = json.dumps(document).replace(f'"{action}"', '"sts:GetCallerIdentity"')
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=less)
        yield
    finally:
        for policy, document in originals.items():
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


@contextmanager
def giving_up_at_once(stack: Stack, function: str) -> Iterator[None]:
    """Let a function's mapping give a batch up at its first failure."""
    functions, log = stack.client("lambda"), stack.home / "logs" / "event-sources.log"
    (mapping,) = functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]

    def driven_with(retries: int) -> bool:
        lines = [line for line in log.read_text().splitlines() if f"{function}: driving mapping" in line]
        return f"max_retries={retries}," in lines[-1]

    def update(retries: int, bisect: bool) -> None:
        functions.update_event_source_mapping(
            UUID=mapping["UUID"], MaximumRetryAttempts=retries, BisectBatchOnFunctionError=bisect
        )
        wait_until(lambda: driven_with(retries), 30, f"{function} is driven with {retries} retries")

    update(0, bisect=False)
    try:
        yield
    finally:
        update(mapping["MaximumRetryAttempts"], mapping["BisectBatchOnFunctionError"])


def test_a_replay_after_truncate_restores_every_row_of_core(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path = csv_file(rows=1_500)
    stack.run("send", path)
    reconcile(path)
    quiet(stack)
    before = core(stack)
    assert len(before["transaction"]) >= 1_500
    truncate(stack)
    done = json.loads(stack.run("replay", "--from", YESTERDAY, "--json").stdout)
    assert (done["before"], done["after"]) == (0, len(before["transaction"]))
    assert core(stack) == before
    again = json.loads(stack.run("replay", "--from", YESTERDAY, "--json").stdout)
    assert again["before"] == again["after"] == done["after"]
    assert core(stack) == before


def test_a_replay_that_was_killed_is_resumed(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path = csv_file(rows=800)
    stack.run("send", path)
    reconcile(path)
    quiet(stack)
    before = core(stack)
    truncate(stack)
    known = {key for key, _ in stack.objects("DeliveryBucket", "replays/")}
    process = stack.start("replay", "--from", YESTERDAY)
    wait_until(
        lambda: [k for k, _ in stack.objects("DeliveryBucket", "replays/") if k not in known],
        60,
        "a plan is being made",
    )
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    stack.run("replay", "--from", YESTERDAY, "--resume")
    quiet(stack)
    assert core(stack) == before


def test_a_line_that_a_bug_kept_out_goes_through_once_it_can_be_read(stack: Stack) -> None:
    """As an older version would have left it: a good line in quarantine, beside one that nobody can read."""
    good, at = transaction(4711, trans_num="kept-out-by-a-bug"), datetime.now(UTC)
    lines = [
        Unreadable(Position("shardId-000000000000", "1", "00", at), number, BadLine(data, "by an older version"))
        for number, data in enumerate((encode_line(good).rstrip(b"\n"), b"\xff not a line"))
    ]
    objects = quarantine_objects("write-to-s3", lines)
    for one in objects:
        stack.client("s3").put_object(Bucket=stack.outputs["QuarantineBucket"], Key=one.key, Body=one.body)
    keys = [one.key for one in objects]

    dry = redrive(stack, *keys, check=False)
    assert (dry["dry_run"], dry["would_be_redriven"], dry["still_unreadable"]) == (True, 1, 1)
    assert dry["before"] == dry["after"]
    done = redrive(stack, *keys, "--yes", check=False)
    assert (done["redriven"], done["still_unreadable"]) == (1, 1)
    assert done["after"]["lines"] == done["before"]["lines"] - 1
    shown = json.loads(stack.run("quarantine", "show", keys[1]).stdout)
    assert shown["reason"] == "by an older version"
    assert "not a line" in shown["text"]

    def in_core() -> bool:
        found = stack.sql("SELECT card_id FROM core.transaction WHERE transaction_id = 'kept-out-by-a-bug'")
        return found == [[good.card_id]]

    def in_table() -> bool:
        return any(item["transaction_id"]["S"] == "kept-out-by-a-bug" for item in stack.items())

    def in_lake() -> bool:
        return any(b"kept-out-by-a-bug" in body for _, body in stack.objects("LakeBucket", "transactions/"))

    for look in (in_core, in_table, in_lake):  # whichever is first
        wait_until(look, 60, f"the redriven line is there: {look.__name__}")
    stack.client("s3").delete_object(Bucket=stack.outputs["QuarantineBucket"], Key=keys[1])


def test_batches_that_a_function_gave_up_are_redriven_to_it(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path, function = csv_file(rows=700), f"swipeline-{stack.stage}-write-to-dynamodb"
    role = stack.client("lambda").get_function_configuration(FunctionName=function)["Role"].rsplit("/", 1)[1]

    def records_given_up() -> int:
        found = [json.loads(body) for _, body in stack.objects("QuarantineBucket", "aws/lambda/")]
        return sum(len(json.loads(record["payload"])["Records"]) for record in found)

    with giving_up_at_once(stack, function):
        with without(stack, role, "dynamodb:PartiQLInsert"):
            stack.run("send", path)
            hops = wait_until(lambda: _all_but(reconcile, path, "dynamodb"), 90, "the other stores have all")
            wait_until(records_given_up, 60, "the function's batches are given up")
        assert hops["dynamodb"]["missing"] == 700
        dry = redrive(stack, "--kind", "batches")
        assert dry["would_be_redriven"] == dry["before"]["batches"] > 0
    done = redrive(stack, "--kind", "batches", "--yes")
    assert done["redriven"] >= dry["before"]["batches"]
    assert done["after"]["batches"] == 0
    reconcile(path)
    assert redrive(stack, "--kind", "batches", "--yes")["redriven"] == 0


def test_deliveries_that_the_warehouse_did_not_take_are_redriven(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path, role = csv_file(rows=900), f"swipeline-{stack.stage}-delivery"
    with retrying_for(stack, seconds=0), without(stack, role, "s3:GetObject"):
        stack.run("send", path)
        wait_until(lambda: list(stack.objects("DeliveryBucket", "errors/manifests/")), 60, "a delivery is given up")
        hops = wait_until(lambda: _all_but(reconcile, path, "warehouse"), 90, "the other stores have all")
        assert hops["warehouse"]["missing"] > 0
    done = redrive(stack, "--kind", "manifests", "--yes")
    assert done["redriven"] >= 1
    assert done["after"]["manifests"] == 0
    assert list(stack.objects("DeliveryBucket", "redriven/errors/manifests/"))
    reconcile(path)


def _all_but(reconcile: Any, path: Path, absent: str) -> dict[str, Any] | None:
    """The hops, once every store but one has all of a file."""
    hops = reconcile(path, seconds=0, check=False)["hops"]
    others = {"dynamodb", "lake", "warehouse"} - {absent}
    return hops if all(hops[name]["missing"] == 0 for name in others) else None


def test_a_window_is_reconciled_without_journals_and_names_what_one_store_lost(
    stack: Stack, csv_file: Any, reconcile: Any
) -> None:
    path = csv_file(rows=600)
    stack.run("send", path)
    reconcile(path)
    begin, end = event_times(path)
    for how in ([], ["--scan"]):
        ledger = json.loads(stack.run("reconcile", "--from", begin, "--to", end, "--json", *how).stdout)
        assert ledger["balanced"]
        assert ledger["hops"]["api"]["accepted"] >= 600
        assert ledger["hops"]["warehouse"]["written"] >= 600
    first, last = begin.replace(" ", "T"), end.replace(" ", "T")
    lost = next(i for i in stack.items() if first <= i["occurred_at"]["S"] < last)
    key = {k: lost[k] for k in ("card_id", "time_id")}
    stack.client("dynamodb").delete_item(TableName=stack.outputs["TableName"], Key=key)
    try:
        done = stack.run("reconcile", "--from", begin, "--to", end, "--json", check=False)
        assert done.returncode == 1
        hops = json.loads(done.stdout)["hops"]
        assert {name: hops[name]["missing_ids"] for name in ("dynamodb", "lake", "warehouse")} == {
            "dynamodb": [lost["transaction_id"]["S"]],
            "lake": [],
            "warehouse": [],
        }
    finally:
        stack.client("dynamodb").put_item(TableName=stack.outputs["TableName"], Item=lost)
