"""Why a row was refused: the slow second pass, whose messages teach and never hold a card number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.schema import IGNORED_SOURCES, OPTIONAL_SOURCES, REQUIRED_SOURCES


def luhn_valid(digits: str) -> bool:
    """Tell whether a digit string passes the Luhn check (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def explain(raw: Mapping[str, Any], today: str) -> list[tuple[str, str]]:
    """List every finding of a refused row as (column, reason); at least one."""
    known = {*REQUIRED_SOURCES, *OPTIONAL_SOURCES, *IGNORED_SOURCES}
    found = [(column, "the column is missing") for column in REQUIRED_SOURCES if column not in raw]
    found += [(str(column), "is no column of a transaction") for column in raw if column not in known]
    return found or [("row", "a value is not in the form that the API describes")]
