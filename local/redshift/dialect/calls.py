"""Calls of functions: the table's row is looked up by name, the arguments are checked and cast to its signature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local.redshift.dialect import casts
from local.redshift.dialect.scope import E
from local.redshift.dialect.types import (
    BOOL,
    DATE,
    FLOAT8,
    INT4,
    INT8,
    SUPER,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    Type,
)
from local.redshift.dialect.units import UNITS
from local.redshift.errors import NotSupported, SqlError

if TYPE_CHECKING:
    from local.redshift.dialect.expressions import Expressions

Result = Type | Callable[[list[E]], Type]
Build = Callable[["Expressions", list[E]], E]


@dataclass(frozen=True)
class Function:
    """A scalar function.

    `takes` is a word per argument: text, int, number, float, bool, date, timestamp, moment (a date or either
    timestamp), super, any or part (of a date); ? marks an optional one, * any number of them. `sql` is a template with
    {0}, {1} ... or a function that builds the call; `how` is its handling: passed, rewritten or implemented.
    """

    name: str
    takes: str
    result: Result
    sql: str | Build
    page: str
    how: str = "rewritten"

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(self.takes.split())})"


TARGETS = {
    "text": TEXT,
    "int": INT4,
    "bigint": INT8,
    "float": FLOAT8,
    "bool": BOOL,
    "date": DATE,
    "timestamp": TIMESTAMP,
    "super": SUPER,
}


def call(x: Expressions, name: str, nodes: list[Any]) -> E:
    """Translate a call. Raises NotSupported for a function that the table lacks, SqlError for wrong arguments."""
    from local.redshift.dialect import aggregates, functions

    if name in aggregates.AGGREGATES:
        return aggregates.call(x, name, nodes, over="")
    if name in aggregates.WINDOW_ONLY:
        raise SqlError(f"window function {name} requires an OVER clause", "42809")
    row = functions.FUNCTIONS.get(name)
    if row is None:
        raise NotSupported(f"function {name}")
    arguments = bind(x, row, nodes)
    if callable(row.sql):
        return row.sql(x, arguments)
    result = row.result(arguments) if callable(row.result) else row.result
    return E(row.sql.format(*[argument.sql for argument in arguments]), result, clean=result.kind == "char")


def bind(x: Expressions, row: Function, nodes: list[Any]) -> list[E]:
    """The arguments of a call, each as its signature wants it."""
    words = row.takes.split()
    many = words[-1].rstrip("*") if words and words[-1].endswith("*") else ""
    if many:
        words = words[:-1] + [many] * max(0, len(nodes) - len(words) + 1)
    least = sum(not word.endswith("?") for word in words)
    if not least <= len(nodes) <= len(words):
        kinds = ", ".join(_kind(x, node) for node in nodes)
        raise SqlError(f"function {row.name}({kinds}) does not exist", "42883")
    found = []
    for word, node in zip(words, nodes, strict=False):
        word = word.rstrip("?")
        found.append(part(node) if word == "part" else _argument(x, row, word, node))
    return found


def _kind(x: Expressions, node: Any) -> str:
    try:
        return str(x(node).type)
    except SqlError:
        return "unknown"


def _argument(x: Expressions, row: Function, word: str, node: Any) -> E:
    if isinstance(node, (exp.Star, exp.Distinct, exp.Alias, exp.Tuple)):
        raise SqlError(f"syntax error in a call of {row.name}", "42601")
    e = x(node)
    kind = e.type
    if word == "any" or kind.kind == "other":
        return e
    try:
        if word == "moment":
            return e if kind.is_time else casts.implicit(e, TIMESTAMP)
        if word == "number":
            if kind.is_number:
                return e
            if kind.kind == "super":
                return casts.cast(e, FLOAT8)
            return casts.cast(e, FLOAT8) if kind.kind in ("unknown", "null") else _refuse(row, e)
        if word in ("int", "bigint"):
            target = TARGETS[word]
            if kind.is_integer:
                return e
            return casts.cast(e, target) if kind.kind in ("unknown", "null", "numeric", "super") else _refuse(row, e)
        if word == "text" and e.literal is not None and kind.kind == "unknown":
            return E(e.sql, Type("varchar", max(1, len(e.literal.encode()))), e.literal, e.clean)
        if word in ("date", "timestamp") and not (kind.is_time or kind.kind in ("unknown", "null")):
            return _refuse(row, e)
        held = casts.implicit(e, TARGETS[word]) if not (word == "text" and kind.is_text) else e
        return E(held.sql, held.type, e.literal, held.clean)
    except SqlError as error:
        if error.sqlstate == "42846":
            return _refuse(row, e)
        raise


def _refuse(row: Function, e: E) -> E:
    raise SqlError(f"function {row.name}({e.type}) does not exist", "42883")


def part(node: Any) -> E:
    """A part of a date as an argument: a bare name or a string."""
    name = node.name.lower() if isinstance(node, (exp.Column, exp.Literal, exp.Var)) else ""
    if name not in UNITS:
        raise SqlError(f'unknown date part "{name or node}"', "22023")
    return E(UNITS[name], TEXT, UNITS[name])


def date_part(x: Expressions, name: str, e: E) -> E:
    """EXTRACT, and DATE_PART with the part first."""
    unit = UNITS.get(name.lower())
    if unit is None:
        raise SqlError(f'timestamp units "{name.lower()}" not recognized', "22023")
    if e.type.kind == "interval":
        return E(f"CAST(date_part('{unit}', {e.sql}) AS INTEGER)", INT4)
    if e.type.kind == "time" and unit not in ("hour", "minute", "second", "millisecond", "microsecond", "epoch"):
        raise SqlError(f'time units "{name.lower()}" not supported', "22023")
    if e.type.kind not in ("time", "other"):
        e = e if e.type.is_time else casts.implicit(e, TIMESTAMP)
    if unit in ("timezone", "timezone_hour", "timezone_minute"):
        if e.type.kind != "timestamptz":
            raise SqlError(f'timestamp units "{name.lower()}" not supported', "22023")
        return E("0", INT4)
    if unit == "epoch":
        return E(f"CAST(floor(epoch({e.sql})) AS BIGINT)", INT8)
    if unit in ("millisecond", "microsecond"):
        if e.type.kind == "date":
            return E(f"CASE WHEN {e.sql} IS NOT NULL THEN 0 END", INT4)
        whole = 1000 if unit == "millisecond" else 1000000
        return E(f"CAST(date_part('{unit}', {e.sql}) % {whole} AS INTEGER)", INT4)
    if unit in ("hour", "minute", "second") and e.type.kind == "date":
        e = casts.cast(e, TIMESTAMP)
    return E(f"CAST(date_part('{unit}', {e.sql}) AS INTEGER)", INT4)


# Zones that are an offset and no place. https://docs.aws.amazon.com/redshift/latest/dg/time-zone-abbrevs.html
_OFFSETS = {
    "utc": 0, "gmt": 0, "z": 0, "zulu": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "cet": 60, "cest": 120, "eet": 120, "eest": 180,
    "wet": 0, "west": 60, "bst": 60, "msk": 180, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "acst": 570,
    "awst": 480, "nzst": 720, "nzdt": 780, "ist": 120, "sgt": 480, "hkt": 480, "ast": -240, "adt": -180, "nst": -210,
}  # fmt: skip


def at_time_zone(zone: E, e: E) -> E:
    """A timestamp in a zone as a timestamptz, or a timestamptz as the zone's wall clock."""
    if e.type.kind in ("unknown", "date", "null"):
        e = casts.cast(e, TIMESTAMP)
    if e.type.kind not in ("timestamp", "timestamptz"):
        raise SqlError(f"function timezone(text, {e.type}) does not exist", "42883")
    place = casts.implicit(zone, TEXT)
    to = TIMESTAMPTZ if e.type == TIMESTAMP else TIMESTAMP
    offset = _OFFSETS.get(zone.literal.lower()) if zone.literal is not None else None
    if zone.literal is None:
        raise NotSupported("a time zone that is no literal")
    if offset is None:
        return E(f"timezone({place.sql}, {e.sql})", to)
    shift = f"INTERVAL '{abs(offset)} minutes'"
    if to == TIMESTAMPTZ:
        return E(f"timezone('UTC', {e.sql} {'-' if offset >= 0 else '+'} {shift})", to)
    return E(f"(timezone('UTC', {e.sql}) {'+' if offset >= 0 else '-'} {shift})", to)
