"""A result as Athena writes it to S3: CSV, every value in quotes, NULL as nothing at all; and read again from there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from local.athena.kinds import Kind

_PRECISIONS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "real": 7, "double": 17, "date": 0}
_PRECISIONS |= {"varchar": 2_147_483_647, "boolean": 0, "timestamp": 3, "unknown": 0}


def written(value: Any, kind: Kind) -> str | None:
    """A value as Athena's text of its type."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind.name == "decimal":
        return f"{Decimal(value):.{kind.scale}f}"
    if kind.name in ("double", "real"):
        return _double(float(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _double(value: float) -> str:
    """As Java's Double.toString: 1.0E10, 0.001, 1.0E-4."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = format(Decimal(repr(value)), "f")
        return text if "." in text else f"{text}.0"
    digits, _, exponent = f"{Decimal(repr(value)):E}".partition("E")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits if '.' in digits else f'{digits}.0'}E{int(exponent)}"


def to_csv(columns: Sequence[tuple[str, Kind]], rows: Sequence[Sequence[Any]]) -> bytes:
    """Header and rows."""
    lines = [",".join(_quoted(name) for name, _ in columns)]
    kinds = [kind for _, kind in columns]
    for row in rows:
        texts = (written(value, kind) for value, kind in zip(row, kinds, strict=True))
        lines.append(",".join("" if text is None else _quoted(text) for text in texts))
    return ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def from_csv(data: bytes) -> list[list[str | None]]:
    """The same back: header first; nothing between two commas is None, "" an empty text."""
    return list(_rows(data.decode()))


def _rows(text: str) -> Iterator[list[str | None]]:
    at, row = 0, list[str | None]()
    while at < len(text):
        value: str | None = None
        if text[at] == '"':
            end = at + 1
            while text[end] != '"' or text[end + 1 : end + 2] == '"':
                end += 2 if text[end] == '"' else 1
            value, at = text[at + 1 : end].replace('""', '"'), end + 1
        row.append(value)
        if text[at] == "\n":
            yield row
            row = []
        at += 1


def column_info(name: str, kind: Kind) -> dict[str, Any]:
    """A column of ResultSetMetadata."""
    precision = kind.precision if kind.name == "decimal" else _PRECISIONS[kind.name]
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": "float" if kind.name == "real" else kind.name,
        "Precision": precision,
        "Scale": kind.scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind.name == "varchar",
    }
