"""What the built-in CSV classifier makes of a file's beginning: delimiter, header, names and types of its columns."""

from __future__ import annotations

import csv
import re

from local.crawler.table import Column, Format
from local.crawler.values import common_type, type_of

DELIMITERS = (",", "|", "\t", ";")
_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_LONGEST_NAME = 150


def csv_schema(text: str, *, whole: bool) -> tuple[list[Column], Format] | None:
    """Read the first rows; None when they are no CSV of two columns at least. ``whole``: the file ends with it."""
    if not whole:
        text = text[: text.rfind("\n") + 1]
    for delimiter in DELIMITERS:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
        if rows and len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows[:2]):
            return _schema(rows, delimiter, '"' in text)
    return None


def _schema(rows: list[list[str]], delimiter: str, quoted: bool) -> tuple[list[Column], Format]:
    header = _has_header(rows)
    body = [row for row in (rows[1:] if header else rows) if len(row) == len(rows[0])]
    names = _names(rows[0]) if header else [f"col{index}" for index in range(len(rows[0]))]
    types = [common_type(type_of(row[index]) for row in body if row[index].strip()) for index in range(len(names))]
    parameters = {
        "classification": "csv",
        "delimiter": delimiter,
        "columnsOrdered": "true",
        "areColumnsQuoted": "true" if quoted else "false",
    }
    if header:
        parameters["skip.header.line.count"] = "1"
    columns = [Column(name, kind) for name, kind in zip(names, types, strict=True)]
    return columns, Format("csv", _INPUT, _OUTPUT, _SERDE, {"field.delim": delimiter}, parameters)


def _has_header(rows: list[list[str]]) -> bool:
    """Apply the classifier's rules: every name a text of up to 150 characters, and the rows below of other types."""
    first = rows[0]
    if any(len(cell) > _LONGEST_NAME for cell in first) or any(type_of(cell) != "string" for cell in first if cell):
        return False
    if not all(cell.strip() for cell in first[:-1][1:]):  # the last may be empty, and pandas leaves the first so
        return False
    return any(type_of(cell) != "string" for row in rows[1:] for cell in row if cell.strip())


def _names(header: list[str]) -> list[str]:
    names: list[str] = []
    for index, cell in enumerate(header):
        name = re.sub(r"[^\w ]", "_", cell.lstrip("\ufeff").strip().lower()) or f"col{index}"
        names.append(name if name not in names else f"{name}_{index}")
    return names
