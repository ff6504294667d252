"""The type of a text column: the narrowest that all its values have, as the built-in CSV classifier sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_INTEGER = re.compile(r"[+-]?\d{1,19}")
_DOUBLE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_MOST_BIGINT = 2**63 - 1


def type_of(value: str) -> str:
    """Give bigint, double, boolean or string. Dates are strings: the built-in classifier reads no other."""
    text = value.strip()
    if _INTEGER.fullmatch(text) and -_MOST_BIGINT - 1 <= int(text) <= _MOST_BIGINT:
        return "bigint"
    if _DOUBLE.fullmatch(text):
        return "double"
    return "boolean" if text.lower() in ("true", "false") else "string"


def common_type(types: Iterable[str]) -> str:
    """Give the type that holds all of them: bigint and double are double, any other mix is string."""
    found = set(types)
    if not found:
        return "string"
    if len(found) == 1:
        return found.pop()
    return "double" if found <= {"bigint", "double"} else "string"
