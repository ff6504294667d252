"""What PutRecords refuses is retried, alone, in order, with a limit; the rest is stored once."""

from __future__ import annotations

from collections import Counter

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.stream.records import StreamRecord
from shared.stream.writer import Stream, _calls
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.kinesis import FakeKinesis

THROTTLED = Fault(Kind.THROTTLED)


def partitions_of(*sizes: int) -> list[list[StreamRecord]]:
    """A number of records per partition; each holds one row, numbered."""
    row = 0
    made: list[list[StreamRecord]] = []
    for partition, size in enumerate(sizes):
        made.append([])
        for _ in range(size):
            made[-1].append(StreamRecord(f"{partition:02d}", f"{partition}/{row}\n".encode(), (row,)))
            row += 1
    return made


def test_all_partitions_go_in_one_call() -> None:
    kinesis = FakeKinesis()
    outcome = Stream(kinesis, "stream").put(partitions_of(1, 1, 1), FakeClock().budget(8))
    assert kinesis.calls == [3]
    assert outcome[:3] == (3, 0, [])


def test_only_the_refused_records_are_put_again() -> None:
    kinesis = FakeKinesis([Fault(Kind.PART, 0b0101)])
    outcome = Stream(kinesis, "stream").put(partitions_of(1, 1, 1, 1), FakeClock().budget(8))
    assert kinesis.calls == [4, 2]
    assert outcome[:3] == (4, 2, [])
    assert all(len(stored) == 1 for stored in kinesis.stored.values())


def test_a_later_record_of_a_partition_waits_for_the_earlier_one() -> None:
    kinesis = FakeKinesis([Fault(Kind.PART, 0b01), Fault(Kind.PART, 0b01)])
    partitions = partitions_of(3, 2)
    outcome = Stream(kinesis, "stream").put(partitions, FakeClock().budget(8))
    assert outcome.unstored_rows == []
    assert kinesis.stored["00"] == [record.data for record in partitions[0]]
    assert kinesis.stored["01"] == [record.data for record in partitions[1]]


def test_a_throttled_call_is_repeated_after_a_wait() -> None:
    kinesis, clock = FakeKinesis([THROTTLED, Fault(Kind.BROKEN), Fault(Kind.TIMED_OUT)]), FakeClock()
    outcome = Stream(kinesis, "stream").put(partitions_of(1, 1), clock.budget(8))
    assert outcome[:3] == (2, 6, [])
    assert clock.sleeps == [0.05, 0.1, 0.2]


def test_rows_that_are_refused_until_the_budget_is_spent_are_named() -> None:
    kinesis, clock = FakeKinesis([Fault(Kind.PART, 0b10)], always=Fault(Kind.PART, 0b1)), FakeClock()
    outcome = Stream(kinesis, "stream").put(partitions_of(1, 2, 1), clock.budget(8))
    assert outcome.unstored_rows == [1, 2]
    assert sum(clock.sleeps) <= 8
    assert set(kinesis.stored) == {"00", "02"}


def test_a_refusal_that_no_retry_fixes_is_raised_at_once() -> None:
    clock = FakeClock()
    with pytest.raises(ClientError, match="AccessDenied"):
        Stream(FakeKinesis(always=Fault(Kind.DENIED)), "stream").put(partitions_of(1), clock.budget(8))
    assert clock.sleeps == []


def test_a_lost_answer_costs_a_duplicate_never_a_loss() -> None:
    kinesis = FakeKinesis([Fault(Kind.LOST_ANSWER)])
    outcome = Stream(kinesis, "stream").put(partitions_of(1), FakeClock().budget(8))
    assert outcome.unstored_rows == []
    assert kinesis.stored["00"] == [b"0/0\n"] * 2


def test_calls_keep_to_the_limits_of_put_records() -> None:
    many = [StreamRecord("00", b"x", (row,)) for row in range(1001)]
    assert [len(call) for call in _calls(many)] == [500, 500, 1]
    large = [StreamRecord("00", b"x" * 1_000_000, (row,)) for row in range(12)]
    assert [len(call) for call in _calls(large)] == [5, 5, 2]


faults = st.lists(
    st.builds(
        Fault,
        st.sampled_from([Kind.NONE, Kind.PART, Kind.THROTTLED, Kind.BROKEN, Kind.TIMED_OUT, Kind.LOST_ANSWER]),
        st.integers(0, 2**16 - 1),
    ),
    max_size=12,
)


@settings(max_examples=200)
@given(faults, st.lists(st.integers(1, 4), min_size=1, max_size=20), st.floats(0, 10))
def test_under_any_faults_a_row_is_stored_or_named_and_order_holds(
    planned: list[Fault], sizes: list[int], seconds: float
) -> None:
    kinesis, clock = FakeKinesis(planned), FakeClock(reading=0.01)
    partitions = partitions_of(*sizes)
    outcome = Stream(kinesis, "stream").put(partitions, clock.budget(seconds))

    ambiguous = any(fault.kind is Kind.LOST_ANSWER for fault in planned)
    unstored = set(outcome.unstored_rows)
    for records in partitions:
        stored = kinesis.stored.get(records[0].partition_key, [])
        first_seen = list(dict.fromkeys(stored))
        acknowledged = [record.data for record in records if record.rows[0] not in unstored]
        # Acknowledged rows are stored; they are a prefix of the partition; nothing is ever out of order.
        assert acknowledged == first_seen[: len(acknowledged)]
        assert first_seen == [record.data for record in records][: len(first_seen)]
        if not ambiguous:
            assert first_seen == acknowledged
            assert all(count == 1 for count in Counter(stored).values())
