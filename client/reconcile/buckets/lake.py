"""The lake by bucket: every object that arrived on the days in question, read as a stream, several at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import orjson

from client.archived import opened
from client.aws import Stage
from client.errors import ClientError
from client.reconcile.buckets.differences import Record
from client.reconcile.buckets.tally import Tally
from client.reconcile.buckets.window import Window, bucket_of

PREFIX = "transactions/ingest_date="
THREADS = 8
VERSION_BYTES = 16


class Arrival(NamedTuple):
    """Days of arrival (UTC) that are looked at, `end` not included; None: without that limit."""

    first: date | None = None
    end: date | None = None


ALL_DAYS = Arrival()


class _Line(NamedTuple):
    occurred_at: str
    card_id: str
    merchant_id: str
    record: Record


@dataclass
class LakeSeen:
    """What the lake holds of a window, and how many lines it holds of the days, whatever their event time."""

    tally: Tally = field(default_factory=Tally)
    merchants: set[str] = field(default_factory=set)
    lines: int = 0
    objects: list[tuple[str, str, str]] = field(default_factory=list)  # key, first and last event time in the window


class Lake:
    """Reads the lake of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._s3, self._bucket = stage.client("s3"), stage.output("LakeBucket")

    def look(self, window: Window, arrival: Arrival, width: int) -> LakeSeen:
        """Read all objects of the days once. Raises ClientError on a line that is no transaction."""
        seen = LakeSeen()

        def read(key: str) -> LakeSeen:
            of_object = LakeSeen()
            first, last = window.end, ""
            for line in self._lines(key):
                of_object.lines += 1
                if line.occurred_at not in window:
                    continue
                of_object.tally.add(bucket_of(line.occurred_at, line.card_id, width), line.record.identity)
                of_object.merchants.add(line.merchant_id)
                first, last = min(first, line.occurred_at), max(last, line.occurred_at)
            if last:
                of_object.objects.append((key, first, last))
            return of_object

        with ThreadPoolExecutor(THREADS) as pool:
            for part in pool.map(read, self._keys(arrival)):
                seen.tally.extend(part.tally)
                seen.merchants |= part.merchants
                seen.lines += part.lines
                seen.objects += part.objects
        return seen

    def records(self, seen: LakeSeen, window: Window, buckets: set[str], width: int) -> Iterator[Record]:
        """Read again the objects that may hold something of some buckets, and give what they hold of them."""
        for key, first, last in seen.objects:
            if first < window.end and last >= window.begin:
                for line in self._lines(key):
                    in_window = line.occurred_at in window
                    if in_window and bucket_of(line.occurred_at, line.card_id, width) in buckets:
                        yield line.record

    def _keys(self, arrival: Arrival) -> Iterator[str]:
        start = {"StartAfter": f"{PREFIX}{arrival.first}"} if arrival.first else {}
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix="transactions/", **start)
        for page in pages:
            for item in page.get("Contents", []):
                if arrival.end and item["Key"] >= f"{PREFIX}{arrival.end}":
                    return
                yield item["Key"]

    def _lines(self, key: str) -> Iterator[_Line]:
        with opened(self._s3, self._bucket, key) as lines:
            for text in lines:
                try:
                    line = orjson.loads(text)
                    # A resend archives the same content again, which is allowed: the content is the version.
                    version = hashlib.blake2b(text.rstrip(b"\n"), digest_size=VERSION_BYTES).digest()
                    record = Record(line["transaction_id"], version)
                    yield _Line(line["occurred_at"], line["card_id"], line["merchant_id"], record)
                except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                    raise ClientError(
                        f"s3://{self._bucket}/{key} holds a line that is not a transaction (put there by hand?)."
                    ) from error
