"""Reads a line of the alert stream: an alert or a verdict that staging.alert_event takes, or bytes that are neither."""

from __future__ import annotations

from typing import Any

import orjson

from fraud.serving.alert_columns import COLUMNS
from shared.transaction.codec import BadLine


def decode_alert(line: bytes) -> dict[str, Any] | BadLine:
    """Decode a line; never raises. Reasons name columns, never their values."""
    try:
        values = orjson.loads(line)
    except ValueError as error:
        return BadLine(line, str(error) if line else "the line is empty")
    if not isinstance(values, dict):
        return BadLine(line, "the line is not an alert: not a JSON object")
    for name, column in COLUMNS.items():
        value = values.get(name)
        if value is None:
            if column.required:
                return BadLine(line, f"the line is not an alert: {name} is missing")
        elif not column.valid(value):
            return BadLine(line, f"the line is not an alert: {name} is not in its form")
    return values
