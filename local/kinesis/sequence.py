"""Sequence numbers in the layout of AWS: 56 digits, no leading zeros, increasing within a shard and into its children.

From the highest hexadecimal digit: 2; when the shard was created (9 digits, seconds since 1970); the last digit of the
shard's number; the record's position (16); 00; when the record arrived (9, seconds); the shard's number (8); 2.
"""

from __future__ import annotations

from typing import NamedTuple

LAST_POSITION = 2**63 - 1  # of a closed shard's ending sequence number: no record has it
_VERSION = 2
_TOP = _VERSION << 184
_MICROSECONDS = 1_000_000


class Parts(NamedTuple):
    """What a sequence number says."""

    created: int  # of the shard, in seconds since 1970
    shard: int
    position: int


def sequence_number(created: int, shard: int, position: int, at: int) -> str:
    """Give the sequence number of a record, or of a shard's start (position 0) or end (LAST_POSITION)."""
    high = _TOP | created << 148 | (shard & 15) << 144 | position << 80
    return str(high | at << 36 | shard << 4 | _VERSION)


def of_record(created: int, shard: int, position: int) -> str:
    """Give a record's sequence number; its position is its arrival in microseconds since 1970."""
    return sequence_number(created, shard, position, position // _MICROSECONDS)


def parse(text: str) -> Parts:
    """Read a sequence number. Raises ValueError if it does not have this layout."""
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if number >> 184 != _VERSION or number & 15 != _VERSION:
        raise ValueError(f"{text} is not a sequence number")
    return Parts(number >> 148 & (1 << 36) - 1, number >> 4 & (1 << 32) - 1, number >> 80 & (1 << 64) - 1)
