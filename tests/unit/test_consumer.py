"""A Kinesis event becomes lines in stream order, good and bad apart; a failure is the lowest sequence number."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sinks.consumer import Position, read_batch, respond
from shared.transaction.codec import encode_line
from tests.unit.fakes.events import FIRST_SEQUENCE_NUMBER, SHARD, kinesis_event
from tests.unit.fakes.rows import transaction

GOOD = [encode_line(transaction(number)) for number in range(3)]


def position(sequence_number: int) -> Position:
    return Position(SHARD, str(sequence_number), "00", datetime(2020, 6, 21, tzinfo=UTC))


def test_the_lines_of_all_records_are_in_stream_order_with_their_positions() -> None:
    batch = read_batch(kinesis_event([("07", GOOD[0] + GOOD[1]), ("09", GOOD[2])]))
    assert [line.transaction for line in batch.lines] == [transaction(0), transaction(1), transaction(2)]
    assert [line.position.partition_key for line in batch.lines] == ["07", "07", "09"]
    assert batch.unreadable == []
    assert batch.first == Position(
        SHARD, str(FIRST_SEQUENCE_NUMBER), "07", datetime(2020, 6, 21, 12, 14, 25, 250000, UTC)
    )
    assert batch.describe() == {
        "batch_id": batch.batch_id,
        "shard_id": SHARD,
        "sequence_range": f"{FIRST_SEQUENCE_NUMBER}-{FIRST_SEQUENCE_NUMBER + 1}",
        "records_in_batch": 2,
    }


def test_a_poison_line_is_set_apart_with_its_bytes_and_place_and_its_neighbors_are_read() -> None:
    batch = read_batch(kinesis_event([("07", GOOD[0] + b"\xff\x00poison\n" + GOOD[1]), ("09", b"")]))
    assert [line.transaction for line in batch.lines] == [transaction(0), transaction(1)]
    (poison, empty) = batch.unreadable
    assert (poison.number, poison.bad.data) == (1, b"\xff\x00poison")
    assert (empty.number, empty.bad.data) == (0, b"")
    assert empty.position == batch.last


@given(st.binary(max_size=300))
def test_no_bytes_on_the_stream_raise(data: bytes) -> None:
    batch = read_batch(kinesis_event([("07", data)]))
    assert batch.lines == []
    body = (data.removeprefix(b"\n") if len(data) > 1 else data).removesuffix(b"\n")
    assert b"\n".join(line.bad.data for line in batch.unreadable) == body


def test_an_event_that_is_not_of_kinesis_says_so() -> None:
    for event in ({}, {"Records": [{"s3": {}}]}, {"Records": None}):
        with pytest.raises(ValueError, match="not an event of Kinesis"):
            read_batch(event)


def test_a_batch_is_of_exactly_one_shard() -> None:
    mixed = kinesis_event([("07", GOOD[0])])
    mixed["Records"] += kinesis_event([("07", GOOD[1])], shard="shardId-000000000001")["Records"]
    for event in (mixed, {"Records": []}):
        with pytest.raises(ValueError, match="exactly one shard"):
            read_batch(event)


@given(st.lists(st.integers(0, 10**56 - 1), min_size=1))
def test_the_failure_reported_is_the_lowest_number_not_the_lowest_text(numbers: list[int]) -> None:
    answer = respond([position(number) for number in numbers])
    assert answer == {"batchItemFailures": [{"itemIdentifier": str(min(numbers))}]}


def test_without_a_failure_the_answer_is_an_empty_list() -> None:
    assert respond([]) == {"batchItemFailures": []}
