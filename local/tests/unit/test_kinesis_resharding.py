"""Splitting, merging and scaling a stream, as AWS documents them.

https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.kinesis import resharding, shards, streams
from local.kinesis.install import Kinesis
from local.kinesis.sequence import parse
from local.tests.unit.embedded_kinesis import RefusedByKinesisError, call, embedded_kinesis

NAME = "payments"
FIRST, SECOND, THIRD = (shards.shard_id(number) for number in range(3))
MIDDLE = str(2**127)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resharding, "RESHARD_SECONDS", 0.0)
    monkeypatch.setattr(streams, "_EXPIRE_EVERY_SECONDS", 0.0)


@pytest.fixture
def kinesis(tmp_path: Path) -> Iterator[Kinesis]:
    with embedded_kinesis(tmp_path) as embedded:
        call("_create_stream", StreamName=NAME, ShardCount=1)
        yield embedded


def put(text: str, key: str = "k", **where: str) -> dict[str, Any]:
    return call(
        "_put_record", StreamName=NAME, Data=base64.b64encode(text.encode()).decode(), PartitionKey=key, **where
    )


def iterator(shard_id: str, kind: str = "TRIM_HORIZON", **where: Any) -> str:
    asked = call("_get_shard_iterator", StreamName=NAME, ShardId=shard_id, ShardIteratorType=kind, **where)
    return str(asked["ShardIterator"])


def read(shard_id: str, kind: str = "TRIM_HORIZON", **where: Any) -> dict[str, Any]:
    return call("_get_records", ShardIterator=iterator(shard_id, kind, **where))


def texts(answer: dict[str, Any]) -> list[str]:
    return [base64.b64decode(record["Data"]).decode() for record in answer["Records"]]


def listed(**wanted: Any) -> list[str]:
    return [shard["ShardId"] for shard in call("_list_shards", StreamName=NAME, **wanted)["Shards"]]


def split() -> None:
    call("_split_shard", StreamName=NAME, ShardToSplit=FIRST, NewStartingHashKey=MIDDLE)


def refused(operation: str, **data: Any) -> str:
    with pytest.raises(RefusedByKinesisError) as error:
        call(operation, StreamName=NAME, **data)
    return error.value.code


@pytest.mark.usefixtures("kinesis")
def test_a_split_shard_keeps_its_records_and_ends_with_its_children() -> None:
    put("before")
    split()
    answer = read(FIRST)
    assert texts(answer) == ["before"]
    assert "NextShardIterator" not in answer
    assert answer["MillisBehindLatest"] == 0
    assert answer["ChildShards"] == [
        {
            "ShardId": SECOND,
            "ParentShards": [FIRST],
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)},
        },
        {
            "ShardId": THIRD,
            "ParentShards": [FIRST],
            "HashKeyRange": {"StartingHashKey": MIDDLE, "EndingHashKey": str(2**128 - 1)},
        },
    ]


@pytest.mark.usefixtures("kinesis")
def test_an_iterator_from_before_a_split_reads_the_parent_to_its_end() -> None:
    put("one")
    put("two")
    token = iterator(FIRST)
    split()
    page = call("_get_records", ShardIterator=token, Limit=1)
    assert texts(page) == ["one"]
    page = call("_get_records", ShardIterator=page["NextShardIterator"])
    assert texts(page) == ["two"]
    assert "NextShardIterator" not in page
    at_end = read(FIRST, "LATEST")
    assert at_end["Records"] == []
    assert "NextShardIterator" not in at_end


@pytest.mark.usefixtures("kinesis")
def test_records_go_to_the_children_by_their_hash_keys_with_higher_sequence_numbers() -> None:
    before = put("before")
    split()
    low, high = put("low", ExplicitHashKey="0"), put("high", ExplicitHashKey=str(2**128 - 1))
    assert (low["ShardId"], high["ShardId"]) == (SECOND, THIRD)
    assert int(before["SequenceNumber"]) < int(low["SequenceNumber"]) < int(high["SequenceNumber"])
    assert (texts(read(SECOND)), texts(read(THIRD)), texts(read(FIRST))) == (["low"], ["high"], ["before"])


@pytest.mark.usefixtures("kinesis")
def test_a_description_has_parents_and_ending_sequence_numbers_of_closed_shards_only() -> None:
    last = put("before")["SequenceNumber"]
    split()
    call("_merge_shards", StreamName=NAME, ShardToMerge=SECOND, AdjacentShardToMerge=THIRD)
    described = call("_describe_stream", StreamName=NAME)["StreamDescription"]["Shards"]
    parent, low, high, merged = described
    assert int(parent["SequenceNumberRange"]["EndingSequenceNumber"]) > int(last)
    assert (low["ParentShardId"], high["ParentShardId"]) == (FIRST, FIRST)
    assert "AdjacentParentShardId" not in low
    assert (merged["ParentShardId"], merged["AdjacentParentShardId"]) == (SECOND, THIRD)
    assert "EndingSequenceNumber" not in merged["SequenceNumberRange"]
    assert int(merged["SequenceNumberRange"]["StartingSequenceNumber"]) > int(
        high["SequenceNumberRange"]["EndingSequenceNumber"]
    )
    assert call("_describe_stream_summary", StreamName=NAME)["StreamDescriptionSummary"]["OpenShardCount"] == 1


@pytest.mark.usefixtures("kinesis")
def test_sequence_numbers_have_56_digits_and_no_leading_zero() -> None:
    number = put("x")["SequenceNumber"]
    assert len(number) == 56
    assert number[0] == "4"
    assert parse(number).shard == 0


@pytest.mark.usefixtures("kinesis")
def test_shard_filters() -> None:
    put("x")
    split()
    call("_split_shard", StreamName=NAME, ShardToSplit=SECOND, NewStartingHashKey=str(2**126))
    everything = [shards.shard_id(number) for number in range(5)]
    assert listed() == listed(ShardFilter={"Type": "FROM_TRIM_HORIZON"}) == everything
    assert listed(ShardFilter={"Type": "AT_LATEST"}) == everything[2:]
    assert listed(ShardFilter={"Type": "AT_TRIM_HORIZON"}) == [FIRST]
    assert listed(ShardFilter={"Type": "AFTER_SHARD_ID", "ShardId": THIRD}) == everything[3:]
    opened = call("_describe_stream", StreamName=NAME)["StreamDescription"]["StreamCreationTimestamp"]
    assert listed(ShardFilter={"Type": "FROM_TIMESTAMP", "Timestamp": opened}) == everything
    later = streams.now() / 1e6
    assert listed(ShardFilter={"Type": "AT_TIMESTAMP", "Timestamp": later}) == everything[2:]
    assert listed(ShardFilter={"Type": "FROM_TIMESTAMP", "Timestamp": later}) == everything[2:]
    assert refused("_list_shards", ShardFilter={"Type": "AFTER_SHARD_ID"}) == "InvalidArgumentException"
    assert refused("_list_shards", ShardFilter={"Type": "AT_TIMESTAMP"}) == "InvalidArgumentException"


@pytest.mark.usefixtures("kinesis")
def test_shards_are_listed_in_pages_that_keep_the_filter() -> None:
    split()
    page = call("_list_shards", StreamName=NAME, MaxResults=1, ShardFilter={"Type": "AT_LATEST"})
    assert [shard["ShardId"] for shard in page["Shards"]] == [SECOND]
    last = call("_list_shards", NextToken=page["NextToken"])
    assert [shard["ShardId"] for shard in last["Shards"]] == [THIRD]
    assert "NextToken" not in last


@pytest.mark.usefixtures("kinesis")
def test_what_aws_refuses() -> None:
    keys = {"StartingHashKey": "0"}
    assert refused("_split_shard", ShardToSplit="shardId-000000000009", NewStartingHashKey=MIDDLE) == (
        "ResourceNotFoundException"
    )
    for at in (keys["StartingHashKey"], "1", str(2**128 - 1), str(2**128)):
        assert refused("_split_shard", ShardToSplit=FIRST, NewStartingHashKey=at) == "InvalidArgumentException"
    split()
    assert refused("_split_shard", ShardToSplit=FIRST, NewStartingHashKey=MIDDLE) == "ResourceInUseException"
    call("_split_shard", StreamName=NAME, ShardToSplit=SECOND, NewStartingHashKey=str(2**126))
    assert refused("_merge_shards", ShardToMerge=shards.shard_id(3), AdjacentShardToMerge=THIRD) == (
        "InvalidArgumentException"
    )
    assert refused("_merge_shards", ShardToMerge=FIRST, AdjacentShardToMerge=THIRD) == "ResourceInUseException"


@pytest.mark.usefixtures("kinesis")
def test_a_stream_is_updating_for_a_moment_takes_records_and_refuses_another_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resharding, "RESHARD_SECONDS", 3600.0)
    split()
    assert call("_describe_stream", StreamName=NAME)["StreamDescription"]["StreamStatus"] == "UPDATING"
    assert put("meanwhile")["ShardId"] in (SECOND, THIRD)
    for operation, data in (
        ("_split_shard", {"ShardToSplit": SECOND, "NewStartingHashKey": str(2**126)}),
        ("_merge_shards", {"ShardToMerge": SECOND, "AdjacentShardToMerge": THIRD}),
        ("_update_shard_count", {"TargetShardCount": 4}),
    ):
        assert refused(operation, **data) == "ResourceInUseException"


@pytest.mark.usefixtures("kinesis")
def test_scaling_gives_equal_shards_and_throws_nothing_away() -> None:
    for number in range(20):
        put(f"row {number}", key=str(number))
    answer = call("_update_shard_count", StreamName=NAME, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (1, 2)
    call("_update_shard_count", StreamName=NAME, TargetShardCount=3)
    found = call("_list_shards", StreamName=NAME, ShardFilter={"Type": "AT_LATEST"})["Shards"]
    starts = sorted(int(shard["HashKeyRange"]["StartingHashKey"]) for shard in found)
    assert starts == shards.boundaries(3)
    assert sorted(texts(read(FIRST))) == sorted(f"row {number}" for number in range(20))


@pytest.mark.usefixtures("kinesis")
def test_scaling_keeps_to_awss_quotas() -> None:
    assert refused("_update_shard_count", TargetShardCount=3) == "InvalidArgumentException"
    call("_update_shard_count", StreamName=NAME, TargetShardCount=2)
    call("_update_shard_count", StreamName=NAME, TargetShardCount=4)
    assert refused("_update_shard_count", TargetShardCount=1) == "InvalidArgumentException"
    for count in (3, 4, 3, 4, 3, 4, 3, 4):
        call("_update_shard_count", StreamName=NAME, TargetShardCount=count)
    assert refused("_update_shard_count", TargetShardCount=3) == "LimitExceededException"


@pytest.mark.usefixtures("kinesis")
def test_a_stream_on_demand_has_four_shards_and_no_manual_scaling() -> None:
    call("_create_stream", StreamName="on-demand", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    summary = call("_describe_stream_summary", StreamName="on-demand")["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 4
    for operation in ("_split_shard", "_merge_shards", "_update_shard_count"):
        with pytest.raises(RefusedByKinesisError) as error:
            call(operation, StreamName="on-demand", TargetShardCount=8)
        assert error.value.code == "ValidationException"


@pytest.mark.usefixtures("kinesis")
def test_a_closed_shard_is_gone_once_its_retention_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    put("old")
    split()
    put("new", ExplicitHashKey="0")
    real = streams.now()
    monkeypatch.setattr(streams.Streams, "cutoff", lambda self, stream: real)
    assert listed() == [SECOND, THIRD]
    assert read(SECOND)["Records"] == []
    assert refused("_get_shard_iterator", ShardId=FIRST, ShardIteratorType="TRIM_HORIZON") == (
        "ResourceNotFoundException"
    )


counts = st.lists(st.integers(1, 12), min_size=1, max_size=6)


@settings(max_examples=50, deadline=None)
@given(counts)
def test_open_shards_always_cover_each_hash_key_once_and_children_what_their_parents_had(scaling: list[int]) -> None:
    of = shards.new_shards(2)
    for step, count in enumerate(scaling):
        shards.scale(of, count, streams.now() + step)
        ranges = [shards.hash_range(shard) for _, shard in shards.open_shards(of)]
        assert [one.start for one in ranges] == shards.boundaries(count)
        assert [one.stop for one in ranges] == [*shards.boundaries(count)[1:], shards.HASH_KEYS]
    for name, shard in of.items():
        born = shards.children(of, name)
        assert bool(born) != shards.is_open(shard)
        for _, child in born:
            assert int(child["starting_sequence_number"]) > int(shard["ending_sequence_number"])
