"""The lake by bucket: every object that arrived on the days in question, read as a stream, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import orjson

from client.archived import opened
from client.aws import Stage
from client.errors import ClientError
from client.reconcile.id_multiset import IdMultiset
from client.reconcile.records import NAMES, Record, of_line
from client.reconcile.tally import Tally
from client.reconcile.window import Window, bucket_of

PREFIX = "transactions/ingest_date="
THREADS = 8
_MERCHANT_AT = NAMES.index("merchant_id")


class Arrival(NamedTuple):
    """Days of arrival (UTC) that are looked at, `end` not included; None: without that limit."""

    first: date | None = None
    end: date | None = None


ALL_DAYS = Arrival()


@dataclass
class LakeSeen:
    """What the lake holds of a window, and how many lines it holds of the days, whatever their event time."""

    tally: Tally = field(default_factory=Tally)
    merchants: set[str] = field(default_factory=set)
    lines: int = 0
    objects: list[tuple[str, str, str]] = field(default_factory=list)  # key, first and last event time in the window
    ids: IdMultiset = field(default_factory=IdMultiset)  # where they are asked for
    damaged: dict[str, str] = field(default_factory=dict)  # objects that cannot be read, and why


Wanted = Callable[[str], bool]


class Lake:
    """Reads the lake of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._s3, self._bucket = stage.client("s3"), stage.output("LakeBucket")

    def look(self, window: Window, arrival: Arrival, width: int, with_ids: bool = False) -> LakeSeen:
        """Read all objects of the days once; one that is damaged is named, and counts for nothing."""
        seen = LakeSeen()

        def read(key: str) -> LakeSeen:
            of_object = LakeSeen()
            first, last = window.end, ""
            try:
                for record in self.lines(key):
                    of_object.lines += 1
                    if record.occurred_at not in window:
                        continue
                    of_object.tally.add(bucket_of(record.occurred_at, record.card_id, width), record.digest)
                    of_object.merchants.add(record.texts[_MERCHANT_AT])
                    if with_ids:
                        of_object.ids.add(record.identity)
                    first, last = min(first, record.occurred_at), max(last, record.occurred_at)
            except ClientError as error:
                return LakeSeen(damaged={key: str(error)})
            if last:
                of_object.objects.append((key, first, last))
            return of_object

        with ThreadPoolExecutor(THREADS) as pool:
            for part in pool.map(read, self._keys(arrival)):
                seen.tally.extend(part.tally)
                seen.merchants |= part.merchants
                seen.lines += part.lines
                seen.objects += part.objects
                seen.ids.extend(part.ids)
                seen.damaged |= part.damaged
        return seen

    def records(self, seen: LakeSeen, window: Window, buckets: set[str], width: int) -> Iterator[Record]:
        """Read again the objects that may hold something of some buckets, and give what they hold of them."""
        for key, first, last in seen.objects:
            if first < window.end and last >= window.begin:
                for record in self.lines(key):
                    in_window = record.occurred_at in window
                    if in_window and bucket_of(record.occurred_at, record.card_id, width) in buckets:
                        yield record

    def listed(self, arrival: Arrival) -> LakeSeen:
        """List the objects of the days without reading them."""
        return LakeSeen(objects=[(key, "", "") for key in self._keys(arrival)])

    def all_records(self, seen: LakeSeen, wanted: Wanted) -> Iterator[Record]:
        """Read all objects and give the lines of some ids; one that is damaged is named, and counts for nothing."""
        for key, _, _ in seen.objects:
            try:
                yield from list(self.lines(key, wanted))
            except ClientError as error:
                seen.damaged[key] = str(error)

    def identities(self, arrival: Arrival) -> Iterator[str]:
        """Give the ids of all lines that can be read."""
        for key in self._keys(arrival):
            try:
                with opened(self._s3, self._bucket, key) as lines:
                    yield from [orjson.loads(text)["transaction_id"] for text in lines]
            except (ClientError, orjson.JSONDecodeError, KeyError, TypeError):
                continue  # the comparison names it

    def _keys(self, arrival: Arrival) -> Iterator[str]:
        start = {"StartAfter": f"{PREFIX}{arrival.first}"} if arrival.first else {}
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix="transactions/", **start)
        for page in pages:
            for item in page.get("Contents", []):
                if arrival.end and item["Key"] >= f"{PREFIX}{arrival.end}":
                    return
                yield item["Key"]

    def lines(self, key: str, wanted: Wanted | None = None) -> Iterator[Record]:
        """Give an object's lines, of some ids. Raises ClientError, which names it, if it is not readable as a whole."""
        with opened(self._s3, self._bucket, key) as lines:
            for text in lines:
                try:
                    line = orjson.loads(text)
                    if wanted is None or wanted(line["transaction_id"]):
                        yield of_line(line)
                except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                    raise ClientError(
                        f"s3://{self._bucket}/{key} holds a line that is not a transaction (put there by hand?)."
                    ) from error
