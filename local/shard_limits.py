"""A shard's limits on the embedded AWS, where asked for: 1 MB and 1,000 records a second in, 2 MB and 5 reads out.

With `SWIPELINE_SHARD_LIMITS=1`. What is over a limit is refused as by Kinesis: a record of PutRecords by its own error
code, a GetRecords as a whole; nothing of it is done. All who call GetRecords share the 2 MB and 5 reads; a consumer
with enhanced fan-out has 2 MB a second of its own, and what is pushed to it waits rather than being refused. A limit is
a bucket that holds a second's worth and fills evenly.
https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.kinesis.iterators import decode, stream_of
from local.kinesis.streams import RefusedError

if TYPE_CHECKING:
    from local.kinesis.install import Kinesis

VARIABLE = "SWIPELINE_SHARD_LIMITS"
WRITE_BYTES, WRITE_RECORDS = 1024 * 1024, 1000
READ_BYTES, READS = 2 * 1024 * 1024, 5
AWS_PACE_SECONDS = 1.0  # Lambda's and Firehose's consumers read a shard once a second
_CODE = "ProvisionedThroughputExceededException"

Answer = tuple[int, Any, bytes]


def paced(seconds: float) -> float:
    """How long a consumer waits between two reads: so long, but where the limits hold no less than on AWS.

    Five reads a second are for all consumers of a shard: four that look more often than once would starve each other.
    """
    return max(seconds, AWS_PACE_SECONDS) if os.environ.get(VARIABLE) == "1" else seconds


@dataclass
class Bucket:
    """Holds up to `limit`, and gains `limit` a second."""

    limit: float
    clock: Callable[[], float] = time.monotonic
    level: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.level, self.at = self.limit, self.clock()

    def has(self, amount: float) -> bool:
        """Whether so much may be taken now."""
        now = self.clock()
        self.level = min(self.limit, self.level + (now - self.at) * self.limit)
        self.at = now
        return self.level >= amount

    def take(self, amount: float) -> None:
        """Take it; below nothing is possible, and is waited for by who comes next."""
        self.level -= amount


@dataclass
class ShardLimits:
    """The buckets of one shard."""

    clock: Callable[[], float] = time.monotonic
    refused_records: int = 0
    refused_reads: int = 0

    def __post_init__(self) -> None:
        self.bytes_in, self.records_in = Bucket(WRITE_BYTES, self.clock), Bucket(WRITE_RECORDS, self.clock)
        self.bytes_out, self.reads = Bucket(READ_BYTES, self.clock), Bucket(READS, self.clock)

    def admits(self, size: int) -> bool:
        """Take a record in, if it is within both limits."""
        if not (self.bytes_in.has(size) and self.records_in.has(1)):
            self.refused_records += 1
            return False
        self.bytes_in.take(size)
        self.records_in.take(1)
        return True

    def admits_read(self) -> bool:
        """Let a read begin; what it gives is taken afterwards, so that the next ones wait for it, as on AWS."""
        if not (self.reads.has(1) and self.bytes_out.has(0)):
            self.refused_reads += 1
            return False
        self.reads.take(1)
        return True


def install(embedded: Kinesis) -> dict[tuple[str, str], ShardLimits]:
    """Put the limits before the operations; gives the shards' limits, by stream and shard."""
    kinesis = embedded.streams.kinesis
    limits: dict[tuple[str, str], ShardLimits] = defaultdict(ShardLimits)
    put_records, get_records = kinesis._put_records, kinesis._get_records

    def limited_put(data: dict[str, Any]) -> Answer:
        name, records = stream_of(data), data.get("Records", [])
        try:
            admitted = [limits[name, embedded.writing.shard_of(data, one)].admits(size_of(one)) for one in records]
        except RefusedError:
            return put_records(data)  # which says what is wrong
        kept = [one for one, within in zip(records, admitted, strict=True) if within]
        if len(kept) == len(records):
            return put_records(data)
        refused = {"ErrorCode": _CODE, "ErrorMessage": f"Rate exceeded for shard in stream {name}"}
        answers: Iterator[dict[str, Any]] = iter(())
        if kept:
            status, headers, body = put_records({**data, "Records": kept})
            if status != 200:
                return status, headers, body
            answers = iter(json.loads(body)["Records"])
        results = [next(answers) if within else refused for within in admitted]
        answer: Answer = kinesis.json_response({"FailedRecordCount": len(records) - len(kept), "Records": results})
        return answer

    def limited_get(data: dict[str, Any]) -> Answer:
        try:
            iterator = decode(data.get("ShardIterator"))
        except ValueError:
            return get_records(data)
        of = limits[iterator.stream, iterator.shard_id]
        if not of.admits_read():
            return kinesis.error_response_json(_CODE, f"Rate exceeded for shard {iterator.shard_id}", 400)
        answer: Answer = get_records(data)
        if answer[0] == 200:
            of.bytes_out.take(sum(size_of(one) for one in json.loads(answer[2])["Records"]))
        return answer

    of_consumers: dict[tuple[str, str], Bucket] = defaultdict(lambda: Bucket(READ_BYTES))
    embedded.subscriptions.pace_of = lambda consumer_arn, shard_id: of_consumers[consumer_arn, shard_id]
    kinesis._put_records, kinesis._get_records = limited_put, limited_get
    return limits


def size_of(record: dict[str, Any]) -> int:
    """The bytes that count: data without its base64, and the partition key."""
    data = record.get("Data", "")
    return len(data) * 3 // 4 - data[-2:].count("=") + len(record.get("PartitionKey", "").encode())
