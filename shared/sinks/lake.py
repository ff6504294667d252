"""A batch of the stream as one object of the data lake: its key, and its gzip NDJSON."""

from __future__ import annotations

import zlib

import orjson
from isal import isal_zlib

from shared.sinks.consumer import Position
from shared.transaction.codec import BadLine, decode_line
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


def encoded(transaction: Transaction) -> bytes:
    """Give the lake's line: an object with the schema's field names, amount as text, its newline included."""
    fields = dict(zip(Transaction._fields, transaction, strict=True))
    return orjson.dumps(fields, default=str, option=orjson.OPT_APPEND_NEWLINE)  # str: of Decimals


class Body:
    """The lines of one object, in one buffer that grows.

    Thousands of small texts side by side cost more to allocate than to write.
    """

    def __init__(self) -> None:
        self._lines = bytearray()

    def add(self, line: bytes) -> int | BadLine:
        """Add a line of the stream, and give the bytes that it has here; or say what is wrong with it, and add none."""
        decoded = decode_line(line)
        if isinstance(decoded, BadLine):
            return decoded
        archived = encoded(decoded)
        self._lines += archived
        return len(archived)

    def gzip(self) -> bytes:
        """Give gzip NDJSON, without a time in its header, so that a replay writes the same bytes."""
        return compressed(self._lines)


def compressed(lines: bytes | bytearray) -> bytes:
    """Give the lines as gzip, one member; the same bytes whenever the same machine is asked."""
    body: bytes = isal_zlib.compress(lines, _GZIP_LEVEL, _GZIP)
    return body
