"""Rows as senders send them, and the transactions they become: simulated, none of the data set's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fraud.alert import Alert
from shared.card_keys.ring import CardKeys
from shared.transaction.model import parse_transaction
from shared.transaction.schema import Transaction

CARD_KEY = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
CARD_KEYS = CardKeys.of(CARD_KEY)
CARD_NUMBER = "4992346398065154048"


def raw_row(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A valid row; rows of different numbers are different transactions of different cards. None drops a column."""
    row = {
        "trans_date_trans_time": f"2020-06-21 12:{number // 60 % 60:02d}:{number % 60:02d}",
        "cc_num": str(int(CARD_NUMBER) - number),
        "merchant": "fraud_Oak & Sons Hardware",
        "category": "home",
        "amt": "2.86",
        "first": "Nora",
        "last": "Testman",
        "gender": "F",
        "street": "12 Example Lane",
        "city": "Springfield",
        "state": "OR",
        "zip": "97477",
        "lat": "44.0462",
        "long": "-122.9827",
        "city_pop": "61851",
        "job": "Bridge engineer",
        "dob": "1979-02-28",
        "trans_num": f"{number:032x}",
        "merch_lat": "44.112233",
        "merch_long": "-123.200714",
        "is_fraud": "0",
    } | changes
    return {column: value for column, value in row.items() if value is not None}


def transaction(number: int = 0, **changes: Any) -> Transaction:
    """The transaction that such a row becomes."""
    return parse_transaction(raw_row(number, **changes), CARD_KEYS)


def an_alert(transaction_id: str = "t1") -> Alert:
    """An alert as detect-fraud raises it."""
    return Alert(
        transaction_id=transaction_id,
        occurred_at="2020-06-21T12:14:25",
        card_id="0" * 32,
        card_last4="1234",
        merchant_id="0" * 16,
        category="gas",
        amount=Decimal("12.50"),
        score=Decimal("0.900000000"),
        threshold=Decimal("0.800000000"),
        reasons="amount",
        model="1",
        shadow_score=None,
        shadow_model=None,
        is_alert=True,
        alerted_at="2020-06-21T12:14:26.125Z",
    )
