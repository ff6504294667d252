"""Kinesis and Lambda in memory, with what the emulator lacks: shards that close, and the children of a split."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from local.clients import Clients

STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


def failure(code: str, operation: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}, operation
    )


@dataclass
class FakeShard:
    records: list[dict[str, Any]] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    closed: bool = False


@dataclass
class FakeKinesis:
    """As AWS documents it: an iterator says where it stands, a closed shard's last read has no next one."""

    shards: dict[str, FakeShard] = field(default_factory=lambda: {"shard-0": FakeShard()})
    numbers: int = 0
    denied: bool = False

    def put(self, data: str, shard: str = "shard-0", key: str = "k") -> str:
        self.numbers += 1
        number = f"{self.numbers:056d}"
        arrived = datetime.fromtimestamp(time.time(), UTC)
        self.shards[shard].records.append(
            {
                "SequenceNumber": number,
                "PartitionKey": key,
                "Data": data.encode(),
                "ApproximateArrivalTimestamp": arrived,
            }
        )
        return number

    def split(self, shard: str, *children: str) -> None:
        self.shards[shard].closed = True
        for child in children:
            self.shards[child] = FakeShard(parents=[shard])

    def describe_stream(self, StreamARN: str, **_: Any) -> dict[str, Any]:
        if self.denied:
            raise failure("AccessDeniedException", "DescribeStream")
        shards = []
        for shard_id, shard in self.shards.items():
            names = zip(("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False)
            shards.append({"ShardId": shard_id} | dict(names))
        created = datetime.now(UTC)
        return {
            "StreamDescription": {
                "Shards": shards,
                "HasMoreShards": False,
                "StreamCreationTimestamp": created,
                "RetentionPeriodHours": 24,
            }
        }

    def get_shard_iterator(self, StreamARN: str, ShardId: str, ShardIteratorType: str, **where: Any) -> dict[str, str]:
        if ShardId not in self.shards:
            raise failure("ResourceNotFoundException", "GetShardIterator")
        records = self.shards[ShardId].records
        position = len(records)
        for index, record in enumerate(records):
            if (
                ShardIteratorType == "TRIM_HORIZON"
                or (
                    ShardIteratorType == "AFTER_SEQUENCE_NUMBER"
                    and record["SequenceNumber"] > where["StartingSequenceNumber"]
                )
                or (
                    ShardIteratorType == "AT_TIMESTAMP"
                    and record["ApproximateArrivalTimestamp"].timestamp() >= where["Timestamp"]
                )
            ):
                position = index
                break
        return {"ShardIterator": f"{ShardId}/{position}"}

    def get_records(self, StreamARN: str, ShardIterator: str, Limit: int) -> dict[str, Any]:
        shard_id, position = ShardIterator.rsplit("/", 1)
        if shard_id not in self.shards:
            raise failure("ResourceNotFoundException", "GetRecords")
        shard, start = self.shards[shard_id], int(position)
        records = shard.records[start : start + min(Limit, 3)]
        answer: dict[str, Any] = {"Records": records, "MillisBehindLatest": 0}
        if not (shard.closed and start + len(records) >= len(shard.records)):
            answer["NextShardIterator"] = f"{shard_id}/{start + len(records)}"
        return answer


@dataclass
class FakeLambda:
    """Keeps the data of the records it was invoked with; `function` may fail it."""

    mapping: dict[str, Any]
    function: Callable[[list[str]], Any] = lambda data: None
    invocations: list[list[str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get_paginator(self, name: str) -> FakeLambda:
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"EventSourceMappings": [dict(self.mapping)] if self.mapping else []}]

    def update_event_source_mapping(self, UUID: str, Enabled: bool) -> None:
        self.mapping["State"] = "Enabled" if Enabled else "Disabled"

    def get_function_configuration(self, FunctionName: str) -> dict[str, str]:
        return {"Role": "arn:aws:iam::000000000000:role/r"}

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        import base64

        records = json.loads(Payload)["Records"]
        data = [base64.b64decode(record["kinesis"]["data"]).decode() for record in records]
        with self.lock:
            self.invocations.append(data)
        answer = self.function(data)
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), "StatusCode": 200}

    @property
    def seen(self) -> list[str]:
        with self.lock:
            return [item for data in self.invocations for item in data]


class FakeClients(Clients):
    """Gives out the fakes; no credentials are needed."""

    def __init__(self, kinesis: FakeKinesis, function: FakeLambda) -> None:
        self._fakes: dict[str, Any] = {"kinesis": kinesis, "lambda": function, "cloudwatch": self}
        self.metrics: list[dict[str, Any]] = []
        self.forgotten = 0

    def put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> None:
        self.metrics += MetricData

    def root(self, service: str) -> Any:
        return self._fakes[service]

    def role(self, service: str, role_arn: str) -> Any:
        return self._fakes[service]

    def forget(self, role_arn: str) -> None:
        self.forgotten += 1
