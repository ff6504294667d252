"""Files of lines, as Spark hands them to the parser, and what it makes of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from glue.rows import Parser
from tests.rows import CARD_KEYS, CSV_ROW

FILE = "s3://raw/transactions/a.csv"
COLUMNS = tuple(CSV_ROW)


def line(columns: Sequence[str] = COLUMNS, **changes: Any) -> bytes:
    """A good row as a line of CSV, without its line end; columns are named as in the file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow({**CSV_ROW, **changes}.get(column, "") for column in columns)
    return text.getvalue().encode()


def header(columns: Sequence[str] = COLUMNS) -> bytes:
    return ",".join(columns).encode()


def batch(lines: Iterable[bytes], block: int = 0, file: str = FILE) -> pa.RecordBatch:
    values = list(lines)
    return pa.RecordBatch.from_arrays(
        [pa.array(values, pa.binary()), pa.array([file] * len(values)), pa.array([block] * len(values), pa.int64())],
        names=["value", "file", "block"],
    )


def parse(*batches: pa.RecordBatch, headers: dict[str, Sequence[str]] | None = None) -> list[dict[str, Any]]:
    """All rows that the parser gives, of one partition."""
    parser = Parser(headers or {FILE: COLUMNS}, CARD_KEYS)
    return [row for out in parser(iter(batches)) for row in out.to_pylist()]


def good(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["transaction_id"] is not None]


def refused(rows: list[dict[str, Any]]) -> list[tuple[int, list[list[str]]]]:
    """(row within the block, [[field, reason], ...]) of each refused line."""
    return [(row["row"], json.loads(row["reasons"])) for row in rows if row["reasons"] is not None]


def counted(rows: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    """(file, block, lines) of each block."""
    return [(row["file"], row["block"], row["lines"]) for row in rows if row["lines"] is not None]
