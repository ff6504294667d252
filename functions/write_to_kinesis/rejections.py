"""What the log says of refused rows: which row, which column and why, and its id where no number can be in that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shared.card_numbers.masking import mask_identifier
from shared.card_numbers.search import digits_of, holds_number
from shared.transaction.schema import SOURCES

_ID = re.compile(str(SOURCES["trans_num"].kind.stored)).fullmatch
_COLUMNS = SOURCES.keys() | {"row", ""}
# A reason quotes what it refuses; a request's line must stay below the 256 KB of a log event.
_QUOTED = re.compile('"[^"]*"(?:\\.\\.\\.)?')
_MOST_CHARACTERS = 160
_MOST_OF_ALL = 80_000


def describe_rejections(rows: Sequence[Any], errors: Sequence[tuple[int, str, str]]) -> list[dict[str, Any]]:
    """Give each refused row's index, its ``trans_num`` if that is an id without a card number, and its first finding.

    ``errors`` are (index, column, reason) in the order of the rows.
    """
    found: dict[int, dict[str, Any]] = {}
    for index, column, reason in errors:
        if index not in found:
            field = column if column in _COLUMNS else "an unknown column"
            text = _QUOTED.sub("(value)", reason)
            found[index] = {"index": index, "transaction_id": _id(rows[index]), "field": field, "reason": text}
    most = min(_MOST_CHARACTERS, _MOST_OF_ALL // max(1, len(found)))
    return [one | {"reason": one["reason"][:most]} for one in found.values()]


def _id(row: Any) -> str | None:
    """Give the row's id for the log; None for what is no id, or is or holds what may be a card number."""
    identifier = row.get("trans_num") if isinstance(row, Mapping) else None
    if not isinstance(identifier, str) or not _ID(identifier):
        return None
    if holds_number(identifier, digits_of(row.get("cc_num"))) or mask_identifier(identifier) != identifier:
        return None
    return identifier
