"""PutRecord and PutRecords.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
"""

from __future__ import annotations

import binascii
import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any

from local.kinesis.sequence import of_record
from local.kinesis.shards import HASH_KEYS, Shard
from local.kinesis.store import Put, Scope, Stream
from local.kinesis.streams import RefusedError, Streams

MAX_RECORDS = 500
MAX_RECORD_BYTES = 1024 * 1024  # of data and partition key
MAX_REQUEST_BYTES = 5 * 1024 * 1024
MAX_PARTITION_KEY = 256

Placed = tuple[str, Shard, Put]  # the shard's id, the shard, the record


class Writing:
    """The operations that write records."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def put_record(self, data: dict[str, Any]) -> dict[str, Any]:
        scope, stream = self._writable(data)
        placed = self._place(scope, stream, data)
        return self._append(stream, [placed])[0]

    def put_records(self, data: dict[str, Any]) -> dict[str, Any]:
        scope, stream = self._writable(data)
        records = data.get("Records")
        if not isinstance(records, list) or not 1 <= len(records) <= MAX_RECORDS:
            bound = "less than or equal to 500" if records else "greater than or equal to 1"
            raise _invalid("records", f"have length {bound}")
        placed = [self._place(scope, stream, record) for record in records]
        if sum(len(put.data) + len(put.partition_key.encode()) for _, _, put in placed) > MAX_REQUEST_BYTES:
            raise RefusedError("InvalidArgumentException", "Records size exceeds 5 MB limit")
        encryption = stream.get("EncryptionType", "NONE")
        return {"FailedRecordCount": 0, "Records": self._append(stream, placed), "EncryptionType": encryption}

    def put_internal(self, stream_arn: str, partition_key: str, data: bytes) -> bool:
        """What MiniStack's other services put; False when the stream is not there."""
        try:
            scope, stream = self._writable({"StreamARN": stream_arn})
        except RefusedError:
            return False
        name, shard = self._streams.routes(scope, stream).find(hash_key(partition_key))
        self._append(stream, [(name, shard, Put(shard["table"], partition_key, data))])
        return True

    def shard_of(self, data: dict[str, Any], record: dict[str, Any]) -> str:
        """The id of the shard that a record of a request belongs to."""
        scope, stream = self._streams.find(data)
        return self._place(scope, stream, record)[0]

    def _writable(self, data: dict[str, Any]) -> tuple[Scope, Stream]:
        scope, stream = self._streams.find(data)
        status = self._streams.status(stream)
        if status not in ("ACTIVE", "UPDATING"):
            raise RefusedError("ResourceInUseException", f"Stream {scope[2]} is {status}")
        return scope, stream

    def _place(self, scope: Scope, stream: Stream, record: dict[str, Any]) -> Placed:
        partition_key = record.get("PartitionKey")
        if not isinstance(partition_key, str) or not 1 <= len(partition_key) <= MAX_PARTITION_KEY:
            bound = "less than or equal to 256" if partition_key else "greater than or equal to 1"
            raise _invalid("partitionKey", f"have length {bound}")
        try:
            content = binascii.a2b_base64(record["Data"])
        except KeyError:
            raise _invalid("data", "not be null") from None
        except (ValueError, TypeError) as error:
            raise RefusedError("SerializationException", f"Data is not base64: {error}") from error
        if len(content) + len(partition_key.encode()) > MAX_RECORD_BYTES:
            raise _invalid("data", f"have length less than or equal to {MAX_RECORD_BYTES}, with the partition key")
        explicit = record.get("ExplicitHashKey")
        place = hash_key(partition_key) if explicit is None else _explicit(explicit)
        name, shard = self._streams.routes(scope, stream).find(place)
        return name, shard, Put(shard["table"], partition_key, content)

    def _append(self, stream: Stream, placed: Sequence[Placed]) -> list[dict[str, Any]]:
        try:
            positions = self._streams.store.append([put for _, _, put in placed])
        except sqlite3.OperationalError as error:  # a full disk; the stream is as it was
            raise RefusedError("InternalFailure", f"the records cannot be stored: {error}", 500) from error
        self._streams.kinesis.esm_wake.set()
        encryption = stream.get("EncryptionType", "NONE")
        return [
            {
                "SequenceNumber": of_record(shard["created"], shard["number"], position),
                "ShardId": name,
                "EncryptionType": encryption,
            }
            for position, (name, shard, _) in zip(positions, placed, strict=True)
        ]


def hash_key(partition_key: str) -> int:
    """The 128-bit number that a partition key maps to."""
    return int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest(), "big")


def _explicit(text: Any) -> int:
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or (text[0] == "0" and text != "0"):
        raise _invalid("explicitHashKey", r"satisfy regular expression pattern: 0|([1-9]\d{0,38})")
    if int(text) >= HASH_KEYS:
        raise RefusedError(
            "InvalidArgumentException",
            f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {text}",
        )
    return int(text)


def _invalid(member: str, constraint: str) -> RefusedError:
    return RefusedError(
        "ValidationException",
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must {constraint}",
    )
