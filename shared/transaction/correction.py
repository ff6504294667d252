"""A correction: a content of a transaction with other values of some columns, with who made it and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.transaction.engine import ONE_COLUMN
from shared.transaction.explain import explain
from shared.transaction.ids import merchant_id
from shared.transaction.kinds import BLANKS
from shared.transaction.schema import FIELDS, Transaction

# What can be corrected: neither who paid nor when, which say where a transaction belongs. By the sender's column.
CORRECTABLE = ("amt", "merchant", "category", "merch_lat", "merch_long", "is_fraud")
(MOST_BY,) = (field.kind.limit for field in FIELDS if field.name == "corrected_by")  # characters


class CorrectionError(ValueError):
    """Values that a transaction cannot have: ``errors`` are (column, reason)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{column} {reason}" for column, reason in errors))
        self.errors = errors


def changed(one: Transaction, changes: Mapping[str, Any]) -> Transaction:
    """Give a content with other values of some columns, as senders write them. Raises CorrectionError."""
    if unknown := [column for column in changes if column not in CORRECTABLE]:
        raise CorrectionError([(one, f"cannot be corrected: choose from {', '.join(CORRECTABLE)}") for one in unknown])
    given = {column: _text(value) for column, value in changes.items()}
    if blank := [column for column, value in given.items() if value is None or not str(value).strip(BLANKS)]:
        raise CorrectionError([(column, "is empty: a correction gives a value") for column in blank])
    today = datetime.now(UTC).date().isoformat()
    reasons = [(column, why) for column, why in explain(given, today) if column in given]
    try:
        values = ONE_COLUMN.validate_python(given)
    except ValueError:
        raise CorrectionError(reasons or [(column, "is not valid") for column in given]) from None
    if reasons:  # a card number in a merchant's name
        raise CorrectionError(reasons)
    if "merchant" in values:
        values["merchant_id"] = merchant_id(values["merchant"])
    return one._replace(**values)


def corrected(one: Transaction, by: str, at: str) -> Transaction:
    """Give a content as a correction; ``at`` is UTC in ISO form with milliseconds."""
    return one._replace(corrected_at=at, corrected_by=by[:MOST_BY])


def differing(one: Transaction, other: Transaction) -> list[str]:
    """Name the fields that differ, those of a correction itself left out."""
    names = [name for name in one._fields if name not in ("corrected_at", "corrected_by")]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


def _text(value: Any) -> Any:
    """Give a JSON value as a sender's text: a float has more digits than were meant."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return repr(value) if isinstance(value, int | float) else value
