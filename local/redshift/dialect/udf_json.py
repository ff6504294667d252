"""JSON in text, in Python: numbers keep the digits they were written with."""

from __future__ import annotations

import json
from typing import Any


class _Number(float):
    """A number that prints as it was written."""

    def __new__(cls, written: str) -> _Number:
        made = super().__new__(cls, written)
        made.written = written  # type: ignore[attr-defined]
        return made

    def __repr__(self) -> str:
        return str(self.written)  # type: ignore[attr-defined]


def _load(value: str) -> Any:
    return json.loads(value, parse_float=_Number)


def _dump(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_dump(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_dump(item) for item in value) + "]"
    return repr(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else _dump(value)


def _parsed(value: str, safe: bool) -> Any:
    try:
        return _load(value)
    except ValueError as error:
        if safe:
            return None
        raise ValueError("JSON parsing error") from error


def _json_path(value: str, path: list[str], safe: bool) -> str | None:
    held = _parsed(value, safe)
    for element in path:
        if isinstance(held, dict) and element in held:
            held = held[element]
        else:
            return None
    return _text(held)


def _json_element(value: str, position: int, safe: bool) -> str | None:
    held = _parsed(value, safe)
    if held is None and safe:
        return None
    if not isinstance(held, list):
        if safe:
            return None
        raise ValueError("JSON array parsing error")
    return _text(held[position]) if 0 <= position < len(held) else None


def _json_length(value: str, safe: bool) -> int | None:
    held = _parsed(value, safe)
    if isinstance(held, list):
        return len(held)
    if safe:
        return None
    raise ValueError("JSON array parsing error")


def _json_valid(value: str, kind: str) -> bool:
    try:
        return isinstance(_load(value), list if kind == "array" else dict)
    except ValueError:
        return False


V, N, B = "VARCHAR", "INTEGER", "BOOLEAN"
FUNCTIONS: list[tuple[str, Any, list[str], str]] = [
    ("rs_json_path", _json_path, [V, "VARCHAR[]", B], V),
    ("rs_json_element", _json_element, [V, N, B], V),
    ("rs_json_length", _json_length, [V, B], N),
    ("rs_json_valid", _json_valid, [V, V], B),
]
