"""Opens records that the Kinesis Producer Library has aggregated: many records of a producer's in one of the stream.

Format: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md: four bytes, a Protocol
Buffers message, and the message's MD5. A record that is not whole in this sense is an ordinary one, as for the KCL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16
_VARINT, _EIGHT_BYTES, _DELIMITED, _FOUR_BYTES = 0, 1, 2, 5  # wire types
_MOST_VARINT_BYTES = 10
_HASH_KEYS = 2**128


class UserRecord(NamedTuple):
    """What a producer gave the library to put."""

    partition_key: str
    explicit_hash_key: str | None
    data: bytes

    @property
    def hash_key(self) -> int:
        """The number from 0 to 2^128-1 by which the library chose the shard."""
        if self.explicit_hash_key is not None:
            return int(self.explicit_hash_key)
        return int.from_bytes(hashlib.md5(self.partition_key.encode(), usedforsecurity=False).digest(), "big")


def open_aggregate(data: bytes) -> list[UserRecord] | None:
    """Give the records in an aggregated one, in order; None if it is none, is damaged, or has nothing in it."""
    if not data.startswith(MAGIC) or len(data) <= len(MAGIC) + _DIGEST_BYTES:
        return None
    message, digest = data[len(MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if hashlib.md5(message, usedforsecurity=False).digest() != digest:
        return None
    try:
        return _records(message) or None
    except (ValueError, IndexError):  # UnicodeDecodeError is a ValueError
        return None


def _records(message: bytes) -> list[UserRecord]:
    """Read AggregatedRecord: 1 partition keys, 2 explicit hash keys, 3 records. Raises ValueError, IndexError."""
    fields = list(_fields(message))
    partition_keys = [_bytes(value).decode() for number, value in fields if number == 1]
    hash_keys = [_bytes(value).decode() for number, value in fields if number == 2]
    if any(not key.isascii() or not key.isdecimal() or int(key) >= _HASH_KEYS for key in hash_keys):
        raise ValueError("an explicit hash key is not a number below 2^128")
    return [_record(_bytes(value), partition_keys, hash_keys) for number, value in fields if number == 3]


def _record(message: bytes, partition_keys: list[str], hash_keys: list[str]) -> UserRecord:
    """Read Record: 1 index of its partition key, 2 of its explicit hash key if it has one, 3 data."""
    found = dict(_fields(message))
    hash_key = hash_keys[_number(found[2])] if 2 in found else None
    if 1 not in found or 3 not in found:
        raise ValueError("a required field is missing")
    return UserRecord(partition_keys[_number(found[1])], hash_key, _bytes(found[3]))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Give the number and value of each field. Raises ValueError, IndexError where the message ends too early."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _DELIMITED:
            size, at = _varint(message, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"wire type {kind} is not in use")
        if not number or at + size > len(message):
            raise ValueError("the message ends too early")
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(_MOST_VARINT_BYTES):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number has more than ten bytes")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a field has another wire type")
    return value


def _number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("a field has another wire type")
    return value
