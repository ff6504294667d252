"""Groups a request's transactions into Kinesis records: one per partition, more only where one would be too large."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shared.stream.partition import partition_key
from shared.transaction.codec import encode_line, with_trace
from shared.transaction.schema import Transaction

# A record of Kinesis holds 1 MiB, but a consumer's event holds 6 MB of base64: small records keep its batches full.
MAX_RECORD_BYTES = 200_000
# Firehose puts nothing between records: what stands before this one, and does not end its line, must not spoil ours.
_START = b"\n"


class StreamRecord(NamedTuple):
    """One Kinesis record, and the rows of the request that it holds."""

    partition_key: str
    data: bytes
    rows: tuple[int, ...]


def build_records(
    transactions: Iterable[tuple[int, Transaction]], max_bytes: int = MAX_RECORD_BYTES, trace: str | None = None
) -> list[list[StreamRecord]]:
    """Build one list of records per partition, from (row index, transaction).

    Within a partition the records, and the lines within them, are in the order of the rows: they must be stored in
    that order, since a card's transactions are all in one partition. Only a single line can exceed ``max_bytes``,
    and the ``trace`` header that each record's first line then has.
    """
    lines: dict[str, list[tuple[int, bytes]]] = {}
    for row, transaction in transactions:
        lines.setdefault(partition_key(transaction.card_id), []).append((row, encode_line(transaction)))
    return [list(_split(key, of_key, max_bytes, trace)) for key, of_key in lines.items()]


def _split(key: str, lines: list[tuple[int, bytes]], max_bytes: int, trace: str | None) -> Iterable[StreamRecord]:
    start, size = 0, len(_START)
    for end, (_, line) in enumerate(lines):
        if size + len(line) > max_bytes and end > start:
            yield _record(key, lines[start:end], trace)
            start, size = end, len(_START)
        size += len(line)
    yield _record(key, lines[start:], trace)


def _record(key: str, lines: list[tuple[int, bytes]], trace: str | None) -> StreamRecord:
    texts = [line for _, line in lines]
    if trace:
        texts[0] = with_trace(texts[0], trace)
    return StreamRecord(key, _START + b"".join(texts), tuple(row for row, _ in lines))
