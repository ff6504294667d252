"""A batch of the stream as one object of the data lake: its key, and its gzip NDJSON."""

from __future__ import annotations

import gzip
from collections.abc import Iterable

import orjson

from shared.sinks.consumer import Position
from shared.transaction.schema import Transaction

CONTENT_TYPE = "application/gzip"
_SEQUENCE_DIGITS = 56  # the most a sequence number has; padded, names sort as the stream does
_GZIP_LEVEL = 6


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
    lines = [
        orjson.dumps({**t._asdict(), "amount": str(t.amount)}, option=orjson.OPT_APPEND_NEWLINE) for t in transactions
    ]
    return gzip.compress(b"".join(lines), _GZIP_LEVEL, mtime=0)
