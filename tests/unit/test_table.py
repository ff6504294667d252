"""Under any partial failures the table ends equal to the stream, and what is missing is reported, lowest first."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.sinks.bulk_write import BulkWriter
from shared.sinks.consumer import Line, read_batch, respond
from shared.sinks.item import SUPERSEDED, content_of, key_of, to_item
from shared.sinks.table import ITEMS_PER_CALL, Table
from shared.transaction.codec import encode_record
from shared.transaction.content import counting
from shared.transaction.schema import Transaction
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.dynamodb import FakeTable
from tests.unit.fakes.events import kinesis_event
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.rows import transaction

MANY = [transaction(number) for number in range(120)]


def lines_of(*records: list[Transaction]) -> list[Line]:
    return read_batch(kinesis_event([("00", encode_record(record)) for record in records])).lines


def expected(transactions: list[Transaction]) -> dict[tuple[str, str], dict[str, Any]]:
    return {key_of(t): to_item(t) for t in transactions}


def test_an_item_is_what_boto3_would_have_serialized() -> None:
    t = transaction(7)._replace(corrected_at="2026-11-30T12:00:00.000Z", corrected_by="operations")
    values: dict[str, Any] = t._asdict() | {
        "time_id": f"{t.occurred_at}#{t.transaction_id}",
        "merchant_bucket": f"{t.merchant_id}#2020-06",
    }
    plain = {name: Decimal(repr(value)) if isinstance(value, float) else value for name, value in values.items()}
    assert to_item(t) == {name: TypeSerializer().serialize(value) for name, value in plain.items()}


def test_an_item_holds_every_field_of_a_transaction() -> None:
    item = to_item(transaction(7)._replace(corrected_at="2026-11-30T12:00:00.000Z", corrected_by="operations"))
    assert content_of(item) == transaction(7)._replace(
        corrected_at="2026-11-30T12:00:00.000Z", corrected_by="operations"
    )
    values = {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
    assert set(Transaction._fields) <= set(values)
    assert values["amount"] == transaction(7).amount
    assert float(values["merchant_longitude"]) == transaction(7).merchant_longitude


def test_an_unknown_label_is_absent_from_the_item() -> None:
    assert "is_fraud" not in to_item(transaction(0, is_fraud=None))


def test_all_items_are_written_in_calls_of_25() -> None:
    fake = FakeTable()
    outcome = Table(fake, "t").write(lines_of(MANY[:60], MANY[60:]), FakeClock().budget(20))
    assert (outcome.written, outcome.duplicates, outcome.retried, outcome.failed) == (120, 0, 0, [])
    assert sorted(fake.calls) == [20, 25, 25, 25, 25]
    assert fake.items == expected(MANY)


@pytest.mark.parametrize("amount", ["0.01", "99999.99"])
def test_of_two_contents_of_a_key_the_one_that_counts_stays_in_one_batch_or_in_two(amount: str) -> None:
    changed = MANY[0]._replace(amount=Decimal(amount))
    counts = counting([MANY[0], changed])
    fake = FakeTable()
    outcome = Table(fake, "t").write(lines_of([MANY[0], MANY[1], MANY[0]], [changed]), FakeClock().budget(20))
    assert (outcome.written, outcome.duplicates, outcome.conflicts) == (2, 2, 1)
    assert fake.items == expected([counts, MANY[1]])
    for first, second in ((MANY[0], changed), (changed, MANY[0])):
        fake = FakeTable()
        Table(fake, "t").write(lines_of([first]), FakeClock().budget(20))
        outcome = Table(fake, "t").write(lines_of([second]), FakeClock().budget(20))
        assert (outcome.written + outcome.duplicates, outcome.conflicts) == (1, 1)
        assert fake.items == expected([counts])


def test_a_label_that_comes_later_is_stored_and_a_resend_without_it_takes_it_from_nobody() -> None:
    known, unknown = MANY[0]._replace(is_fraud=True), MANY[0]._replace(is_fraud=None)
    fake = FakeTable()
    for one, expects in ((unknown, (1, 0, 0)), (known, (1, 0, 0)), (unknown, (0, 1, 0))):
        outcome = Table(fake, "t").write(lines_of([one]), FakeClock().budget(20))
        assert (outcome.written, outcome.duplicates, outcome.conflicts) == expects
    assert fake.items == expected([known])


def test_a_correction_replaces_what_it_corrects_whichever_comes_first() -> None:
    correction = MANY[0]._replace(amount=Decimal("99999.99"), corrected_at="2026-11-30T12:00:00.000Z", corrected_by="o")
    for order in ((MANY[0], correction), (correction, MANY[0])):
        fake = FakeTable()
        for one in order:
            outcome = Table(fake, "t").write(lines_of([one]), FakeClock().budget(20))
            assert outcome.conflicts == 0
        assert fake.items == expected([correction])


def test_a_mark_keeps_out_what_does_not_count_also_when_that_comes_later() -> None:
    other = MANY[0]._replace(card_id="f" * 32, amount=Decimal("0.01"))
    for order in ("mark first", "mark last"):
        fake, table = FakeTable(), None
        table = Table(fake, "t")
        if order == "mark last":
            table.write(lines_of([MANY[0]]), FakeClock().budget(20))
        assert table.supersede(key_of(MANY[0]), other, FakeClock().budget(20))
        table.write(lines_of([MANY[0]], [other]), FakeClock().budget(20))
        assert SUPERSEDED in fake.items[key_of(MANY[0])]
        assert fake.items[key_of(other)] == to_item(other)
        later = MANY[0]._replace(corrected_at="2026-11-30T12:00:00.000Z", corrected_by="o")
        table.write(lines_of([later]), FakeClock().budget(20))
        assert fake.items[key_of(later)] == to_item(later)
        assert table.supersede(key_of(MANY[0]), other, FakeClock().budget(20))
        assert fake.items[key_of(later)] == to_item(later)


def test_what_changed_since_it_was_read_is_read_again() -> None:
    class Racing(FakeTable):
        def batch_get_item(self, **parameters: Any) -> dict[str, Any]:
            answer = super().batch_get_item(**parameters)
            self.items[key_of(MANY[0])] |= {"is_fraud": {"BOOL": True}, "amount": {"N": "0.02"}}
            return answer

    fake, low = Racing(), MANY[0]._replace(amount=Decimal("0.01"))
    Table(fake, "t").write(lines_of([MANY[0]]), FakeClock().budget(20))
    outcome = Table(fake, "t").write(lines_of([low]), FakeClock().budget(20))
    assert (outcome.failed, outcome.retried, fake.items) == ([], 1, expected([low]))


def test_only_what_was_unprocessed_is_written_again() -> None:
    fake = FakeTable([Fault(Kind.PART, 0b11)])
    outcome = Table(fake, "t", threads=1).write(lines_of(MANY[:10]), FakeClock().budget(20))
    assert fake.calls == [10, 2]
    assert (outcome.written, outcome.retried, fake.puts) == (10, 2, 10)


def test_a_throttled_call_is_repeated_whole_after_a_wait() -> None:
    fake, clock = FakeTable([Fault(Kind.THROTTLED), Fault(Kind.BROKEN), Fault(Kind.TIMED_OUT)]), FakeClock()
    outcome = Table(fake, "t", threads=1).write(lines_of(MANY[:10]), clock.budget(20))
    assert fake.calls == [10] * 4
    assert clock.sleeps == [0.05, 0.1, 0.2]
    assert (outcome.retried, outcome.failed) == (30, [])


def test_what_is_not_stored_when_the_budget_is_spent_fails_its_record() -> None:
    # The item of index 5 is refused at first, and then for as long as it is tried.
    fake = FakeTable([Fault(Kind.PART, 0b100000)], always=Fault(Kind.THROTTLED))
    lines = lines_of(MANY[:4], MANY[4:8], MANY[8:12])
    outcome = Table(fake, "t", threads=1).write(lines, FakeClock().budget(5))
    assert outcome.written == 11
    assert {position.sequence_number for position in outcome.failed} == {lines[5].position.sequence_number}


def test_an_unstored_key_fails_the_first_record_that_holds_it() -> None:
    fake = FakeTable(always=Fault(Kind.THROTTLED))
    lines = lines_of([MANY[0]], [MANY[0]])
    outcome = Table(fake, "t").write(lines, FakeClock().budget(1))
    assert respond(outcome.failed) == respond([lines[0].position])


def test_a_spent_budget_makes_no_call_and_claims_nothing() -> None:
    fake = FakeTable()
    lines = lines_of(MANY)
    outcome = Table(fake, "t").write(lines, FakeClock().budget(0))
    assert fake.calls == []
    assert (outcome.written, len(outcome.failed)) == (0, len(lines))


def test_a_missing_permission_is_raised_and_the_other_threads_stop() -> None:
    fake = FakeTable(always=Fault(Kind.DENIED))
    with pytest.raises(ClientError, match="AccessDenied"):
        Table(fake, "t", threads=1).write(lines_of(MANY), FakeClock().budget(20))
    assert len(fake.calls) == 1


def test_after_one_hopeless_call_no_other_is_made_or_repeated() -> None:
    fake, hopeless = FakeTable(always=Fault(Kind.DENIED)), threading.Event()
    writer, items = BulkWriter(fake, "t"), [to_item(MANY[0])]
    with pytest.raises(ClientError, match="AccessDenied"):
        writer._write_call(items, FakeClock().budget(20), hopeless)
    assert writer._write_call(items, FakeClock().budget(20), hopeless) == (items, 0)
    assert len(fake.calls) == 1


def test_calls_are_made_by_several_threads() -> None:
    meeting = threading.Barrier(4, timeout=10)

    class Meeting(FakeTable):
        def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
            meeting.wait()  # passes only when four calls are in flight at once
            return super().batch_execute_statement(**parameters)

    fake = Meeting()
    Table(fake, "t", threads=4).write(lines_of(MANY[: 4 * ITEMS_PER_CALL]), FakeClock().budget(20))
    assert len(fake.items) == 100


def test_no_lines_are_no_call() -> None:
    fake = FakeTable()
    assert Table(fake, "t").write([], FakeClock().budget(20)) == (0, 0, 0, [], 0)
    assert fake.calls == []


faults = st.lists(
    st.builds(
        Fault,
        st.sampled_from([Kind.NONE, Kind.PART, Kind.PART, Kind.THROTTLED, Kind.BROKEN, Kind.LOST_ANSWER]),
        st.integers(0, 2**16 - 1),
    ),
    max_size=10,
)
splits = st.lists(st.lists(st.sampled_from(MANY), max_size=12), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(splits, faults, st.floats(0, 3), st.integers(1, 8))
def test_kinesis_retries_from_the_reported_record_until_the_table_equals_the_stream(
    records: list[list[Transaction]], planned: list[Fault], seconds: float, threads: int
) -> None:
    fake = FakeTable(planned)
    table = Table(fake, "t", threads)
    lines = lines_of(*records)
    all_transactions = [line.transaction for line in lines]
    attempts = 0
    while True:
        outcome = table.write(lines, FakeClock(reading=0.001).budget(seconds if attempts < 3 else 60))
        stored = set(fake.items)
        if not outcome.failed:
            break
        lowest = int(respond(outcome.failed)["batchItemFailures"][0]["itemIdentifier"])
        # Everything before the reported record is stored: Kinesis will not send it again.
        assert {key_of(line.transaction) for line in lines if int(line.position.sequence_number) < lowest} <= stored
        lines = [line for line in lines if int(line.position.sequence_number) >= lowest]
        attempts += 1
        assert attempts < 20
    assert fake.items == expected(all_transactions)


def test_botocore_accepts_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function leaves botocore's validation out, for speed; so the shape is validated here, once and for all."""
    from botocore.validate import validate_parameters

    shape = boto3.client("dynamodb", region_name="us-east-1").meta.service_model.operation_model(
        "BatchExecuteStatement"
    )

    class Validating(FakeTable):
        def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
            validate_parameters(parameters, shape.input_shape)
            return super().batch_execute_statement(**parameters)

    outcome = Table(Validating(), "t").write(lines_of(MANY), FakeClock().budget(20))
    assert outcome.written == 120
