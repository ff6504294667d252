"""GetShardIterator and GetRecords.

A closed shard is read like an open one until the retention is over; at its end there is no next iterator, but the child
shards: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
"""

from __future__ import annotations

import binascii
from datetime import UTC, datetime
from typing import Any

from local.kinesis import iterators, sequence
from local.kinesis.describing import child_out
from local.kinesis.iterators import Iterator
from local.kinesis.shards import Shard, children, is_open
from local.kinesis.store import Row, Stream
from local.kinesis.streams import RefusedError, Streams, now

MAX_RECORDS = 10_000
MAX_BYTES = 10 * 1024 * 1024
ITERATOR_LIFE = 300_000_000  # microseconds
_EARLIER_DIGITS = 30  # of a checkpoint that an earlier release wrote
_BY_NUMBER = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


class Reading:
    """The operations that read records."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def get_shard_iterator(self, data: dict[str, Any]) -> dict[str, Any]:
        _, stream = self._streams.find(data)
        shard_id = data.get("ShardId")
        shard = self._streams.shard(stream, shard_id)
        after = self._start(stream, str(shard_id), shard, data)
        return {"ShardIterator": _token(stream, str(shard_id), shard, after)}

    def get_records(self, data: dict[str, Any]) -> dict[str, Any]:
        iterator = self._iterator(data)
        limit = data.get("Limit", MAX_RECORDS)
        if not isinstance(limit, int) or not 1 <= limit <= MAX_RECORDS:
            raise RefusedError("ValidationException", f"Limit must be between 1 and {MAX_RECORDS}")
        _, stream = self._streams.find({"StreamName": iterator.stream})
        shard = self._streams.shard(stream, iterator.shard_id)
        if shard["table"] != iterator.table:
            raise RefusedError(
                "ResourceNotFoundException", f"Shard {iterator.shard_id} in stream {iterator.stream} does not exist"
            )
        after = max(iterator.after, self._streams.cutoff(stream) - 1)
        rows = self._streams.store.read(shard["table"], after, limit, MAX_BYTES)
        encryption = stream.get("EncryptionType", "NONE")
        answer: dict[str, Any] = {"Records": [record_out(shard, row, encryption) for row in rows]}
        last = rows[-1].position if rows else after
        at_end = last >= self._streams.store.last(shard["table"])
        if at_end and not is_open(shard):
            answer["ChildShards"] = [child_out(*one) for one in children(stream["shards"], iterator.shard_id)]
        else:
            answer["NextShardIterator"] = _token(stream, iterator.shard_id, shard, last if rows else iterator.after)
        answer["MillisBehindLatest"] = 0 if at_end else max(0, (now() - last) // 1000)
        return answer

    def position(self, stream: Stream, shard_id: str, starting: dict[str, Any]) -> int:
        """The store's position behind which SubscribeToShard begins, by its StartingPosition. Raises RefusedError."""
        asked = {
            "ShardIteratorType": starting.get("Type"),
            "StartingSequenceNumber": starting.get("SequenceNumber"),
            "Timestamp": starting.get("Timestamp"),
        }
        return self._start(stream, shard_id, self._streams.shard(stream, shard_id), asked)

    def _iterator(self, data: dict[str, Any]) -> Iterator:
        try:
            iterator = iterators.decode(data.get("ShardIterator"))
        except ValueError:
            raise RefusedError("InvalidArgumentException", "Invalid ShardIterator.") from None
        at = now()
        if at - iterator.made_at > ITERATOR_LIFE:
            made, read = (datetime.fromtimestamp(one / 1e6, UTC).isoformat() for one in (iterator.made_at, at))
            raise RefusedError(
                "ExpiredIteratorException",
                f"Iterator expired. The iterator was created at time {made} while right now it is {read} which is"
                " further in the future than the tolerated delay of 300000 milliseconds.",
            )
        return iterator

    def _start(self, stream: Stream, shard_id: str, shard: Shard, data: dict[str, Any]) -> int:
        kind, number = data.get("ShardIteratorType"), data.get("StartingSequenceNumber")
        if kind == "AT_TIMESTAMP":
            return _before_timestamp(data.get("Timestamp"))
        if (kind in _BY_NUMBER) != (number is not None) or kind not in (*_BY_NUMBER, "TRIM_HORIZON", "LATEST"):
            raise RefusedError(
                "InvalidArgumentException",
                "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2)"
                f" TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and"
                f" {'also a' if number is not None else 'no'} StartingSequenceNumber.",
            )
        if kind == "TRIM_HORIZON":
            return 0
        if kind == "LATEST":
            return self._streams.store.last(shard["table"])
        position = self._position_of(stream, shard_id, shard, str(number))
        return position - 1 if kind == "AT_SEQUENCE_NUMBER" else position

    def _position_of(self, stream: Stream, shard_id: str, shard: Shard, number: str) -> int:
        used = f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard_id} in stream"
        try:
            parts = sequence.parse(number)
        except ValueError:
            if len(number) == _EARLIER_DIGITS and number.isdecimal():
                return self._streams.store.taken_over(number)
            raise RefusedError("InvalidArgumentException", f"{used} {stream['StreamName']} is invalid.") from None
        if (parts.created, parts.shard) != (shard["created"], shard["number"]):
            raise RefusedError(
                "InvalidArgumentException",
                f"{used} {stream['StreamName']} is invalid because it did not come from this stream.",
            )
        return parts.position


def _before_timestamp(timestamp: Any) -> int:
    if not isinstance(timestamp, int | float):
        raise RefusedError(
            "InvalidArgumentException",
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no"
            " timestamp parameter.",
        )
    if timestamp * 1e6 > now():
        raise RefusedError(
            "InvalidArgumentException",
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis:"
            f" {int(timestamp * 1000)}, currentTimestampInMillis: {now() // 1000}",
        )
    return int(timestamp * 1000) * 1000 - 1  # a record's time is reported in milliseconds


def _token(stream: Stream, shard_id: str, shard: Shard, after: int) -> str:
    return iterators.encode(Iterator(stream["StreamName"], shard_id, shard["table"], after, now()))


def record_out(shard: Shard, row: Row, encryption: str) -> dict[str, Any]:
    """A record as the API gives it; its data is base64."""
    return {
        "SequenceNumber": sequence.of_record(shard["created"], shard["number"], row.position),
        "ApproximateArrivalTimestamp": row.position // 1000 / 1000,
        "Data": binascii.b2a_base64(row.data, newline=False).decode(),
        "PartitionKey": row.partition_key,
        "EncryptionType": encryption,
    }
