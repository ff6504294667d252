"""Rows to test with: one good row, and how to vary it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.card_keys.ring import CardKeys
from shared.errors import RejectedError
from shared.transaction.model import parse_transaction
from shared.transaction.schema import Transaction

CARD_KEY = b"a key for tests only, of no stage"
CARD_KEYS = CardKeys.of(CARD_KEY)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CARD_NUMBER = "4111111111111111"

# As csv.DictReader gives it from a file in the Kaggle form.
CSV_ROW: dict[str, Any] = {
    "": "0",
    "trans_date_trans_time": "2020-07-01 08:00:00",
    "cc_num": CARD_NUMBER,
    "merchant": "fraud_Quill, Marsh and Daughters",
    "category": "grocery_pos",
    "amt": "41.07",
    "first": "Ada",
    "last": "Okafor",
    "gender": "F",
    "street": "12 Harbour Lane",
    "city": "Cambridge",
    "state": "MA",
    "zip": "02138",
    "lat": "42.3803",
    "long": "-71.1329",
    "city_pop": "105162",
    "job": "Hydrologist",
    "dob": "1971-02-28",
    "trans_num": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "unix_time": "1372665600",
    "merch_lat": "42.411002",
    "merch_long": "-70.999123",
    "is_fraud": "0",
}

# The same transaction as json.loads(..., parse_float=Decimal) gives it from the API.
JSON_ROW: dict[str, Any] = {
    "trans_date_trans_time": "2020-07-01T10:00:00.000+02:00",
    "cc_num": int(CARD_NUMBER),
    "merchant": "Quill, Marsh and Daughters",
    "category": "grocery_pos",
    "amt": Decimal("41.07"),
    "first": "Ada",
    "last": "Okafor",
    "gender": "F",
    "street": "12 Harbour Lane",
    "city": "Cambridge",
    "state": "MA",
    "zip": 2138,
    "lat": Decimal("42.3803"),
    "long": Decimal("-71.1329"),
    "city_pop": 105162,
    "job": "Hydrologist",
    "dob": "1971-02-28",
    "trans_num": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "merch_lat": Decimal("42.411002"),
    "merch_long": Decimal("-70.999123"),
    "is_fraud": False,
}


def parse(row: Any = None, **changes: Any) -> Transaction:
    """Parse the good row with some of its values changed."""
    return parse_transaction({**(row or CSV_ROW), **changes}, CARD_KEYS, NOW)


def findings(row: Any = None, **changes: Any) -> dict[str, str]:
    """Give why the good row is refused once some of its values are changed; empty if it is not."""
    try:
        parse(row, **changes)
    except RejectedError as error:
        return dict(error.errors)
    return {}
