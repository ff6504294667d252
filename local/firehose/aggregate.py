"""Opens records that the Kinesis Producer Library has aggregated, as Firehose does before it transforms and delivers.

Format: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md. It is read here on AWS's
side, by code that shares nothing with a project's own reader: a test holds the two against each other.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import NamedTuple

_MAGIC, _DIGEST_BYTES = b"\xf3\x89\x9a\xc2", 16
_FIXED = {1: 8, 5: 4}  # bytes by wire type


class Inner(NamedTuple):
    """One of the records in an aggregated one."""

    partition_key: str
    data: bytes


def opened(data: bytes) -> list[Inner] | None:
    """The records in an aggregated one, in order; None for one that is not aggregated, damaged or empty."""
    message, digest = data[len(_MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not data.startswith(_MAGIC) or hashlib.md5(message, usedforsecurity=False).digest() != digest:
        return None
    try:
        top = list(_read(message))
        keys = [_text(value) for number, value in top if number == 1]
        hash_keys = [int(_decimal(_text(value))) for number, value in top if number == 2]
        if any(key >= 2**128 for key in hash_keys):
            return None
        return [_inner(value, keys, hash_keys) for number, value in top if number == 3] or None
    except (ValueError, LookupError, TypeError):
        return None


def _inner(message: int | bytes, keys: list[str], hash_keys: list[int]) -> Inner:
    if isinstance(message, int):
        raise TypeError("a record is a message")
    fields = dict(_read(message))
    if 2 in fields:
        hash_keys[_index(fields[2])]
    data = fields[3]
    if isinstance(data, int):
        raise TypeError("data is bytes")
    return Inner(keys[_index(fields[1])], data)


def _read(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a Protocol Buffers message. Raises ValueError where it ends too early."""
    stream = io.BytesIO(message)
    while stream.tell() < len(message):
        tag = _varint(stream)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise ValueError("no field has the number 0")
        if kind == 0:
            yield number, _varint(stream)
            continue
        size = _varint(stream) if kind == 2 else _FIXED[kind]
        value = stream.read(size)
        if len(value) < size:
            raise ValueError("the message ends too early")
        yield number, value


def _varint(stream: io.BytesIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        (byte,) = stream.read(1)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
    raise ValueError("a number has more than ten bytes")


def _text(value: int | bytes) -> str:
    if isinstance(value, int):
        raise TypeError("a key is a text")
    return value.decode()


def _decimal(text: str) -> str:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("an explicit hash key is a decimal number")
    return text


def _index(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise TypeError("an index is a number")
    return value
