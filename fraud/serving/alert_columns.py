"""The columns of staging.alert_event, and which values each takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A column of staging.alert_event: which values it takes, and whether it must have one."""

    valid: Callable[[Any], bool]
    required: bool = True


def _text(most_bytes: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and "\0" not in value and len(value.encode()) <= most_bytes


def _decimal(whole_digits: int) -> Callable[[Any], bool]:
    def valid(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return False
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            return False
        return number.is_finite() and abs(number) < 10**whole_digits

    return valid


def _moment(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


COLUMNS = {
    "transaction_id": Column(lambda value: _text(64)(value) and bool(value)),
    "occurred_at": Column(_moment),
    "card_id": Column(_text(32)),
    "card_last4": Column(_text(4)),
    "merchant_id": Column(_text(16)),
    "category": Column(_text(200)),
    "amount": Column(_decimal(10)),
    "score": Column(_decimal(1)),
    "threshold": Column(_decimal(1)),
    "reasons": Column(_text(2000)),
    "model": Column(_text(100)),
    "shadow_score": Column(_decimal(1), required=False),
    "shadow_model": Column(_text(100), required=False),
    "is_alert": Column(lambda value: isinstance(value, bool)),
    "alerted_at": Column(_moment),
    "verdict": Column(_text(10), required=False),
    "judged_by": Column(_text(400), required=False),
    "judged_at": Column(_moment, required=False),
}
