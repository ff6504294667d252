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
from client.reconcile.buckets.differences import Record
from client.reconcile.buckets.tally import Tally
from client.reconcile.buckets.window import Window, bucket_of

THREADS = 8
SEGMENTS = 32
INDEX = "merchant-time"
_ROUND = 1000  # partitions whose results may wait in memory at a time

Keys = Iterator[tuple[str, str]]  # card_id, time_id


class Table:
    """Reads the table of a stage; `merchants` None: by scan."""

    def __init__(self, stage: Stage, merchants: Iterable[str] | None) -> None:
        self._client, self._name = stage.client("dynamodb"), stage.output("TableName")
        self._merchants = None if merchants is None else sorted(merchants)

    def tally(self, window: Window, width: int) -> Tally:
        """Count the items of a window."""
        whole = Tally()

        def count(keys: Callable[[], Keys]) -> Tally:
            part = Tally()
            for card_id, time_id in keys():
                occurred_at, identity = time_id.split("#", 1)
                part.add(bucket_of(occurred_at, card_id, width), identity)
            return part

        with ThreadPoolExecutor(THREADS) as pool:
            for some in _rounds(self._parts(window)):
                for part in pool.map(count, some):
                    whole.extend(part)
        return whole

    def records(self, window: Window, buckets: set[str], width: int) -> Iterator[Record]:
        """Give the items of some buckets, all of which are in the window."""
        for part in self._parts(window):
            for card_id, time_id in part():
                occurred_at, identity = time_id.split("#", 1)
                if bucket_of(occurred_at, card_id, width) in buckets:
                    yield Record(identity)

    def _parts(self, window: Window) -> Iterator[Callable[[], Keys]]:
        if self._merchants is None:
            for segment in range(SEGMENTS):
                yield partial(self._scan, window, segment)
        else:
            for merchant, month in product(self._merchants, window.months()):
                yield partial(self._query, window, f"{merchant}#{month}")

    def _scan(self, window: Window, segment: int) -> Keys:
        limits: dict[str, Any] = {}
        if not window.everything:
            limits = {
                "FilterExpression": "occurred_at >= :begin AND occurred_at < :end",
                "ExpressionAttributeValues": {":begin": {"S": window.begin}, ":end": {"S": window.end}},
            }
        yield from self._keys("scan", Segment=segment, TotalSegments=SEGMENTS, **limits)

    def _query(self, window: Window, merchant_bucket: str) -> Keys:
        # time_id is occurred_at#transaction_id: all of a time sort after it and before the next one.
        yield from self._keys(
            "query",
            IndexName=INDEX,
            KeyConditionExpression="merchant_bucket = :bucket AND time_id BETWEEN :begin AND :end",
            ExpressionAttributeValues={
                ":bucket": {"S": merchant_bucket},
                ":begin": {"S": window.begin},
                ":end": {"S": window.end},
            },
        )

    def _keys(self, operation: str, **request: Any) -> Keys:
        pages = self._client.get_paginator(operation).paginate(
            TableName=self._name, ProjectionExpression="card_id, time_id", **request
        )
        for page in pages:
            for item in page["Items"]:
                yield item["card_id"]["S"], item["time_id"]["S"]


def _rounds(parts: Iterator[Callable[[], Keys]]) -> Iterator[list[Callable[[], Keys]]]:
    some: list[Callable[[], Keys]] = []
    for part in parts:
        some.append(part)
        if len(some) == _ROUND:
            yield some
            some = []
    if some:
        yield some
