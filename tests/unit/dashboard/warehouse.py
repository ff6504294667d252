"""An embedded warehouse in this process for the pages, filled by the row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.warehouse import Own
from dashboard import source
from dashboard.data_api import Marts
from shared.warehouse.marts import rebuild

CORE = ("core.transaction", "core.customer", "core.merchant", "core.alert", "core.verdict", "staging.transaction")
Row = dict[str, Any]


def purchase(number: int, **changes: Any) -> Row:
    """A transaction: all of it follows from its number."""
    return {
        "transaction_id": f"{number:032x}",
        "occurred_at": f"2020-0{1 + number % 6}-{1 + number % 28:02d} {number % 24:02d}:14:00",
        "card_id": f"{number % 5:032x}",
        "card_key_id": "1",
        "card_last4": f"{number % 5:04d}",
        "customer_id": f"{number % 5:016x}",
        "merchant_id": f"{number % 3:016x}",
        "merchant": f"Merchant {number % 3}",
        "category": ("home", "travel")[number % 2],
        "amount": f"{number}.25",
        "first_name": "Jeff",
        "last_name": "O'Neil",
        "gender": "FM"[number % 5 % 2],
        "street": "351 Darlene Green",
        "city": "Springfield",
        "state": ("SC", "NY")[number % 5 % 2],
        "zip": "00501",
        "latitude": 33.9659,
        "longitude": -80.9355,
        "city_population": 1000,
        "job": "Engineer",
        "date_of_birth": "1968-03-19",
        "merchant_latitude": 33.986391,
        "merchant_longitude": -81.200714,
        "is_fraud": number % 7 == 0,
    } | changes


def fill(own: Own, rows: Iterable[Row], flagged: Iterable[Row] = ()) -> None:
    """Exactly these rows, merged and in the marts, with an alert for each of ``flagged``."""
    own.run(*(f"DELETE FROM {table}" for table in CORE))
    rebuild(own.warehouse, 60)
    rows = list(rows)
    if rows:
        values = ", ".join(f"({', '.join(map(_literal, row.values()))})" for row in rows)
        own.run(f"INSERT INTO staging.transaction ({', '.join(rows[0])}) VALUES {values}")
        own.merge()
    for row in flagged:
        names = ("transaction_id", "occurred_at", "card_id", "card_last4", "merchant_id", "category", "amount")
        found = [*(row[name] for name in names), "0.9", "0.5", "a reason", "m1", True, row["occurred_at"]]
        columns = (*names, "score", "threshold", "reasons", "model", "is_alert", "alerted_at", "merged_at")
        values = f"{', '.join(map(_literal, found))}, GETDATE()"
        own.run(f"INSERT INTO core.alert ({', '.join(columns)}) VALUES ({values})")
    own.refresh()


def _literal(value: Any) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def connect(own: Own) -> Marts:
    """The dashboard's way to it, and nothing kept of an earlier content."""
    source.forget()
    return Marts(own.warehouse)
