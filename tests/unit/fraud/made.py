"""Transactions and tables for the tests of fraud/."""

from __future__ import annotations

from decimal import Decimal
from math import exp
from typing import Any

from fraud.event import CELLS, OTHER, Event, event_of
from fraud.features import FEATURE_VERSION, FEATURES, Row, Tables
from fraud.fixture import fixture
from fraud.model import FORMAT, Model, fixture_rows
from shared.transaction.schema import Transaction

TABLES = Tables(tuple((cell * 37 % 121) / 10 - 6 for cell in range(CELLS)), tuple(2 + i / 7 for i in range(OTHER + 1)))


def split(
    feature: int, threshold: float, left: Any, right: Any, absent: int = 0, rows: tuple[int, int] = (90, 10)
) -> Any:
    """A node of a tree; with the counts of training rows on each side."""
    return [feature, threshold, left, right, absent, *rows]


TREES: list[Any] = [split(0, 500.0, -4.0, 1.0), split(6, 3.0, -1.0, 4.0)]
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


def document(**changes: Any) -> dict[str, Any]:
    """A small model's file: one tree on the amount, one on today's evidence. Its fixture has the scores of these."""
    made = {
        "format": FORMAT,
        "version": "made",
        "feature_version": FEATURE_VERSION,
        "features": list(FEATURES),
        "threshold": 0.5,
        "about": {},
        "reference": {name: {"edges": [1.0], "shares": [0.5, 0.5]} for name in (*FEATURES, "score")},
        "tables": TABLES._asdict(),
        "trees": TREES,
        "fixture": expected(TREES),
    }
    return made | changes


def expected(trees: list[Any]) -> dict[str, Any]:
    """The fixture with the scores of the given trees."""
    transactions = fixture()
    scores = [1 / (1 + exp(-raw)) for raw in _sums(trees, fixture_rows(transactions, TABLES))]
    return {"transactions": transactions, "scores": scores}


def model(**changes: Any) -> Model:
    """That model, loaded."""
    return Model(document(**changes))


def _sums(trees: list[Any], rows: list[Row]) -> list[float]:
    """A walk that knows nothing of the compiled one."""

    def leaf(node: Any, row: Row) -> float:
        while isinstance(node, list):
            value = row[node[0]]
            node = node[2] if value <= node[1] or (value != value and node[4]) else node[3]
        return float(node)

    return [sum(leaf(tree, row) for tree in trees) for row in rows]
