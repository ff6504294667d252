"""A batch of the stream as its consumers see it: good lines, bad lines, and what to answer the event source mapping.

Powertools' BatchProcessor is not used. It works record by record, while the sinks write in bulk (25 items, one object);
and continues after the first failure, while Kinesis starts again from the lowest failed sequence number, so that what
succeeded after it would be counted, and paid for, twice. Here a sink writes the batch as a whole, and the lowest
sequence number that is not stored is the one failure that is reported.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

from shared.sinks.aggregate import open_aggregate
from shared.transaction.codec import BadLine, decode_line, split_record, trace_of
from shared.transaction.schema import Transaction

Decoded = TypeVar("Decoded")  # what a consumer makes of a line


class Position(NamedTuple):
    """Where a record stands in the stream."""

    shard_id: str
    sequence_number: str
    partition_key: str
    arrived_at: datetime  # UTC


class LineOf(NamedTuple, Generic[Decoded]):
    """A line that could be read."""

    position: Position
    transaction: Decoded


Line = LineOf[Transaction]


class Unreadable(NamedTuple):
    """A line that no retry can process."""

    position: Position
    number: int  # of the line within its record of the stream, from 0
    bad: BadLine


class Batch(NamedTuple, Generic[Decoded]):
    """All lines of one invocation, in the order of the stream; ``traces`` are the headers of sampled requests."""

    positions: list[Position]
    lines: list[LineOf[Decoded]]
    unreadable: list[Unreadable]
    traces: Mapping[str, Position]

    @property
    def first(self) -> Position:
        """The first record's position; IndexError on a batch without records, which AWS never sends."""
        return self.positions[0]

    @property
    def last(self) -> Position:
        """The last record's position."""
        return self.positions[-1]

    @property
    def batch_id(self) -> str:
        """Twelve hex digits, the same whenever the same records come together again."""
        whole = f"{self.first.shard_id}:{self.first.sequence_number}:{self.last.sequence_number}"
        return hashlib.blake2b(whole.encode(), digest_size=6).hexdigest()

    def waited_milliseconds(self, now: datetime) -> float:
        """Give how long ago the oldest record came on the stream; never below 0, whatever the clocks say."""
        return max(0.0, (now - self.first.arrived_at).total_seconds() * 1000)

    def describe(self) -> dict[str, Any]:
        """Give what a log line says of the batch."""
        return {
            "batch_id": self.batch_id,
            "shard_id": self.first.shard_id,
            "sequence_range": f"{self.first.sequence_number}-{self.last.sequence_number}",
            "records_in_batch": len(self.positions),
        }


def read_batch(event: Mapping[str, Any]) -> Batch[Transaction]:
    """Read a Kinesis event of Lambda as transactions. Never fails on what a record holds.

    Raises ValueError when the event is none of Kinesis's, or mixes shards, which AWS never does.
    """
    return read_lines(event, decode_line)


def read_lines(event: Mapping[str, Any], decode: Callable[[bytes], Decoded | BadLine]) -> Batch[Decoded]:
    """Read a Kinesis event of Lambda as whatever ``decode``, which never raises, makes of a line.

    Raises ValueError as :func:`read_batch` does.
    """
    try:
        records = [(_position(record), base64.b64decode(record["kinesis"]["data"])) for record in event["Records"]]
    except (KeyError, TypeError) as error:
        raise ValueError("not an event of Kinesis: it has no Records, or one of them lacks a field") from error
    if len({position.shard_id for position, _ in records}) != 1:
        raise ValueError("a batch must hold records of exactly one shard")
    lines: list[LineOf[Decoded]] = []
    unreadable: list[Unreadable] = []
    traces: dict[str, Position] = {}
    for position, data in records:
        number = 0
        for at, content in _user_records(position, data):
            if header := trace_of(content):
                traces.setdefault(header, at)
            for line in split_record(content):
                decoded = decode(line)
                if isinstance(decoded, BadLine):
                    unreadable.append(Unreadable(at, number, decoded))
                else:
                    lines.append(LineOf(at, decoded))
                number += 1
    return Batch([position for position, _ in records], lines, unreadable, traces)


def respond(failed: Iterable[Position]) -> dict[str, list[dict[str, str]]]:
    """Give the partial batch response: the lowest failed sequence number, or none.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    numbers = [position.sequence_number for position in failed]
    return {"batchItemFailures": [{"itemIdentifier": min(numbers, key=int)}] if numbers else []}


def _user_records(position: Position, data: bytes) -> list[tuple[Position, bytes]]:
    """Give what a producer put: the record, or those that its library has aggregated into it."""
    opened = open_aggregate(data)
    if opened is None:
        return [(position, data)]
    return [(position._replace(partition_key=one.partition_key), one.data) for one in opened]


def _position(record: Mapping[str, Any]) -> Position:
    kinesis = record["kinesis"]
    return Position(
        # shardId-000000000006:49590338271490256608559692538361571095921575989136588898
        shard_id=record["eventID"].split(":", 1)[0],
        sequence_number=kinesis["sequenceNumber"],
        partition_key=kinesis["partitionKey"],
        arrived_at=datetime.fromtimestamp(kinesis["approximateArrivalTimestamp"], UTC),
    )
