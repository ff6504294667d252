"""Casts: which there are, what a literal becomes, and Redshift's errors where DuckDB would take the value."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from local.redshift.dialect import moments
from local.redshift.dialect.scope import E
from local.redshift.dialect.types import NULL, Type
from local.redshift.errors import NotSupported, SqlError

_TRUE, _FALSE = ("t", "true", "y", "yes", "1"), ("f", "false", "n", "no", "0")
_RANGES = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
_TYPE_NAMES = {"int2": "Short", "int4": "Integer", "int8": "Long"}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_CASTS = {
    "bool": {"bool", "int2", "int4", "int8"},
    "int2": {"bool", "int2", "int4", "int8", "numeric", "float4", "float8", "varchar", "char", "super"},
    "numeric": {"int2", "int4", "int8", "numeric", "float4", "float8", "varchar", "char", "super", "bool"},
    "float8": {"int2", "int4", "int8", "numeric", "float4", "float8", "varchar", "char", "super"},
    "varchar": {"int2", "int4", "int8", "numeric", "float4", "float8", "varchar", "char", "date", "timestamp"}
    | {"timestamptz", "time", "super", "bool"},
    "date": {"date", "timestamp", "timestamptz", "varchar", "char"},
    "timestamp": {"date", "timestamp", "timestamptz", "varchar", "char", "time"},
    "timestamptz": {"date", "timestamp", "timestamptz", "varchar", "char", "time"},
    "time": {"time", "varchar", "char"},
    "interval": {"interval", "varchar"},
    "super": {"int2", "int4", "int8", "numeric", "float4", "float8", "varchar", "char", "bool", "super"}
    | {"date", "timestamp"},
    "varbyte": {"varbyte"},
}
_CASTS |= {"int4": _CASTS["int2"], "int8": _CASTS["int2"], "float4": _CASTS["float8"], "char": _CASTS["varchar"]}


def text(value: str) -> str:
    """A string literal of DuckDB's."""
    return "'" + value.replace("'", "''") + "'"


def cut(value: str, size: int) -> str:
    """The first `size` bytes, without half a character."""
    return value.encode()[:size].decode(errors="ignore")


def cast(e: E, to: Type) -> E:
    """An explicit cast. Raises SqlError where Redshift has none, or for a literal that is no such value."""
    if to.kind == "other":
        raise NotSupported(f"a cast to {to}")
    if e.type.kind == "null" or (e.type.kind == "unknown" and e.literal is None):
        return E(f"CAST({e.sql} AS {to.duckdb})", to)
    if e.type.kind == "unknown" and e.literal is not None:
        return _literal(e.literal, to)
    if e.type.kind == "other":
        return E(f"CAST({e.sql} AS {to.duckdb})", to)
    if to.kind not in _CASTS.get(e.type.kind, ()):
        raise SqlError(f"cannot cast type {e.type} to {to}", "42846")
    return E(_expression(e, to), to, clean=to.kind == "char")


def _literal(value: str, to: Type) -> E:
    if to.is_text:
        held = cut(value, to.size)
        return E(text(held.rstrip(" ") if to.kind == "char" else held), to, clean=to.kind == "char")
    if to.is_integer:
        return E(f"CAST({_integer(value, to.kind)} AS {to.duckdb})", to)
    if to.kind == "numeric":
        return E(f"CAST({text(str(_decimal(value, to)))} AS {to.duckdb})", to)
    if to.is_float:
        return E(f"CAST({text(_float(value))} AS {to.duckdb})", to)
    if to.kind == "bool":
        return E(_boolean(value), to)
    if to.kind in ("date", "timestamp", "timestamptz"):
        moment = moments.parse(value)
        shown = moment.strftime("%Y-%m-%d") if to.kind == "date" else moment.isoformat(" ")
        return E(f"{to.duckdb} {text(shown)}", to)
    if to.kind == "time":
        return E(f"TIME {text(moments.parse_time(value).isoformat())}", to)
    if to.kind == "super":
        return E(f"CAST(to_json({text(value)}) AS JSON)", to)
    if to.kind == "interval":
        return E(f"INTERVAL {text(value)}", to)
    raise NotSupported(f"a literal of type {to}")


def _integer(value: str, kind: str) -> int:
    held = value.strip()
    match = re.match(r"[+-]?\d*", held)
    end = match.end() if match else 0
    if end != len(held) or not held.strip("+-"):
        shown = held[end : end + 1]
        raise SqlError(f"Invalid digit, Value '{shown}', Pos {end}, Type: {_TYPE_NAMES[kind]}", "22P02")
    number = int(held)
    if not -_RANGES[kind] <= number < _RANGES[kind]:
        raise SqlError(f"Value out of range for {kind}: {held}", "22003")
    return number


def _decimal(value: str, to: Type) -> Decimal:
    held = value.strip()
    if not _NUMBER.fullmatch(held):
        raise SqlError(f'invalid input syntax for type numeric: "{value}"', "22P02")
    number = Decimal(held)
    if number.adjusted() > 40:
        raise SqlError("Numeric data overflow", "22003")
    rounded = number.quantize(Decimal(1).scaleb(-to.scale), ROUND_HALF_UP)
    if abs(rounded) >= Decimal(10) ** (to.size - to.scale):
        raise SqlError("Numeric data overflow (result precision)", "22003")
    return rounded


def _float(value: str) -> str:
    held = value.strip()
    if not _NUMBER.fullmatch(held) and held.lower() not in ("nan", "inf", "infinity", "-inf", "-infinity"):
        raise SqlError(f'invalid input syntax for type double precision: "{value}"', "22P02")
    if held.lstrip("+-")[:1].isdigit() and float(held) in (float("inf"), float("-inf")):
        raise SqlError(f'"{held}" is out of range for type double precision', "22003")
    return held


