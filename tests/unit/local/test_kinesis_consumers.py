"""However a stream is split, merged and scaled: a delivery reads each record once, and a key's records in order."""

from __future__ import annotations

import base64
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local.firehose.metrics import DeliveryMetrics
from local.firehose.stager import Stager
from local.firehose.store import Store
from local.kinesis import resharding
from local.tests.unit.embedded_kinesis import RefusedByKinesisError, call, embedded_kinesis
from tests.property.delivery_world import _delivery_stream, _NoMetrics
from tests.unit.fakes.shapes import obeys

NAME = "s"


@obeys("kinesis")
class Client:
    """boto3's client, as far as the stager uses it, on the embedded Kinesis in this process."""

    def role(self, service: str, role_arn: str) -> Client:
        return self

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        answer = call("_describe_stream", StreamName=NAME)
        answer["StreamDescription"]["StreamCreationTimestamp"] = datetime.now(UTC)
        return answer

    def get_shard_iterator(self, StreamARN: str, **where: Any) -> dict[str, Any]:
        return call("_get_shard_iterator", StreamName=NAME, **where)

    def get_records(self, StreamARN: str, ShardIterator: str, Limit: int) -> dict[str, Any]:
        answer = call("_get_records", ShardIterator=ShardIterator, Limit=min(Limit, 1))
        for record in answer["Records"]:
            record["Data"] = base64.b64decode(record["Data"])
            record["ApproximateArrivalTimestamp"] = datetime.fromtimestamp(record["ApproximateArrivalTimestamp"], UTC)
        return answer


def change(kind: str, draw: int) -> None:
    """Change the stream's shards, where AWS allows it."""
    found = call("_list_shards", StreamName=NAME, ShardFilter={"Type": "AT_LATEST"})["Shards"]
    ranges = sorted((int(one["HashKeyRange"]["StartingHashKey"]), one) for one in found)
    start, shard = ranges[draw % len(ranges)]
    try:
        if kind == "split":
            middle = (start + int(shard["HashKeyRange"]["EndingHashKey"])) // 2
            call("_split_shard", StreamName=NAME, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle))
        elif kind == "merge":
            other = ranges[(draw + 1) % len(ranges)][1]["ShardId"]
            call("_merge_shards", StreamName=NAME, ShardToMerge=shard["ShardId"], AdjacentShardToMerge=other)
        else:
            call("_update_shard_count", StreamName=NAME, TargetShardCount=1 + draw % 5)
    except RefusedByKinesisError as error:
        if error.code not in ("InvalidArgumentException", "LimitExceededException"):
            raise


steps = st.lists(
    st.tuples(st.sampled_from(["put", "put", "put", "read", "split", "merge", "scale", "restart"]), st.integers(0, 99)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_each_record_is_read_once_and_a_keys_records_in_order(made: list[tuple[str, int]]) -> None:
    settled, resharding.RESHARD_SECONDS = resharding.RESHARD_SECONDS, 0.0
    folder = Path(tempfile.mkdtemp())
    try:
        with embedded_kinesis(folder):
            call("_create_stream", StreamName=NAME, ShardCount=1)
            check(made, folder)
    finally:
        resharding.RESHARD_SECONDS = settled


def check(made: list[tuple[str, int]], folder: Path) -> None:
    store, client = Store(folder / "firehose.sqlite"), Client()
    settings_: Any = _delivery_stream(1_000_000)
    anything: Any = client
    found: list[str] = []

    def started() -> Stager:
        no_metrics: Any = _NoMetrics()
        return Stager(anything, store, settings_, threading.Event(), DeliveryMetrics(no_metrics, "d"))

    def read(stager: Stager) -> bool:
        stager._next_look = 0.0
        stager._look_at_shards()
        some = stager._read()
        for chunk in stager._buffer._chunks:
            found.extend(source.record.data.decode() for source in chunk.records)
            store.passed_over(settings_.name, chunk.last)
        stager._buffer._chunks.clear()
        return some

    stager, put = started(), 0
    for step, draw in made:
        if step == "put":
            key = f"k{draw % 7}"
            for _ in range(4):  # more than a read gives, so that a parent is behind when it is closed
                data = base64.b64encode(f"{key} {put:03d}".encode()).decode()
                call("_put_record", StreamName=NAME, PartitionKey=key, Data=data)
                put += 1
        elif step == "read":
            read(stager)
        elif step == "restart":
            stager = started()
        else:
            change(step, draw)
    quiet = 0
    while quiet < 8:  # a look finds children only once their parents are read: a lineage has some generations
        quiet = 0 if read(stager) else quiet + 1
    store.close()
    assert len(found) == put, "a record is missing, or was read twice"
    for key in {one.split()[0] for one in found}:
        of_key = [one for one in found if one.split()[0] == key]
        assert of_key == sorted(of_key)
