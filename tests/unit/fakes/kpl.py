"""Aggregated records as the Kinesis Producer Library makes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from shared.sinks.aggregate import MAGIC, UserRecord


def aggregate(records: Sequence[UserRecord], junk: bytes = b"") -> bytes:
    """One record of the stream that holds others; ``junk`` goes behind the message, under its digest."""
    keys = list(dict.fromkeys(one.partition_key for one in records))
    hashes = list(dict.fromkeys(one.explicit_hash_key for one in records if one.explicit_hash_key is not None))
    message = b"".join(_field(1, key.encode()) for key in keys) + b"".join(_field(2, key.encode()) for key in hashes)
    for one in records:
        inner = b"\x08" + _varint(keys.index(one.partition_key))
        if one.explicit_hash_key is not None:
            inner += b"\x10" + _varint(hashes.index(one.explicit_hash_key))
        message += _field(3, inner + _field(3, one.data))
    message += junk
    return MAGIC + message + hashlib.md5(message).digest()


def _field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])
