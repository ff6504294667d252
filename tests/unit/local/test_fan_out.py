"""Consumers with enhanced fan-out on the embedded Kinesis: registering them, and what SubscribeToShard pushes."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from local.kinesis import consumers, subscriptions
from local.kinesis.install import Kinesis
from local.shard_limits import READ_BYTES, Bucket
from local.tests.unit.embedded_kinesis import RefusedByKinesisError, call, embedded_kinesis
from tests.unit.fakes.clock import FakeClock

STREAM = "fan-out"
SHARD = "shardId-000000000000"
ARN = f"arn:aws:kinesis:us-east-1:000000000000:stream/{STREAM}"
Events = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def kinesis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kinesis]:
    monkeypatch.setattr(consumers, "CREATING_SECONDS", 0.0)
    monkeypatch.setattr(subscriptions, "TAKEOVER_SECONDS", 0.0)
    monkeypatch.setattr(subscriptions, "LOOK_SECONDS", 0.01)
    with embedded_kinesis(tmp_path) as embedded:
        call("_create_stream", StreamName=STREAM, ShardCount=1)
        yield embedded


def registered(name: str = "c") -> str:
    return str(call("_register_consumer", StreamARN=ARN, ConsumerName=name)["Consumer"]["ConsumerARN"])


def put(*data: bytes) -> list[str]:
    records = [{"Data": base64.b64encode(one).decode(), "PartitionKey": "k"} for one in data]
    return [one["SequenceNumber"] for one in call("_put_records", StreamName=STREAM, Records=records)["Records"]]


def refused(operation: str, **data: Any) -> str:
    with pytest.raises(RefusedByKinesisError) as found:
        call(operation, **data)
    return found.value.code


def subscribe(arn: str, most: int = 1, during: Any = None, **starting: Any) -> Events:
    """The events of a subscription that is left after `most` of them; `during` is called after the first."""
    from ministack.services import kinesis

    asked = {"ConsumerARN": arn, "ShardId": SHARD, "StartingPosition": starting or {"Type": "TRIM_HORIZON"}}
    status, _, body = kinesis._subscribe_to_shard(asked, False)
    if status != 200:
        answer = json.loads(body)
        raise RefusedByKinesisError(answer["__type"], answer["message"])
    found: Events = []
    buffer = EventStreamBuffer()

    async def run() -> None:
        left = asyncio.Event()

        async def send(message: dict[str, Any]) -> None:
            buffer.add_data(message["body"])
            for event in buffer:
                parsed = event.to_response_dict()
                kind = parsed["headers"].get(":event-type") or parsed["headers"][":exception-type"]
                if kind != "initial-response":
                    found.append((kind, json.loads(parsed["body"])))
                    if during is not None and len(found) == 1:
                        during()
                if len(found) >= most:
                    left.set()

        async def receive() -> dict[str, Any]:
            await left.wait()
            return {"type": "http.disconnect"}

        await asyncio.wait_for(body.runner(send, receive), 10)

    asyncio.run(run())
    return found


def texts(event: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(record["Data"]) for record in event["Records"]]


def test_a_consumer_is_described_and_listed_by_name_until_it_is_deregistered(kinesis: Kinesis) -> None:
    arn = registered("a")
    registered("b")
    assert arn.startswith(f"{ARN}/consumer/a:")
    described = call("_describe_stream_consumer", ConsumerARN=arn)["ConsumerDescription"]
    assert (described["ConsumerName"], described["ConsumerStatus"], described["StreamARN"]) == ("a", "ACTIVE", ARN)
    assert call("_describe_stream_consumer", StreamARN=ARN, ConsumerName="a")["ConsumerDescription"] == described
    first = call("_list_consumers", StreamARN=ARN, MaxResults=1)
    rest = call("_list_consumers", StreamARN=ARN, NextToken=first["NextToken"])
    assert [one["ConsumerName"] for one in first["Consumers"] + rest["Consumers"]] == ["a", "b"]
    assert "NextToken" not in rest
    summary = call("_describe_stream_summary", StreamName=STREAM)["StreamDescriptionSummary"]
    assert summary["ConsumerCount"] == 2
    call("_deregister_consumer", StreamARN=ARN, ConsumerName="a")
    assert refused("_describe_stream_consumer", ConsumerARN=arn) == "ResourceNotFoundException"


def test_a_new_consumer_is_being_created_for_a_moment_and_cannot_subscribe(
    kinesis: Kinesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CREATING_SECONDS", 60.0)
    made = call("_register_consumer", StreamARN=ARN, ConsumerName="c")["Consumer"]
    assert made["ConsumerStatus"] == "CREATING"
    with pytest.raises(RefusedByKinesisError, match="ResourceInUseException"):
        subscribe(made["ConsumerARN"])
    for number in range(4):
        call("_register_consumer", StreamARN=ARN, ConsumerName=f"c{number}")
    assert refused("_register_consumer", StreamARN=ARN, ConsumerName="sixth") == "LimitExceededException"


@pytest.mark.parametrize("name", ["", "a b", "x" * 129, None])
def test_a_name_that_kinesis_does_not_take_is_refused(kinesis: Kinesis, name: Any) -> None:
    assert refused("_register_consumer", StreamARN=ARN, ConsumerName=name) == "ValidationException"


def test_names_are_unique_and_a_stream_has_twenty_at_most(kinesis: Kinesis) -> None:
    for number in range(20):
        registered(f"c{number}")
    assert refused("_register_consumer", StreamARN=ARN, ConsumerName="c0") == "ResourceInUseException"
    assert refused("_register_consumer", StreamARN=ARN, ConsumerName="more") == "LimitExceededException"


def test_a_stream_with_consumers_is_deleted_only_if_that_is_asked_for(kinesis: Kinesis) -> None:
    arn = registered()
    assert refused("_delete_stream", StreamName=STREAM) == "ResourceInUseException"
    call("_delete_stream", StreamName=STREAM, EnforceConsumerDeletion=True)
    assert refused("_describe_stream_consumer", ConsumerARN=arn) == "ResourceNotFoundException"


def test_a_consumer_outlives_a_kill(tmp_path: Path) -> None:
    with embedded_kinesis(tmp_path):
        call("_create_stream", StreamName=STREAM, ShardCount=1)
        arn = registered()
    with embedded_kinesis(tmp_path):
        assert call("_describe_stream_consumer", ConsumerARN=arn)["ConsumerDescription"]["ConsumerName"] == "c"


def test_records_are_pushed_in_order_those_that_come_later_too(kinesis: Kinesis) -> None:
    numbers = put(b"1", b"2")
    events = subscribe(registered(), 2, during=lambda: numbers.extend(put(b"3")))
    assert [texts(event) for _, event in events] == [[b"1", b"2"], [b"3"]]
    assert [r["SequenceNumber"] for _, event in events for r in event["Records"]] == numbers
    assert [event["ContinuationSequenceNumber"] for _, event in events] == [numbers[1], numbers[2]]


def test_a_subscription_begins_where_it_asks_to(kinesis: Kinesis) -> None:
    one, two, _ = put(b"1", b"2", b"3")
    arn = registered()
    ((_, event),) = subscribe(arn, Type="AFTER_SEQUENCE_NUMBER", SequenceNumber=one)
    assert texts(event) == [b"2", b"3"]
    ((_, event),) = subscribe(arn, Type="AT_SEQUENCE_NUMBER", SequenceNumber=two)
    assert texts(event) == [b"2", b"3"]
    events = subscribe(arn, 2, during=lambda: put(b"4"), Type="LATEST")
    assert [texts(event) for _, event in events] == [[], [b"4"]]  # the first comes at once, records or not
    # The continuation of an empty event is taken by the next subscription.
    again = events[0][1]["ContinuationSequenceNumber"]
    ((_, event),) = subscribe(arn, Type="AFTER_SEQUENCE_NUMBER", SequenceNumber=again)
    assert texts(event) == [b"4"]


def test_the_end_of_a_closed_shard_names_its_children_and_no_continuation(kinesis: Kinesis) -> None:
    put(b"1")
    call("_split_shard", StreamName=STREAM, ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
    ((_, event),) = subscribe(registered(), most=99)
    assert texts(event) == [b"1"]
    assert event["ContinuationSequenceNumber"] is None
    assert [one["ParentShards"] for one in event["ChildShards"]] == [[SHARD], [SHARD]]


def test_a_second_subscription_is_refused_within_five_seconds_and_takes_over_later(
    kinesis: Kinesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = registered()
    events = subscribe(arn, 2, during=lambda: _take_over(arn))
    assert events[-1][0] == "ResourceInUseException"
    monkeypatch.setattr(subscriptions, "TAKEOVER_SECONDS", 5.0)
    with pytest.raises(RefusedByKinesisError, match="ResourceInUseException"):
        subscribe(arn)


def _take_over(arn: str) -> None:
    from ministack.services import kinesis

    asked = {"ConsumerARN": arn, "ShardId": SHARD, "StartingPosition": {"Type": "LATEST"}}
    assert kinesis._subscribe_to_shard(asked, False)[0] == 200


def test_a_subscription_ends_with_its_consumer(kinesis: Kinesis) -> None:
    arn = registered()
    events = subscribe(arn, 2, during=lambda: call("_deregister_consumer", ConsumerARN=arn))
    assert events[-1][0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ShardId": "shardId-000000000009"}, "ResourceNotFoundException"),
        ({"ConsumerARN": f"{ARN}/consumer/nobody:1"}, "ResourceNotFoundException"),
        ({"StartingPosition": {"Type": "SOMEWHERE"}}, "InvalidArgumentException"),
        ({"StartingPosition": {"Type": "AT_SEQUENCE_NUMBER"}}, "InvalidArgumentException"),
        ({"StartingPosition": {"Type": "AT_TIMESTAMP"}}, "InvalidArgumentException"),
        ({"StartingPosition": {}}, "InvalidArgumentException"),
    ],
)
def test_what_cannot_be_subscribed_to_is_refused_before_the_first_event(
    kinesis: Kinesis, changed: dict[str, Any], code: str
) -> None:
    from ministack.services import kinesis as service

    asked = {"ConsumerARN": registered(), "ShardId": SHARD, "StartingPosition": {"Type": "LATEST"}} | changed
    status, _, body = service._subscribe_to_shard(asked, False)
    assert status == 400
    assert code in str(body)


def test_what_is_pushed_is_paced_to_each_consumers_own_bytes_a_second(kinesis: Kinesis) -> None:
    """Two consumers read a second's worth each at once; the third event of either waits for its own bucket."""
    clock = FakeClock()
    buckets = {name: Bucket(READ_BYTES, clock) for name in ("a", "b")}
    arns = {name: registered(name) for name in buckets}
    names = {arn: name for name, arn in arns.items()}
    kinesis.subscriptions.pace_of = lambda arn, shard_id: buckets[names[arn]]
    for _ in range(4):
        put(*[b"x" * 1_000_000])
    for name, arn in arns.items():
        events = subscribe(arn, 3)
        assert sum(len(text) for _, event in events for text in texts(event)) == 3_000_000
        assert not buckets[name].has(0), "a fourth would wait"
