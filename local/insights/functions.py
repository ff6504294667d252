"""The functions of Logs Insights on single values, and how values are shown and compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import orjson

from local.insights.structures import json_parse


def number(value: Any) -> float | int | None:
    """A value as a number, a text of digits too; None where it is none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        try:
            return float(value) if any(sign in value for sign in ".eE") else int(value)
        except ValueError:
            return None
    return None


def shown(value: Any) -> str:
    """A value as results show it."""
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)


def truth(value: Any) -> bool:
    """What counts as true in a filter: anything but nothing, 0 and false."""
    return value not in (None, 0, False, "", "0", "false")


def _numeric(function: Callable[[float], Any]) -> Callable[[Any], Any]:
    return lambda value: None if (found := number(value)) is None else function(found)


def _text(function: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else function(shown(value))


def _substr(value: Any, start: Any, length: Any = None) -> str | None:
    if value is None:
        return None
    end = None if length is None else int(start) + int(length)
    return shown(value)[int(start) : end]


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


# Name -> (function, fewest arguments, most arguments).
CALLS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "abs": (_numeric(abs), 1, 1),
    "jsonparse": (json_parse, 1, 1),
    "ceil": (_numeric(math.ceil), 1, 1),
    "floor": (_numeric(math.floor), 1, 1),
    "sqrt": (_numeric(lambda v: math.sqrt(v) if v >= 0 else None), 1, 1),
    "log": (_numeric(lambda v: math.log(v) if v > 0 else None), 1, 1),
    "strlen": (_text(len), 1, 1),
    "tolower": (_text(str.lower), 1, 1),
    "toupper": (_text(str.upper), 1, 1),
    "trim": (_text(str.strip), 1, 1),
    "ltrim": (_text(str.lstrip), 1, 1),
    "rtrim": (_text(str.rstrip), 1, 1),
    "substr": (_substr, 2, 3),
    "concat": (lambda *values: "".join(shown(v) for v in values if v is not None), 1, 20),
    "strcontains": (lambda value, part: int(value is not None and shown(part) in shown(value)), 2, 2),
    "replace": (lambda v, old, new: None if v is None else shown(v).replace(shown(old), shown(new)), 3, 3),
    "coalesce": (_coalesce, 1, 20),
    "ispresent": (lambda value: value is not None, 1, 1),
    "isempty": (lambda value: value in (None, ""), 1, 1),
    "isblank": (lambda value: value is None or not shown(value).strip(), 1, 1),
    "tomillis": (_numeric(int), 1, 1),
    "frommillis": (_numeric(int), 1, 1),
}
