"""Which rows of a request are accepted, and what is wrong with the others. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from shared.card_keys.ring import CardKeys
from shared.card_numbers.masking import mask_text
from shared.errors import RejectedError
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction


class Decision(NamedTuple):
    """The rows of a request: (index, Transaction) of the good ones, (index, column, reason) for each finding."""

    accepted: list[tuple[int, Transaction]]
    errors: list[tuple[int, str, str]]
    rows: int


def decide(rows: list[Any], card_keys: CardKeys) -> Decision:
    """Parse every row on its own; findings are in row order, and never hold a card number."""
    accepted: list[tuple[int, Transaction]] = []
    errors: list[tuple[int, str, str]] = []
    objects = [row if isinstance(row, dict) else {} for row in rows]
    for index, (row, parsed) in enumerate(zip(rows, parse_many(objects, card_keys), strict=True)):
        if not isinstance(row, dict):
            errors.append((index, "", "a transaction must be a JSON object"))
        elif isinstance(parsed, RejectedError):
            errors += [(index, mask_text(field), mask_text(reason)) for field, reason in parsed.errors]
        else:
            accepted.append((index, parsed))
    return Decision(accepted, errors, len(rows))
