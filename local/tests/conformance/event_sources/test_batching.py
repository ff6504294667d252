"""Batch size, batching window, payload limit and order, as Lambda's guide describes them for Kinesis."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.event_sources.event import PAYLOAD_LIMIT_BYTES, build_event, record_bytes, room_for_records
from local.event_sources.lane import Invoke
from local.event_sources.model import Rules
from local.event_sources.shard import Shard
from local.kinesis_reader import Record
from local.tests.conformance.event_sources.simulation import START, drive, numbers, records, succeeds

STREAM = "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream"
ROLE = "arn:aws:iam::123456789012:role/lambda-role"
SHARD = "shardId-000000000006"


def shard(rules: Rules) -> Shard:
    return Shard(rules, size_of=lambda record: len(record.data), room=1_000_000)


def test_the_event_is_the_documented_one() -> None:
    record = Record(
        "49590338271490256608559692538361571095921575989136588898", "1", b"Hello, this is a test.", 1545084650.987
    )
    assert json.loads(build_event([record], SHARD, STREAM, ROLE)) == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "1",
                    "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
                    "data": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
                    "approximateArrivalTimestamp": 1545084650.987,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": ROLE,
                "awsRegion": "us-east-2",
                "eventSourceARN": STREAM,
            }
        ]
    }


@given(
    st.lists(
        st.builds(
            Record,
            st.integers(1, 10**56).map(str),
            st.text(min_size=1, max_size=20),
            st.binary(max_size=50),
            st.floats(1e9, 2e9).map(lambda t: round(t, 3)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_the_size_of_an_event_is_known_before_it_is_built(batch: list[Record]) -> None:
    event = build_event(batch, SHARD, STREAM, ROLE)
    taken = sum(record_bytes(record, SHARD, STREAM, ROLE) for record in batch)
    assert len(event) == PAYLOAD_LIMIT_BYTES - room_for_records() + taken - 1


def test_a_batch_stays_below_the_payload_limit_with_base64_counted() -> None:
    stream = records(20, size=1_000_000)
    run = drive(
        stream,
        Rules(batch_size=1000),
        lambda batch, now: (
            succeeds(batch, now) if len(build_event(batch, SHARD, STREAM, ROLE)) <= PAYLOAD_LIMIT_BYTES else 1 / 0
        ),
        size_of=lambda record: record_bytes(record, SHARD, STREAM, ROLE),
        room=room_for_records(),
    )
    assert [len(batch) for batch in run.invoked] == [4, 4, 4, 4, 4]
    assert run.succeeded == list(range(20))


def test_a_record_that_is_alone_over_the_limit_is_still_handed_over() -> None:
    run = drive(records(3, size=100), Rules(), succeeds, room=50)
    assert run.invoked == [[0], [1], [2]]


def test_without_a_window_what_is_there_is_invoked_at_once() -> None:
    state = shard(Rules(batch_size=100))
    state.feed(records(3), START)
    (action,) = state.actions(START)
    assert numbers(action.records) == [0, 1, 2]


def test_a_window_gathers_records_until_it_is_over() -> None:
    state = shard(Rules(batch_size=100, window_seconds=5))
    state.feed(records(3)[:2], START)
    assert state.actions(START + 4.9) == []
    assert state.due(START + 1) == START + 5
    state.feed(records(3)[2:], START + 4.9)
    (action,) = state.actions(START + 5)
    assert numbers(action.records) == [0, 1, 2]


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    state = shard(Rules(batch_size=2, window_seconds=300))
    state.feed(records(3), START)
    (action,) = state.actions(START)
    assert numbers(action.records) == [0, 1]
    state.report(action.lane, succeeds(action.records, START), START)
    assert state.actions(START) == []


def test_a_full_payload_does_not_wait_for_its_window() -> None:
    state = Shard(Rules(batch_size=100, window_seconds=300), size_of=lambda record: len(record.data), room=25)
    state.feed(records(3, size=10), START)
    (action,) = state.actions(START)
    assert numbers(action.records) == [0, 1]


def test_one_batch_of_a_shard_is_processed_at_a_time() -> None:
    state = shard(Rules(batch_size=2))
    state.feed(records(6, keys=3), START)
    assert len(state.actions(START)) == 1
    assert state.actions(START) == []


def test_with_a_parallelization_factor_batches_run_beside_each_other_and_a_key_stays_in_one() -> None:
    state = shard(Rules(batch_size=10, parallelization=4))
    state.feed(records(400, keys=40), START)
    actions = state.actions(START)
    assert len(actions) == 4
    keys = [{record.partition_key for record in action.records} for action in actions]
    assert all(not a & b for i, a in enumerate(keys) for b in keys[i + 1 :])


def test_the_checkpoint_waits_for_the_slowest_of_the_parallel_batches() -> None:
    state = shard(Rules(batch_size=10, parallelization=2))
    state.feed(records(40, keys=20), START)
    first, second = sorted(state.actions(START), key=lambda action: action.records[0].sequence_number)
    assert isinstance(second, Invoke)
    assert not state.report(second.lane, succeeds(second.records, START), START)
    assert state.checkpoint is None
    assert state.report(first.lane, succeeds(first.records, START), START)
    assert state.checkpoint is not None


@pytest.mark.parametrize("size", [1_000, 1_000_000])
def test_reading_ahead_is_bounded(size: int) -> None:
    state = shard(Rules(batch_size=100))
    fed = 0
    for record in records(1000, size=size):
        if not state.wants_records:
            break
        state.feed([record], START)
        fed += 1
    assert fed <= 200
    assert fed * size <= 13_000_000