def _boolean(value: str) -> str:
    held = value.strip().lower()
    if held in _TRUE or held in _FALSE:
        return "TRUE" if held in _TRUE else "FALSE"
    raise SqlError(f'invalid input syntax for type boolean: "{value}"', "22P02")


def _expression(e: E, to: Type) -> str:
    source = e.type
    if source == to and not to.is_text:
        return e.sql
    if source.kind == "super":
        return _from_super(e, to)
    if source.is_text:
        return _from_text(e, to)
    if to.is_text:
        return _cut(_shown(e), to)
    if to.kind == "super":
        return f"CAST(to_json({e.sql}) AS JSON)"
    if source.kind == "timestamptz" and to.kind in ("timestamp", "date"):
        return f"CAST({e.sql} AS {to.duckdb})"
    if to.kind == "bool":
        return f"({e.sql} <> 0)"
    if to.is_integer and source.kind in ("numeric", "float4", "float8"):
        return f"CAST(round({e.sql}) AS {to.duckdb})" if source.kind == "numeric" else f"CAST({e.sql} AS {to.duckdb})"
    return f"CAST({e.sql} AS {to.duckdb})"


def _shown(e: E) -> str:
    if e.type.is_float:
        return f"rs_float_text({e.sql})"
    if e.type.kind == "timestamptz":
        return f"rs_zoned_text({e.sql})"
    return f"CAST({e.sql} AS VARCHAR)"


def _cut(sql: str, to: Type) -> str:
    held = sql if to.size >= 65535 else f"rs_cut({sql}, {to.size})"
    return f"rtrim({held}, ' ')" if to.kind == "char" else held


def _from_text(e: E, to: Type) -> str:
    if to.is_text:
        fits = e.type.size <= to.size and e.type.size > 0
        held = e.sql if fits else _cut(e.sql, Type("varchar", to.size))
        return f"rtrim({held}, ' ')" if to.kind == "char" and not e.clean else held
    if to.is_integer:
        return f"CAST(rs_integer({e.sql}) AS {to.duckdb})"
    if to.kind in ("numeric", "float4", "float8"):
        return f"CAST(rs_number({e.sql}) AS {to.duckdb})"
    if to.kind == "bool":
        return f"rs_boolean({e.sql})"
    if to.is_time:
        return f"CAST(rs_timestamp({e.sql}) AS {to.duckdb})"
    if to.kind == "super":
        return f"CAST(to_json({e.sql}) AS JSON)"
    return f"CAST({e.sql} AS {to.duckdb})"


def _from_super(e: E, to: Type) -> str:
    if to.kind == "super":
        return e.sql
    held = f"({e.sql} ->> '$')"
    if to.is_text:
        return _cut(held, to)
    return f"TRY_CAST({held} AS {to.duckdb})"


def assign(e: E, to: Type, column: str) -> str:
    """A value as INSERT and UPDATE store it: cast where Redshift casts by itself, else an error."""
    if e.sql == "DEFAULT":
        return e.sql
    if e.type.kind in ("null", "other") or to.kind == "other":
        return e.sql if e.type.kind == "other" or to.kind == "other" else f"CAST({e.sql} AS {to.duckdb})"
    if e.type.kind == "unknown" and e.literal is not None and not to.is_text:
        return _literal(e.literal, to).sql
    if to.is_text and e.literal is not None and e.type.kind == "unknown":
        held = e.literal
        if len(held.encode()) > to.size:
            if len(held.rstrip(" ").encode()) > to.size:
                raise SqlError(f"Value too long for type {to}({to.size}) in column {column}", "22001")
            held = cut(held, to.size)
        return text(held.rstrip(" ") if to.kind == "char" else held)
    if e.type.kind == to.kind and not to.is_text:
        if to.kind == "numeric" and e.type != to:
            return f"CAST({e.sql} AS {to.duckdb})"
        return e.sql
    if (e.type.is_text and to.is_text) or (e.type.kind == "unknown" and to.is_text):
        held = e.sql if 0 < e.type.size <= to.size else f"rs_fit({e.sql}, {to.size})"
        return f"rtrim({held}, ' ')" if to.kind == "char" and not e.clean else held
    if e.type.is_text and not to.is_text and to.kind != "super":
        raise SqlError(
            f'column "{column}" is of type {to} but expression is of type {e.type}. '
            "You will need to rewrite or cast the expression.",
            "42804",
        )
    allowed = to.kind in _CASTS.get(e.type.kind, ()) and not (e.type.kind == "bool" and not to.is_integer)
    if not allowed:
        raise SqlError(
            f'column "{column}" is of type {to} but expression is of type {e.type}. '
            "You will need to rewrite or cast the expression.",
            "42804",
        )
    if to.is_text:
        return f"rs_fit({_shown(e)}, {to.size})"
    return cast(e, to).sql


def implicit(e: E, to: Type) -> E:
    """A function's argument or an operand: only what loses nothing, or a literal."""
    if e.type == to or e.type.kind == "other":
        return e
    if e.type.kind in ("unknown", "null"):
        return cast(e, to)
    if (e.type.is_number and to.is_number) or (e.type.is_time and to.is_time) or (e.type.is_text and to.is_text):
        return cast(e, to)
    if to.is_text and e.type.kind not in ("bool", "interval", "varbyte", "super"):
        return cast(e, to)
    if e.type.kind == "super" and to.kind in ("varchar", "float8", "bool", "int8"):
        return cast(e, to)
    raise SqlError(f"cannot cast type {e.type} to {to}", "42846")


__all__ = ["NULL", "assign", "cast", "cut", "implicit", "text"]
