"""Cells of a CSV file that a spreadsheet shows and does not run; for every export, the dashboard's too."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

# What a spreadsheet may take for the begin of a formula: https://owasp.org/www-community/attacks/CSV_Injection
# Full-width and other forms of them (＝) it may take for the same, as NFKC does; the minus sign has no such form.
_FORMULA = ("=", "+", "-", "@", "\u2212")
_BREAKS = ("\t", "\r", "\n")


def harmless(row: Mapping[str, Any]) -> dict[str, Any]:
    """Put an apostrophe before each text that would be a formula; numbers stay, signs and all."""
    return {name: harmless_cell(value) for name, value in row.items()}


def harmless_cell(value: Any) -> Any:
    """Do so for one cell."""
    return f"'{value}" if isinstance(value, str) and _may_run(value) else value


def _may_run(text: str) -> bool:
    if text.startswith(_BREAKS):
        return True
    first = next((one for one in text if not one.isspace() and unicodedata.category(one) not in ("Cf", "Cc", "Mn")), "")
    return unicodedata.normalize("NFKC", first).startswith(_FORMULA)
