"""A frame as a CSV file that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv

import pandas as pd

from client.csv_cells import harmless_cell


def to_csv(data: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, which Excel needs; a text that would be a formula gets an apostrophe before it."""
    safe = data.rename(columns=harmless_cell)
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(harmless_cell)
    return safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC).encode("utf-8-sig")
