"""Reads a Kinesis stream shard by shard, for the event source mappings and the delivery streams."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from local.clients import error_code

TRIM_HORIZON = "TRIM_HORIZON"
AT_TIMESTAMP = "AT_TIMESTAMP"
AFTER = "AFTER_SEQUENCE_NUMBER"

MOST_RECORDS_A_READ = 10_000
FIRST_READ_RECORDS = 100
# A read gives up to 10 MB: the number of records is chosen by their size, so that little is held in memory.
TARGET_READ_BYTES = 2 * 1024 * 1024


class Record(NamedTuple):
    """One Kinesis record; `arrived_at` is in seconds since 1970."""

    sequence_number: str
    partition_key: str
    data: bytes
    arrived_at: float


class Position(NamedTuple):
    """Where to continue reading: `kind` is one of the three above, `value` a sequence number or seconds since 1970."""

    kind: str
    value: str = ""


class Read(NamedTuple):
    """What a read gave. `closed` means that the shard has ended and everything in it has been read."""

    records: list[Record]
    closed: bool


@dataclass(frozen=True)
class ShardInfo:
    """A shard of a stream, with the shards it came out of."""

    shard_id: str
    parents: tuple[str, ...]


@dataclass(frozen=True)
class StreamInfo:
    """A stream's shards; no record older than `retention_seconds` is kept."""

    shards: tuple[ShardInfo, ...]
    retention_seconds: float

    def parents_left(self, shard: ShardInfo, finished: Container[str]) -> bool:
        """Whether a shard has a parent that is still there and not read to its end: its records come first."""
        listed = {one.shard_id for one in self.shards}
        return any(parent in listed and parent not in finished for parent in shard.parents)


class ShardGoneError(Exception):
    """The shard no longer exists."""


def stream_arn_of(source_arn: str) -> str:
    """The ARN of the stream, by its own or that of one of its consumers with enhanced fan-out."""
    return source_arn.partition("/consumer/")[0]


def describe_stream(kinesis: Any, stream_arn: str) -> StreamInfo:
    """Needs kinesis:DescribeStream only: that is what the Serverless Framework's plugins grant. Raises ClientError."""
    shards: list[ShardInfo] = []
    start: dict[str, str] = {}
    while True:
        page = kinesis.describe_stream(StreamARN=stream_arn, **start)["StreamDescription"]
        for shard in page["Shards"]:
            parents = [shard[name] for name in ("ParentShardId", "AdjacentParentShardId") if shard.get(name)]
            shards.append(ShardInfo(shard["ShardId"], tuple(parents)))
        if not page["HasMoreShards"]:
            break
        start = {"ExclusiveStartShardId": page["Shards"][-1]["ShardId"]}
    return StreamInfo(tuple(shards), page["RetentionPeriodHours"] * 3600.0)


class ShardReader:
    """Reads on from a position, in order and without gaps; `client` is called for each read."""

    def __init__(self, client: Callable[[], Any], stream_arn: str, shard_id: str, position: Position) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._shard_id = shard_id
        self._position = position
        self._iterator: str | None = None
        self._limit = FIRST_READ_RECORDS
        self.closed = False

    def read(self) -> Read:
        """The next records. Raises ShardGoneError, ClientError, BotoCoreError; a failed read may be repeated."""
        if self.closed:
            return Read([], closed=True)
        client = self._client()
        if self._iterator is None:
            self._iterator = self._new_iterator(client)
        try:
            answer = client.get_records(StreamARN=self._stream_arn, ShardIterator=self._iterator, Limit=self._limit)
        except ClientError as error:
            self._iterator = None
            if error_code(error) == "ExpiredIteratorException":
                return Read([], closed=False)
            self._raise_gone(error)
            raise
        records = [record_of(item) for item in answer["Records"]]
        self._iterator = answer.get("NextShardIterator")
        self.closed = self._iterator is None
        if records:
            self._position = Position(AFTER, records[-1].sequence_number)
            average = sum(len(record.data) for record in records) / len(records)
            self._limit = int(max(10, min(MOST_RECORDS_A_READ, TARGET_READ_BYTES / max(average, 1))))
        return Read(records, self.closed)

    def close(self) -> None:
        """Nothing is held between two reads."""

    def _new_iterator(self, client: Any) -> str:
        kind, value = self._position
        where: dict[str, Any] = {}
        if kind == AFTER:
            where["StartingSequenceNumber"] = value
        elif kind == AT_TIMESTAMP:
            where["Timestamp"] = float(value)
        try:
            answer = client.get_shard_iterator(
                StreamARN=self._stream_arn, ShardId=self._shard_id, ShardIteratorType=kind, **where
            )
        except ClientError as error:
            self._raise_gone(error)
            raise
        return str(answer["ShardIterator"])

    def _raise_gone(self, error: ClientError) -> None:
        if error_code(error) == "ResourceNotFoundException":
            raise ShardGoneError(f"{self._stream_arn} {self._shard_id}: {error}") from error


def record_of(item: dict[str, Any]) -> Record:
    """A record as boto3 gives it."""
    return Record(
        item["SequenceNumber"], item["PartitionKey"], item["Data"], item["ApproximateArrivalTimestamp"].timestamp()
    )
