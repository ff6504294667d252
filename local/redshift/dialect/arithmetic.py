"""Arithmetic of numbers with Redshift's precision and errors, and of dates, timestamps and intervals."""

from __future__ import annotations

import re
from decimal import Decimal

from local.redshift.dialect import casts
from local.redshift.dialect.scope import E
from local.redshift.dialect.types import (
    DATE,
    FLOAT8,
    INT4,
    INTERVAL,
    OTHER,
    SUPER,
    TIMESTAMP,
    TIMESTAMPTZ,
    Type,
    as_numeric,
    computed,
)
from local.redshift.errors import SqlError


def as_number(e: E, other: Type) -> E:
    if e.type == SUPER:
        return casts.cast(e, FLOAT8)
    if other.is_integer and e.literal is not None:
        return casts.cast(e, other)
    if other.kind == "numeric" and e.literal is not None:
        number = Decimal(e.literal.strip() or "x") if re.fullmatch(r"\s*[+-]?\d+(\.\d+)?\s*", e.literal) else None
        if number is None:
            raise SqlError(f'invalid input syntax for type numeric: "{e.literal}"', "22P02")
        return casts.cast(e, other)
    return casts.cast(e, FLOAT8)


def compute(operator: str, left: E, right: E) -> E:
    kind = computed(operator, left.type, right.type)
    if operator in "/%" and right.literal is not None and not right.literal.strip("-0."):
        raise SqlError("Divide by zero", "22012")
    checked = right.sql if right.literal is not None else f"rs_nonzero({right.sql})"
    if kind.is_integer:
        a, b = (
            f"CAST({side.sql} AS {kind.duckdb})" if side.type != kind or side.literal is not None else side.sql
            for side in (left, E(checked, right.type, right.literal) if operator in "/%" else right)
        )
        return E(f"({a} {'//' if operator == '/' else operator} {b})", kind)
    if kind.is_float:
        a, b = (f"CAST({side.sql} AS {kind.duckdb})" for side in (left, E(checked, right.type)))
        if operator not in "/%":
            b = f"CAST({right.sql} AS {kind.duckdb})"
        return E(f"({a} {operator} {b})", kind)
    a, b = (
        f"CAST({side.sql} AS {as_numeric(side.type).duckdb})" if side.type.is_integer else side.sql
        for side in (left, right)
    )
    if operator == "/":
        return E(divide(a, as_numeric(left.type).scale, b, as_numeric(right.type).scale, kind), kind)
    if operator == "%":
        return E(f"CAST({a} % {checked} AS {kind.duckdb})", kind)
    return E(f"CAST({a} {operator} {b} AS {kind.duckdb})", kind)


def unscaled(sql: str, scale: int) -> str:
    """A decimal's digits as a whole number."""
    if not scale:
        return f"CAST({sql} AS HUGEINT)"
    return f"CAST({sql} * CAST({10**scale} AS DECIMAL({scale + 1},0)) AS HUGEINT)"


def scaled(sql: str, kind: Type) -> str:
    """A whole number's digits as the decimal `kind`."""
    if not kind.scale:
        return f"CAST({sql} AS {kind.duckdb})"
    unit = "0." + "0" * (kind.scale - 1) + "1"
    whole = f"CAST({sql} AS DECIMAL(37,0))"
    return f"CAST({whole} * CAST('{unit}' AS DECIMAL(38,{kind.scale})) AS {kind.duckdb})"


def divide(a: str, a_scale: int, b: str, b_scale: int, kind: Type) -> str:
    """a / b, exact to the result's scale and cut there."""
    shift = 10 ** max(kind.scale - a_scale + b_scale, 0)
    return scaled(f"({unscaled(a, a_scale)} * {shift}::HUGEINT) // rs_nonzero({unscaled(b, b_scale)})", kind)


def moments(operator: str, left: E, right: E) -> E:
    kinds = (left.type.kind, right.type.kind)
    if left.type == OTHER or right.type == OTHER:
        return E(f"({left.sql} {operator} {right.sql})", OTHER)
    if kinds == ("date", "date") and operator == "-":
        return E(f"CAST({left.sql} - {right.sql} AS INTEGER)", INT4)
    if left.type.kind == "date" and right.type.is_integer and operator in "+-":
        return E(f"({left.sql} {operator} CAST({right.sql} AS INTEGER))", DATE)
    if right.type.kind == "date" and left.type.is_integer and operator == "+":
        return E(f"({right.sql} + CAST({left.sql} AS INTEGER))", DATE)
    if left.type.is_time and right.type.kind == "interval" and operator in "+-":
        held = casts.cast(left, TIMESTAMP) if left.type == DATE else left
        return E(f"({held.sql} {operator} {right.sql})", held.type)
    if right.type.is_time and left.type.kind == "interval" and operator == "+":
        held = casts.cast(right, TIMESTAMP) if right.type == DATE else right
        return E(f"({held.sql} + {left.sql})", held.type)
    if left.type.is_time and right.type.is_time and operator == "-":
        target = TIMESTAMPTZ if "timestamptz" in kinds else TIMESTAMP
        return E(f"({casts.cast(left, target).sql} - {casts.cast(right, target).sql})", INTERVAL)
    if kinds == ("interval", "interval") and operator in "+-":
        return E(f"({left.sql} {operator} {right.sql})", INTERVAL)
    if left.type.kind == "interval" and right.type.is_number and operator in "*/":
        return E(f"({left.sql} {operator} CAST({right.sql} AS DOUBLE))", INTERVAL)
    if left.type.is_time and kinds[1] == "unknown" and operator == "-":
        return moments(operator, left, casts.cast(right, left.type))
    raise SqlError(f"operator does not exist: {left.type} {operator} {right.type}", "42883")
