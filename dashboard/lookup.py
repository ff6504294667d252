"""What may be typed into the card lookup, and the questions it becomes; a full card number is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

PURCHASES_SHOWN = 1000
_CARD_ID = re.compile(r"[0-9a-f]{32}")
_LAST4 = re.compile(r"[0-9]{4}")
_NUMBER = re.compile(r"[0-9]{11,19}")

NOT_A_NUMBER = (
    "That looks like a full card number, which this page does not take: it was not looked up and is not kept. Type the "
    "last four digits, or run `swipeline transactions --card-number -`, which asks for it without showing it."
)
NOT_A_CARD = "Type the last four digits of a card, or its id of 32 characters (0 to 9, a to f)."


class NotACardError(ValueError):
    """What was typed names no card; the message says what would, and never holds what was typed."""


@dataclass(frozen=True)
class Lookup:
    """A card by its id, or cards by their last four digits."""

    card_id: str = ""
    last4: str = ""

    @property
    def where(self) -> str:
        return "card_id = :card_id" if self.card_id else "card_last4 = :card_last4"

    @property
    def parameters(self) -> dict[str, str]:
        return {"card_id": self.card_id} if self.card_id else {"card_last4": self.last4}


def read(text: str) -> Lookup:
    """What was typed. Raises NotACardError."""
    typed = re.sub(r"[\s-]", "", text).lower()
    if _CARD_ID.fullmatch(typed):
        return Lookup(card_id=typed)
    typed = typed.lstrip(".*x")
    if _LAST4.fullmatch(typed):
        return Lookup(last4=typed)
    raise NotACardError(NOT_A_NUMBER if _NUMBER.fullmatch(typed) else NOT_A_CARD)


def cards(lookup: Lookup) -> dict[str, str]:
    """The cards that match."""
    return {
        "cards": f"""
            SELECT card_id, card_last4, state, city, gender, birth_year, first_purchase_at, last_purchase_at,
                transactions, amount, frauds, alerts
            FROM mart.card WHERE {lookup.where} ORDER BY last_purchase_at DESC, card_id LIMIT 200"""
    }


def purchases() -> dict[str, str]:
    """The newest purchases of the card ``:card_id``."""
    return {
        "purchases": f"""
            SELECT occurred_at, merchant, category, amount, is_fraud, is_alert, score, reasons, transaction_id
            FROM mart.card_purchase WHERE card_id = :card_id
            ORDER BY occurred_at DESC, transaction_id LIMIT {PURCHASES_SHOWN}"""
    }


def around() -> dict[str, str]:
    """The purchases of the card ``:card_id`` between the times ``:begin`` and ``:end``, the newest first."""
    return {
        "purchases": f"""
            SELECT occurred_at, merchant, category, amount, is_fraud, is_alert, score, reasons, transaction_id
            FROM mart.card_purchase
            WHERE card_id = :card_id AND occurred_at BETWEEN CAST(:begin AS TIMESTAMP) AND CAST(:end AS TIMESTAMP)
            ORDER BY occurred_at DESC, transaction_id LIMIT {PURCHASES_SHOWN}"""
    }
