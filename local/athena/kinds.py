"""Trino's types, as far as the embedded Athena has them: names, DuckDB's names, and what operators make of them.

https://trino.io/docs/current/language/types.html and https://trino.io/docs/current/functions/decimal.html
"""

from __future__ import annotations

import re
from typing import NamedTuple

from local.athena.errors import QueryError, unsupported

MOST_DIGITS = 38
_INTEGERS = ("tinyint", "smallint", "integer", "bigint")
_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
_NAMES = {
    **{"int": "integer", "string": "varchar", "char": "varchar", "float": "real"},
    **{name: name for name in (*_INTEGERS, "real", "double", "boolean", "varchar", "date", "timestamp")},
}
_DUCKDB = {"real": "FLOAT", "timestamp": "TIMESTAMP", "varchar": "VARCHAR", "unknown": "INTEGER"}


class Kind(NamedTuple):
    """A type; ``precision`` and ``scale`` are a decimal's."""

    name: str
    precision: int = 0
    scale: int = 0

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.name == "decimal" else self.name

    @property
    def duckdb(self) -> str:
        """DuckDB's name of the type."""
        return str(self).upper() if self.name == "decimal" else _DUCKDB.get(self.name, self.name.upper())

    @property
    def is_integer(self) -> bool:
        return self.name in _INTEGERS

    @property
    def is_number(self) -> bool:
        return self.is_integer or self.name in ("decimal", "real", "double")

    @property
    def is_moment(self) -> bool:
        return self.name in ("date", "timestamp")

    @property
    def as_decimal(self) -> Kind:
        """An integer as the decimal that holds it."""
        return decimal(_DIGITS[self.name], 0) if self.is_integer else self


BOOLEAN, BIGINT, INTEGER, DOUBLE, REAL = (Kind(name) for name in ("boolean", "bigint", "integer", "double", "real"))
VARCHAR, DATE, TIMESTAMP = Kind("varchar"), Kind("date"), Kind("timestamp")
INTERVAL, UNKNOWN = Kind("interval"), Kind("unknown")  # unknown: NULL's type


def decimal(precision: int, scale: int) -> Kind:
    return Kind("decimal", min(precision, MOST_DIGITS), scale)


def of_catalog(text: str) -> Kind:
    """The type of a Glue column. Raises QueryError for one that is not supported here."""
    name = text.strip().lower()
    if found := re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", name):
        return decimal(int(found[1]), int(found[2]))
    if name == "decimal":
        return decimal(38, 0)
    plain = re.sub(r"^(varchar|char|timestamp)\(\d+\)$", r"\1", name)
    if plain not in _NAMES:
        raise unsupported(f"Type {text}")
    return Kind(_NAMES[plain])


def common(one: Kind, other: Kind) -> Kind | None:
    """The type that both become when they are compared or combined; None where Trino has none."""
    if one == other or other == UNKNOWN:
        return one
    if one == UNKNOWN:
        return other
    if one.is_number and other.is_number:
        return _common_number(one, other)
    return TIMESTAMP if one.is_moment and other.is_moment else None


def _common_number(one: Kind, other: Kind) -> Kind:
    for name in ("double", "real"):
        if name in (one.name, other.name):
            return Kind(name)
    if one.is_integer and other.is_integer:
        return max(one, other, key=lambda kind: _DIGITS[kind.name])
    left, right = one.as_decimal, other.as_decimal
    scale = max(left.scale, right.scale)
    return decimal(max(left.precision - left.scale, right.precision - right.scale) + scale, scale)


def arithmetic(operator: str, one: Kind, other: Kind) -> Kind:
    """The type of ``one operator other`` for + - * / and %. Raises QueryError where there is none."""
    if INTERVAL in (one, other):
        moment = other if one == INTERVAL else one
        if not moment.is_moment or operator not in "+-" or (operator == "-" and one == INTERVAL):
            raise mismatch(operator, one, other)
        return moment
    if UNKNOWN in (one, other):
        return one if other == UNKNOWN else other
    if not (one.is_number and other.is_number):
        raise mismatch(operator, one, other)
    joined = _common_number(one, other)
    if joined.name != "decimal":
        return joined
    a, b = one.as_decimal, other.as_decimal
    if operator == "*":
        return decimal(a.precision + b.precision, a.scale + b.scale)
    if operator == "/":
        return decimal(a.precision + b.scale + max(b.scale - a.scale, 0), joined.scale)
    if operator == "%":
        return decimal(min(b.precision - b.scale, a.precision - a.scale) + joined.scale, joined.scale)
    return decimal(joined.precision + 1, joined.scale)


def mismatch(operator: str, one: Kind, other: Kind) -> QueryError:
    return QueryError("TYPE_MISMATCH", f"Cannot apply operator: {one} {operator} {other}")
