"""A frame as a CSV file that a person can read and a spreadsheet can open safely."""

from __future__ import annotations

import csv
import io
from typing import Any

import pandas as pd

from client.csv_cells import harmless_cell
from dashboard.columns import IN_CENTS, IN_DAYS


def to_csv(data: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, which Excel needs: money to the cent, no cell a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([harmless_cell(str(name)) for name in data.columns])
    written = [[_text(name, value) for value in cells(data[name])] for name in data.columns]
    writer.writerows(zip(*written, strict=True))
    return out.getvalue().encode("utf-8-sig")


def cells(column: pd.Series[Any]) -> list[Any]:
    """Plain Python values; None where there is none, times as datetimes (a day's at midnight)."""
    if pd.api.types.is_datetime64_any_dtype(column):  # pandas' own timestamps may not reach as far as a datetime
        return list(column.to_numpy("datetime64[us]").tolist())
    return [None if not isinstance(value, list) and pd.isna(value) else value for value in column.tolist()]


def _text(name: str, value: Any) -> Any:
    if value is None:
        return ""
    if name in IN_CENTS and isinstance(value, float):
        return f"{value:.2f}"
    if hasattr(value, "isoformat"):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00") if name in IN_DAYS else value.isoformat(sep=" ")
    return harmless_cell(value)
