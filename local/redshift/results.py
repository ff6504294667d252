"""Result rows in the Data API's form: typed Field unions, cut into pages, CSV for GetStatementResultV2."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import json
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from local.redshift.errors import SqlError
from local.redshift.types import column_metadata

_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001  only its clock is used
PAGE_ROWS = 1000
PAGE_BYTES = 1024 * 1024
MAX_RESULT_BYTES = 500 * 1024 * 1024  # "Maximum query result size: 500 MB"
COMPRESSED_BYTES = 64 * 1024  # from this size on a page is kept compressed
Field = dict[str, Any]


def field(value: Any) -> Field:
    """One value as a Field: numerics, dates and times travel as text, so that no digit is lost."""
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, bytes):
        return {"blobValue": base64.b64encode(value).decode()}
    return {"stringValue": text(value)}


def text(value: Any) -> str:
    """A value as Redshift prints it."""
    if isinstance(value, dt.datetime):
        zone = value.strftime("%z")
        stamp = value.replace(tzinfo=None).isoformat(" ")
        stamp = stamp.rstrip("0") if "." in stamp else stamp
        return stamp + (zone[:3] if zone else "")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.timedelta):
        return _interval(value)
    return str(value)


def _interval(value: dt.timedelta) -> str:
    """An interval: 1 day 02:00:00."""
    negative = value.days < 0
    value = abs(value)
    days = f"{value.days} day{'s' if value.days != 1 else ''}" if value.days else ""
    clock = _EPOCH + dt.timedelta(seconds=value.seconds, microseconds=value.microseconds)
    shown = clock.time().isoformat() if clock != _EPOCH or not days else ""
    shown = shown.rstrip("0") if "." in shown else shown
    return " ".join(f"{'-' if negative else ''}{part}" for part in (days, shown) if part)


class Result:
    """The result set of one statement: `columns` is ColumnMetadata, `pages` are JSON texts of lists of rows.

    Large pages are compressed: 500 MB of text would not fit beside the rest of a laptop.
    """

    def __init__(self, columns: list[dict[str, object]]) -> None:
        self.columns = columns
        self.pages: list[str | bytes] = []
        self.rows = 0
        self.size = 0

    @classmethod
    def of(cls, cursor: Any) -> Result:
        """Drain a DuckDB cursor. Raises SqlError when the result is over the Data API's limit."""
        result = cls([column_metadata(str(column[0]), str(column[1])) for column in cursor.description])
        for page in _pages(cursor):
            encoded = json.dumps([[field(value) for value in row] for row in page], separators=(",", ":"))
            large = len(encoded) >= COMPRESSED_BYTES
            result.pages.append(zlib.compress(encoded.encode(), 1) if large else encoded)
            result.rows += len(page)
            result.size += len(encoded)
            if result.size > MAX_RESULT_BYTES:
                raise SqlError("Query result size exceeded the limit of 500 MB")
        return result


def _pages(cursor: Any) -> Iterator[list[tuple[Any, ...]]]:
    page: list[tuple[Any, ...]] = []
    size = 0
    while batch := cursor.fetchmany(PAGE_ROWS):
        for row in batch:
            weight = sum(len(value) if isinstance(value, (str, bytes)) else 16 for value in row)
            if page and (len(page) == PAGE_ROWS or size + weight > PAGE_BYTES):
                yield page
                page, size = [], 0
            page.append(row)
            size += weight
    if page:
        yield page


def csv_page(columns: list[dict[str, object]], rows: list[list[Field]]) -> str:
    """A page as CSV with a header line: the form of CSVRecords."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column["name"] for column in columns])
    for row in rows:
        writer.writerow(["" if "isNull" in item else _plain(next(iter(item.values()))) for item in row])
    return out.getvalue()


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
