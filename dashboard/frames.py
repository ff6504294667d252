"""Results of the Redshift Data API as pandas frames, each column of the type that the warehouse says it has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

_WHOLE = {"int2", "int4", "int8"}
_FLOAT = {"float4", "float8"}
_TIME = {"date", "timestamp", "timestamptz"}


def frame(columns: list[dict[str, Any]], records: list[list[dict[str, Any]]]) -> pd.DataFrame:
    """A frame of GetStatementResult's ``ColumnMetadata`` and ``Records``.

    Whole numbers become Int64, NUMERIC with decimals and floats float64 (exact up to 15 digits, and only shown: sums
    are made in the warehouse, in DECIMAL), booleans boolean, dates and times datetime64 (UTC, no zone; in
    nanoseconds, or in microseconds where a year is before 1678 or after 2261), all else
    object. A null is the type's missing value.
    """
    values = [[_value(field) for field in record] for record in records]
    by_column = list(zip(*values, strict=True)) if values else [()] * len(columns)
    series = [_series(column, list(cells)) for column, cells in zip(columns, by_column, strict=True)]
    return pd.DataFrame({column["name"]: cells for column, cells in zip(columns, series, strict=True)})


def _series(column: dict[str, Any], cells: list[Any]) -> pd.Series[Any]:
    kind, scale = column.get("typeName", "varchar"), column.get("scale", 0)
    if kind in _WHOLE or (kind == "numeric" and scale == 0):
        return pd.Series([None if cell is None else int(cell) for cell in cells], dtype="Int64")
    if kind == "numeric" or kind in _FLOAT:
        return pd.Series([None if cell is None else float(cell) for cell in cells], dtype="float64")
    if kind == "bool":
        return pd.Series(cells, dtype="boolean")
    if kind in _TIME:
        texts = ["NaT" if cell is None else str(cell).partition("+")[0] for cell in cells]  # timestamptz ends in +00
        times = pd.Series(np.array(texts, dtype="datetime64[us]"))
        return (
            times.astype("datetime64[ns]")
            if times.dropna().between(pd.Timestamp.min, pd.Timestamp.max).all()
            else times
        )
    return pd.Series(cells, dtype="object")


def _value(field: dict[str, Any]) -> Any:
    """{"longValue": 3} -> 3, {"isNull": True} -> None."""
    ((kind, value),) = field.items()
    return None if kind == "isNull" else value
