"""What a replay will copy: the lake's objects of some days, cut into parts, each with its manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from client.aws import Stage
from client.errors import ClientError
from shared.warehouse.sql import DIRECTORY, fill_in

PART_BYTES = 256 * 1024 * 1024  # compressed: some millions of rows, a merge of a minute or so
PART_OBJECTS = 1000


class LakeObject(NamedTuple):
    """An object of the lake, and its size in bytes."""

    key: str
    size: int


class Days(NamedTuple):
    """Days of arrival in UTC: the first, and the one after the last."""

    first: date
    end: date

    @property
    def name(self) -> str:
        """Names the window in keys: 2026-11-01_2026-11-03."""
        return f"{self.first}_{self.end}"

    def __iter__(self) -> Iterator[date]:
        for number in range((self.end - self.first).days):
            yield self.first + timedelta(days=number)


def read_days(first: str, end: str | None, today: date) -> Days:
    """Read ``--from`` and ``--to`` (which is not included; by default all until now). Raises ClientError."""
    try:
        begin = date.fromisoformat(first)
        stop = date.fromisoformat(end) if end else today + timedelta(days=1)
    except ValueError as error:
        raise ClientError(f"Expected a day in UTC, e.g. 2026-11-24: {error}.") from error
    if begin >= stop:
        raise ClientError(f"--to must be after --from: {begin} to {stop} contains no day.")
    return Days(begin, stop)


def lake_objects(stage: Stage, days: Iterable[date]) -> Iterator[LakeObject]:
    """Give the lake's objects of the days, within a shard in the order of the stream. One list call per 1,000."""
    pages = stage.client("s3").get_paginator("list_objects_v2")
    for day in days:
        prefix = f"transactions/ingest_date={day}/"
        for page in pages.paginate(Bucket=stage.output("LakeBucket"), Prefix=prefix):
            for item in page.get("Contents", []):
                yield LakeObject(item["Key"], item["Size"])


def parts(
    objects: Iterable[LakeObject], most_bytes: int = PART_BYTES, most_objects: int = PART_OBJECTS
) -> Iterator[list[LakeObject]]:
    """Split into parts within the limits of bytes and objects; a larger object is a part of its own."""
    part: list[LakeObject] = []
    size = 0
    for one in objects:
        if part and (size + one.size > most_bytes or len(part) == most_objects):
            yield part
            part, size = [], 0
        part.append(one)
        size += one.size
    if part:
        yield part


def manifest(bucket: str, keys: Iterable[str]) -> bytes:
    """Give a manifest of COPY, from redshift/manifest_template.json. Raises ValueError on a key of odd characters."""
    template = _template()
    entries = [json.loads(fill_in(template, {"BUCKET": bucket, "KEY": key}))["entries"][0] for key in keys]
    return json.dumps({"entries": entries}, indent=1).encode()


@cache
def _template() -> str:
    return (DIRECTORY / "manifest_template.json").read_text(encoding="utf-8")
