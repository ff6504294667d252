"""A frame as a CSV file that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from typing import Any

import pandas as pd

# What a spreadsheet may take for the begin of a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(data: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, which Excel needs; a text that would be a formula gets an apostrophe before it."""
    safe = data.rename(columns=_harmless)
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(_harmless)
    return safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC).encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
