"""Enhanced fan-out over a real emulator: boto3's subscription, and event source mappings of a consumer."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.emulator import Emulator, wait_until

DESCRIBE = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:ListShards"]
SUBSCRIBE = ["kinesis:SubscribeToShard"]


def registered(emulator: Emulator, stream_arn: str, name: str) -> str:
    """A consumer that is active; gives its ARN."""
    kinesis = emulator.client("kinesis")
    arn = str(kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName=name)["Consumer"]["ConsumerARN"])
    wait_until(
        lambda: kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE",
        "the consumer is active",
    )
    return arn


def test_boto3_gets_what_is_put_before_and_while_it_is_subscribed(emulator: Emulator) -> None:
    stream = emulator.stream("fan-out-boto3")
    arn = registered(emulator, stream, "boto3")
    emulator.put(stream, b"before")
    answer = emulator.client("kinesis").subscribe_to_shard(
        ConsumerARN=arn, ShardId="shardId-000000000000", StartingPosition={"Type": "TRIM_HORIZON"}
    )
    events = answer["EventStream"]
    (first,) = islice(events, 1)
    assert [record["Data"] for record in first["SubscribeToShardEvent"]["Records"]] == [b"before"]
    emulator.put(stream, b"while")
    (second,) = islice(events, 1)
    assert [record["Data"] for record in second["SubscribeToShardEvent"]["Records"]] == [b"while"]
    events.close()


def test_cloudformation_makes_replaces_and_removes_a_consumer(emulator: Emulator) -> None:
    stream = emulator.stream("fan-out-cloudformation")
    cloudformation, kinesis = emulator.client("cloudformation"), emulator.client("kinesis")

    def template(name: str) -> str:
        properties = f'{{"ConsumerName": "{name}", "StreamARN": "{stream}"}}'
        return (
            f'{{"Resources": {{"C": {{"Type": "AWS::Kinesis::StreamConsumer", "Properties": {properties}}}}},'
            ' "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["C", "ConsumerARN"]}}, "Ref": {"Value": {"Ref": "C"}}}}'
        )

    def described() -> dict[str, Any]:
        return dict(cloudformation.describe_stacks(StackName="fan-out")["Stacks"][0])

    def consumers() -> list[str]:
        return [one["ConsumerName"] for one in kinesis.list_stream_consumers(StreamARN=stream)["Consumers"]]

    cloudformation.create_stack(StackName="fan-out", TemplateBody=template("one"))
    wait_until(lambda: described()["StackStatus"] == "CREATE_COMPLETE", "the stack is created")
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described()["Outputs"]}
    assert outputs["Arn"] == outputs["Ref"]
    assert outputs["Arn"].startswith(f"{stream}/consumer/one:")
    cloudformation.update_stack(StackName="fan-out", TemplateBody=template("two"))
    wait_until(lambda: described()["StackStatus"] == "UPDATE_COMPLETE", "the stack is updated")
    assert consumers() == ["two"]
    cloudformation.delete_stack(StackName="fan-out")
    wait_until(lambda: consumers() == [], "the consumer is removed")


def test_a_mapping_of_a_consumer_needs_no_permission_to_get_records(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    stream = emulator.stream("fan-out-mapped")
    arn = registered(emulator, stream, "mapped")
    mapped = consumer(stream=stream, source=arn, allowed=False, BatchSize=10)
    emulator.grant(mapped.role, "describe", DESCRIBE, stream)
    emulator.grant(mapped.role, "subscribe", SUBSCRIBE, arn)
    emulator.put(stream, *(b"before-%03d" % number for number in range(50)))
    poller()
    wait_until(lambda: len(mapped.done()) == 50, "the records from before are done")
    emulator.put(stream, b"after", b"report")
    wait_until(lambda: len(mapped.given_up()) == 1, "the reported record is given up")
    assert mapped.done() == [f"before-{number:03d}" for number in range(50)] + ["after"]
    assert mapped.given_up()[0]["KinesisBatchInfo"]["streamArn"] == stream


def test_the_permission_is_asked_of_the_consumer_and_not_of_its_stream(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    stream = emulator.stream("fan-out-permission")
    arn = registered(emulator, stream, "permission")
    mapped = consumer(stream=stream, source=arn, allowed=False)
    emulator.grant(mapped.role, "describe", [*DESCRIBE, *SUBSCRIBE], stream)
    emulator.put(stream, b"a")
    poller()
    log = emulator.settings.home / "local.event_sources.log"
    wait_until(
        lambda: f"{mapped.name}/shardId-000000000000: read failed" in log.read_text(), "the poller may not subscribe"
    )
    assert mapped.done() == []
    emulator.grant(mapped.role, "subscribe", SUBSCRIBE, arn)
    wait_until(lambda: mapped.done() == ["a"], "the record is done")


def test_splits_and_merges_lose_nothing_and_keep_the_order_of_each_key(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    stream = emulator.stream("fan-out-resharded")
    arn = registered(emulator, stream, "resharded")
    mapped = consumer(stream=stream, source=arn, allowed=False, BatchSize=10)
    emulator.grant(mapped.role, "describe", DESCRIBE, stream)
    emulator.grant(mapped.role, "subscribe", SUBSCRIBE, arn)
    poller()
    keys = [f"card-{number}" for number in range(4)]
    for number, change in enumerate(["split", "merge", ""]):
        for key in keys:
            emulator.put(stream, *(b"%s %d" % (key.encode(), 10 * number + at) for at in range(10)), key=key)
        if change:
            emulator.reshard(stream, change)
    wait_until(lambda: len(mapped.done()) >= 30 * len(keys), "all records are processed", 60)
    done = mapped.done()
    for key in keys:
        assert [one for one in done if one.startswith(f"{key} ")] == [f"{key} {at}" for at in range(30)]


def test_a_poller_that_was_killed_continues_behind_its_checkpoint(emulator, consumer, poller) -> None:  # type: ignore[no-untyped-def]
    stream = emulator.stream("fan-out-killed")
    arn = registered(emulator, stream, "killed")
    mapped = consumer(stream=stream, source=arn, allowed=False, BatchSize=10, pause=0.1)
    emulator.grant(mapped.role, "describe", DESCRIBE, stream)
    emulator.grant(mapped.role, "subscribe", SUBSCRIBE, arn)
    emulator.put(stream, *(b"%04d" % number for number in range(300)))
    process = poller()
    wait_until(lambda: len(mapped.done()) >= 50, "some records are done")
    process.kill()
    process.wait()
    poller()
    wait_until(lambda: len(set(mapped.done())) == 300, "every record is done")
    assert len(mapped.done()) - 300 <= 20  # what was running when it was killed


def test_a_mapping_of_a_consumer_that_is_not_there_is_refused(emulator, consumer) -> None:  # type: ignore[no-untyped-def]
    stream = emulator.stream("fan-out-nobody")
    with pytest.raises(ClientError, match=r"InvalidParameterValueException.*not found"):
        consumer(stream=stream, source=f"{stream}/consumer/nobody:1")


def test_a_consumer_that_is_gone_is_named_by_the_api(emulator: Emulator) -> None:
    stream = emulator.stream("fan-out-gone")
    arn = registered(emulator, stream, "gone")
    kinesis = emulator.client("kinesis")
    kinesis.deregister_stream_consumer(ConsumerARN=arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId="shardId-000000000000", StartingPosition={"Type": "LATEST"})
