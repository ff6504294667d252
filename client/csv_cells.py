"""Cells of a CSV file that a spreadsheet shows and does not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What a spreadsheet may take for the begin of a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(row: Mapping[str, Any]) -> dict[str, Any]:
    """Put an apostrophe before each text that would be a formula; numbers stay, signs and all."""
    return {name: harmless_cell(value) for name, value in row.items()}


def harmless_cell(value: Any) -> Any:
    """Do so for one cell."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
