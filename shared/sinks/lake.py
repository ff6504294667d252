"""A batch of the stream as one object of the data lake: its key, and its gzip NDJSON."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import orjson
from isal import isal_zlib

from shared.sinks.consumer import Position
from shared.transaction.schema import Transaction

CONTENT_TYPE = "application/gzip"
_SEQUENCE_DIGITS = 56  # the most a sequence number has; padded, names sort as the stream does
_GZIP = 16 + zlib.MAX_WBITS  # https://docs.python.org/3/library/zlib.html#zlib.compress
_GZIP_LEVEL = 3  # ISA-L's highest: an object is 6% larger than by zlib's level 6, for a fifth of the CPU


def object_key(first: Position, last: Position) -> str:
    """Give the key, from the positions of the batch's first and last record.

    A retry of the same batch overwrites its object. A batch that Lambda cut differently (bisect, after an object was
    written but its answer lost) may overlap an earlier object; the ranges in the names show it, and who counts the
    lake counts transaction ids, not lines: a sender's resend is two lines as well.
    """
    day = f"{first.arrived_at:%Y-%m-%d}"
    span = f"{first.sequence_number:0>{_SEQUENCE_DIGITS}}-{last.sequence_number:0>{_SEQUENCE_DIGITS}}"
    return f"transactions/ingest_date={day}/{first.shard_id}-{span}.ndjson.gz"


def object_body(transactions: Iterable[Transaction]) -> bytes:
    """Give gzip NDJSON: one object per transaction with the schema's field names, amount as text.

    Without a time in its header, so that a replay writes the same bytes.
    """
    lines = bytearray()  # one that grows: thousands of small texts side by side cost more to allocate than to write
    for t in transactions:
        lines += orjson.dumps({**t._asdict(), "amount": str(t.amount)}, option=orjson.OPT_APPEND_NEWLINE)
    return compressed(lines)


def compressed(lines: bytes | bytearray) -> bytes:
    """Give the lines as gzip, one member; the same bytes whenever the same machine is asked."""
    body: bytes = isal_zlib.compress(lines, _GZIP_LEVEL, _GZIP)
    return body
