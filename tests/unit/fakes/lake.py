"""Objects of the lake, as write-to-s3 makes them."""

from __future__ import annotations

from collections.abc import Iterable

from shared.sinks.lake import Body
from shared.transaction.codec import encode_line
from shared.transaction.schema import Transaction


def object_body(transactions: Iterable[Transaction]) -> bytes:
    """Give the object of a batch of the stream that has these."""
    body = Body()
    for transaction in transactions:
        assert body.add(encode_line(transaction)[:-1])
    return body.gzip()
