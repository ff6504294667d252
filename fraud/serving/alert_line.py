"""Reads a line of the alert stream: an alert or a verdict that staging.alert_event takes, or bytes that are neither."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson

from shared.transaction.codec import BadLine


class _Column(NamedTuple):
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


_COLUMNS = {
    "transaction_id": _Column(lambda value: _text(64)(value) and bool(value)),
    "occurred_at": _Column(_moment),
    "card_id": _Column(_text(32)),
    "card_last4": _Column(_text(4)),
    "merchant_id": _Column(_text(16)),
    "category": _Column(_text(200)),
    "amount": _Column(_decimal(10)),
    "score": _Column(_decimal(1)),
    "threshold": _Column(_decimal(1)),
    "reasons": _Column(_text(2000)),
    "model": _Column(_text(100)),
    "shadow_score": _Column(_decimal(1), required=False),
    "shadow_model": _Column(_text(100), required=False),
    "is_alert": _Column(lambda value: isinstance(value, bool)),
    "alerted_at": _Column(_moment),
    "verdict": _Column(_text(10), required=False),
    "judged_by": _Column(_text(400), required=False),
    "judged_at": _Column(_moment, required=False),
}


def decode_alert(line: bytes) -> dict[str, Any] | BadLine:
    """Decode a line; never raises. Reasons name columns, never their values."""
    try:
        values = orjson.loads(line)
    except ValueError as error:
        return BadLine(line, str(error) if line else "the line is empty")
    if not isinstance(values, dict):
        return BadLine(line, "the line is not an alert: not a JSON object")
    for name, column in _COLUMNS.items():
        value = values.get(name)
        if value is None:
            if column.required:
                return BadLine(line, f"the line is not an alert: {name} is missing")
        elif not column.valid(value):
            return BadLine(line, f"the line is not an alert: {name} is not in its form")
    return values
