"""The DynamoDB table by bucket: by the merchants' index, which reads the window alone, or by a scan, which reads all.

No index counts items per bucket, and DynamoDB bills what it reads, not what it returns. The index merchant-time is by
merchant and month, sorted by time: the items of a window are in as many of its partitions as there are merchants and
months. What it cannot show are items of a merchant whom neither lake nor warehouse knows; a scan does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import Any

from client.aws import Stage
from client.reconcile.records import Record, of_item
from client.reconcile.tally import Tally
from client.reconcile.window import Window, bucket_of
from shared.sinks.item import SUPERSEDED

THREADS = 8
MOST_SEGMENTS, ITEMS_PER_SEGMENT = 32, 1_000_000  # a segment costs a round trip, however little is in it
INDEX = "merchant-time"
_ROUND = 1000  # partitions whose results may wait in memory at a time

Records = Iterator[Record]


class Table:
    """Reads the table of a stage; `merchants` None: by scan."""

    def __init__(self, stage: Stage, merchants: Iterable[str] | None) -> None:
        self._client, self._name = stage.client("dynamodb"), stage.output("TableName")
        self._merchants = None if merchants is None else sorted(merchants)

    def tally(self, window: Window, width: int) -> Tally:
        """Count the items of a window."""
        whole = Tally()

        def count(records: Callable[[], Records]) -> Tally:
            part = Tally()
            for record in records():
                part.add(bucket_of(record.occurred_at, record.card_id, width), record.digest)
            return part

        with ThreadPoolExecutor(THREADS) as pool:
            for some in _rounds(self._parts(window)):
                for part in pool.map(count, some):
                    whole.extend(part)
        return whole

    def records(self, window: Window, buckets: set[str], width: int) -> Iterator[Record]:
        """Give the items of some buckets, all of which are in the window."""
        for part in self._parts(window):
            for record in part():
                if bucket_of(record.occurred_at, record.card_id, width) in buckets:
                    yield record

    def all_records(self, wanted: Callable[[str], bool]) -> Records:
        """Give the items of some ids."""
        for item in self._items("scan"):
            if wanted(_identity(item)):
                yield of_item(item)

    def identities(self) -> Iterator[str]:
        """Give the ids of all items."""
        fields = f"transaction_id, {SUPERSEDED}"
        for item in self._items("scan", ProjectionExpression=fields):
            yield _identity(item)

    def _parts(self, window: Window) -> Iterator[Callable[[], Records]]:
        if self._merchants is None:
            segments = self._segments()
            for segment in range(segments):
                yield partial(self._scan, window, segment, segments)
        else:
            for merchant, month in product(self._merchants, window.months()):
                yield partial(self._query, window, f"{merchant}#{month}")

    def _segments(self) -> int:
        """Give as many as are read at a time, more for a large table: DynamoDB counts its items every six hours."""
        items = int(self._client.describe_table(TableName=self._name)["Table"].get("ItemCount", 0))
        return min(MOST_SEGMENTS, max(THREADS, items // ITEMS_PER_SEGMENT))

    def _scan(self, window: Window, segment: int, segments: int) -> Records:
        limits: dict[str, Any] = {}
        if not window.everything:
            limits = {
                "FilterExpression": "occurred_at >= :begin AND occurred_at < :end",
                "ExpressionAttributeValues": {":begin": {"S": window.begin}, ":end": {"S": window.end}},
            }
        yield from self._records("scan", Segment=segment, TotalSegments=segments, **limits)

    def _query(self, window: Window, merchant_bucket: str) -> Records:
        # time_id is occurred_at#transaction_id: all of a time sort after it and before the next one.
        yield from self._records(
            "query",
            IndexName=INDEX,
            KeyConditionExpression="merchant_bucket = :bucket AND time_id BETWEEN :begin AND :end",
            ExpressionAttributeValues={
                ":bucket": {"S": merchant_bucket},
                ":begin": {"S": window.begin},
                ":end": {"S": window.end},
            },
        )

    def _records(self, operation: str, **request: Any) -> Records:
        yield from map(of_item, self._items(operation, **request))

    def _items(self, operation: str, **request: Any) -> Iterator[Any]:
        # Whole items: what is billed is what is read. A mark holds no transaction (shared/sinks/item.py).
        for page in self._client.get_paginator(operation).paginate(TableName=self._name, **request):
            yield from (item for item in page["Items"] if SUPERSEDED not in item)


def _identity(item: Any) -> str:
    """Give an item's id; of one that was put there by hand, and has none, an empty text."""
    return str(item.get("transaction_id", {}).get("S", ""))


def _rounds(parts: Iterator[Callable[[], Records]]) -> Iterator[list[Callable[[], Records]]]:
    some: list[Callable[[], Records]] = []
    for part in parts:
        some.append(part)
        if len(some) == _ROUND:
            yield some
            some = []
    if some:
        yield some
