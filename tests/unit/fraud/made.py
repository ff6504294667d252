"""Transactions and tables for the tests of fraud/."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fraud.event import CELLS, OTHER, Event, event_of
from fraud.features import Tables
from shared.schema import Transaction

TABLES = Tables(tuple((cell * 37 % 121) / 10 - 6 for cell in range(CELLS)), tuple(2 + i / 7 for i in range(OTHER + 1)))
_BLANK: dict[str, Any] = dict.fromkeys(Transaction._fields, "")


def purchase(occurred_at: str = "2024-05-10 12:00:00", amount: str = "25.00", **fields: Any) -> Transaction:
    """A transaction; the id is its time and amount unless given."""
    defaults = {"card_id": "a", "category": "home", "gender": "F", "date_of_birth": "1980-01-01", "is_fraud": None}
    made = {"occurred_at": occurred_at.replace(" ", "T") + ".000Z", "amount": Decimal(amount)}
    made["transaction_id"] = f"{occurred_at}{amount}"
    return Transaction(**(_BLANK | defaults | made | fields))


def event(occurred_at: str = "2024-05-10 12:00:00", amount: str = "25.00", **fields: Any) -> Event:
    """The event of such a transaction."""
    return event_of(purchase(occurred_at, amount, **fields))
