"""Date and time functions, and those that format. https://docs.aws.amazon.com/redshift/latest/dg/Date_functions_header.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.redshift.dialect import calls, casts
from local.redshift.dialect.calls import Function
from local.redshift.dialect.scope import E
from local.redshift.dialect.types import DATE, FLOAT8, INT4, INT8, TEXT, TIMESTAMP, TIMESTAMPTZ, numeric
from local.redshift.errors import NotSupported, SqlError

if TYPE_CHECKING:
    from local.redshift.dialect.expressions import Expressions

_STEPS = {
    "millennium": ("to_months", 12000),
    "century": ("to_months", 1200),
    "decade": ("to_months", 120),
    "year": ("to_months", 12),
    "quarter": ("to_months", 3),
    "month": ("to_months", 1),
    "week": ("to_days", 7),
    "day": ("to_days", 1),
    "dow": ("to_days", 1),
    "doy": ("to_days", 1),
    "hour": ("to_hours", 1),
    "minute": ("to_minutes", 1),
    "second": ("to_seconds", 1),
    "millisecond": ("to_microseconds", 1000),
    "microsecond": ("to_microseconds", 1),
}
_TRUNCATED = ("decade", "year", "quarter", "month", "week", "day", "hour", "minute", "second")


def _dateadd(x: Expressions, arguments: list[E]) -> E:
    unit, amount, e = arguments
    if unit.sql not in _STEPS:
        raise SqlError(f'unsupported date part "{unit.sql}" for DATEADD', "22023")
    if e.type == DATE:
        e = casts.cast(e, TIMESTAMP)
    name, factor = _STEPS[unit.sql]
    shown = amount.sql if factor == 1 else f"({amount.sql}) * {factor}"
    kind = "INTEGER" if name in ("to_months", "to_days") else "BIGINT"
    return E(f"({e.sql} + {name}(CAST({shown} AS {kind})))", e.type)


def _datediff(x: Expressions, arguments: list[E]) -> E:
    unit, start, end = arguments
    if unit.sql in ("dow", "doy", "epoch") or unit.sql.startswith("timezone"):
        raise SqlError(f'unsupported date part "{unit.sql}" for DATEDIFF', "22023")
    target = TIMESTAMPTZ if "timestamptz" in (start.type.kind, end.type.kind) else TIMESTAMP
    a, b = casts.cast(start, target), casts.cast(end, target)
    if unit.sql in ("century", "millennium"):
        return E(f"(date_part('{unit.sql}', {b.sql}) - date_part('{unit.sql}', {a.sql}))", INT8)
    return E(f"date_diff('{unit.sql}', {a.sql}, {b.sql})", INT8)


def _date_trunc(x: Expressions, arguments: list[E]) -> E:
    unit, e = arguments
    if unit.sql in ("century", "millennium"):
        raise NotSupported(f"DATE_TRUNC to the {unit.sql}")
    if unit.sql not in (*_TRUNCATED, "millisecond", "microsecond"):
        raise SqlError(f'timestamp units "{unit.sql}" not supported', "22023")
    if e.type == DATE:
        e = casts.cast(e, TIMESTAMP)
    return E(f"date_trunc('{unit.sql}', {e.sql})", e.type)


def _date_part(x: Expressions, arguments: list[E]) -> E:
    return calls.date_part(x, arguments[0].sql, arguments[1])


def _convert_timezone(x: Expressions, arguments: list[E]) -> E:
    zones, e = (
        arguments[:-1],
        casts.implicit(arguments[-1], TIMESTAMP) if not arguments[-1].type.is_time else arguments[-1],
    )
    if len(zones) == 1:
        zones = [E("'UTC'", TEXT, "UTC"), *zones]
    moment = e if e.type == TIMESTAMPTZ else calls.at_time_zone(zones[0], e)
    return calls.at_time_zone(zones[1], moment)


def _timezone(x: Expressions, arguments: list[E]) -> E:
    return calls.at_time_zone(arguments[0], arguments[1])


# Patterns of TO_CHAR that strftime writes alike, so that the engine does the work.
_PLAIN = {"YYYY-MM-DD": "%Y-%m-%d", "YYYY-MM": "%Y-%m", "YYYYMMDD": "%Y%m%d", "YYYYMM": "%Y%m", "YYYY": "%Y",
          "MM": "%m", "DD": "%d", "HH24:MI:SS": "%H:%M:%S", "HH24:MI": "%H:%M", "HH24": "%H",
          "YYYY-MM-DD HH24:MI:SS": "%Y-%m-%d %H:%M:%S"}  # fmt: skip


def _to_char(x: Expressions, arguments: list[E]) -> E:
    e, pattern = arguments
    if e.type.is_number:
        if e.type.is_float:
            return E(f"rs_to_char_number(rs_float_text({e.sql}), {pattern.sql})", TEXT)
        return E(f"rs_to_char_number(CAST({e.sql} AS VARCHAR), {pattern.sql})", TEXT)
    if e.type.kind == "timestamptz":
        e = E(f"timezone('UTC', {e.sql})", TIMESTAMP)
    if e.type.kind in ("unknown", "null"):
        raise SqlError("function to_char(unknown, unknown) is not unique", "42725")
    if not e.type.is_time:
        raise SqlError(f"function to_char({e.type}, character varying) does not exist", "42883")
    if pattern.literal in _PLAIN:
        return E(f"strftime({e.sql}, '{_PLAIN[pattern.literal]}')", TEXT)
    return E(f"rs_to_char_time({casts.cast(e, TIMESTAMP).sql}, {pattern.sql})", TEXT)


def _to_date(x: Expressions, arguments: list[E]) -> E:
    strict = arguments[2].sql if len(arguments) > 2 else "FALSE"
    return E(f"CAST(rs_to_timestamp({arguments[0].sql}, {arguments[1].sql}, {strict}) AS DATE)", DATE)


def _to_timestamp(x: Expressions, arguments: list[E]) -> E:
    strict = arguments[2].sql if len(arguments) > 2 else "FALSE"
    held = f"rs_to_timestamp({arguments[0].sql}, {arguments[1].sql}, {strict})"
    return E(f"timezone('UTC', {held})", TIMESTAMPTZ)


def _to_number(x: Expressions, arguments: list[E]) -> E:
    pattern = arguments[1].literal
    if pattern is None:
        raise NotSupported("TO_NUMBER with a format that is no literal")
    upper = pattern.upper().replace("G", ",").replace("D", ".")
    scale = sum(c in "09" for c in upper.partition(".")[2])
    digits = sum(c in "09" for c in upper)
    kind = numeric(max(digits, 1), scale)
    return E(f"CAST(rs_to_number({arguments[0].sql}, {arguments[1].sql}) AS {kind.duckdb})", kind)


def _cmp(target: object) -> object:
    def build(x: Expressions, arguments: list[E]) -> E:
        a, b = (casts.cast(argument, target) for argument in arguments)  # type: ignore[arg-type]
        return E(
            f"(CASE WHEN {a.sql} < {b.sql} THEN -1 WHEN {a.sql} > {b.sql} THEN 1 WHEN {a.sql} = {b.sql} THEN 0 END)",
            INT4,
        )

    return build


def _f(name: str, takes: str, result: object, sql: object, page: str, how: str = "rewritten") -> Function:
    return Function(name, takes, result, sql, page, how)  # type: ignore[arg-type]


DATES = [
    _f("add_months", "timestamp int", TIMESTAMP, "rs_add_months({0}, {1})", "r_ADD_MONTHS"),
    _f("dateadd", "part int moment", TIMESTAMP, _dateadd, "r_DATEADD_function"),
    _f("date_add", "part int moment", TIMESTAMP, _dateadd, "r_DATEADD_function"),
    _f("datediff", "part moment moment", INT8, _datediff, "r_DATEDIFF_function"),
    _f("date_diff", "part moment moment", INT8, _datediff, "r_DATEDIFF_function"),
    _f("date_trunc", "part moment", TIMESTAMP, _date_trunc, "r_DATE_TRUNC"),
    _f("date_part", "part any", INT4, _date_part, "r_DATE_PART_function"),
    _f("pgdate_part", "part any", INT4, _date_part, "r_DATE_PART_function"),
    _f("date_part_year", "date", INT4, "CAST(year({0}) AS INTEGER)", "r_DATE_PART_YEAR"),
    _f("date_cmp", "date date", INT4, _cmp(DATE), "r_DATE_CMP"),
    _f("date_cmp_timestamp", "date timestamp", INT4, _cmp(TIMESTAMP), "r_DATE_CMP_TIMESTAMP"),
    _f("timestamp_cmp", "timestamp timestamp", INT4, _cmp(TIMESTAMP), "r_TIMESTAMP_CMP"),
    _f("timestamp_cmp_date", "timestamp date", INT4, _cmp(TIMESTAMP), "r_TIMESTAMP_CMP_DATE"),
    _f("last_day", "moment", DATE, "last_day({0})", "r_LAST_DAY", "passed"),
    _f("months_between", "timestamp timestamp", FLOAT8, "rs_months_between({0}, {1})", "r_MONTHS_BETWEEN_function",
       "implemented"),
    _f("next_day", "timestamp text", DATE, "rs_next_day({0}, {1})", "r_NEXT_DAY", "implemented"),
    _f("getdate", "", TIMESTAMP, "date_trunc('second', CAST(now() AS TIMESTAMP))", "r_GETDATE"),
    _f("now", "", TIMESTAMPTZ, "now()", "c_SQL_functions_leader_node_only", "passed"),
    _f("convert_timezone", "text any any?", TIMESTAMP, _convert_timezone, "CONVERT_TIMEZONE"),
    _f("timezone", "text moment", TIMESTAMP, _timezone, "r_TIMEZONE"),
    _f("to_char", "any text", TEXT, _to_char, "r_TO_CHAR", "implemented"),
    _f("to_date", "text text bool?", DATE, _to_date, "r_TO_DATE_function", "implemented"),
    _f("to_timestamp", "text text bool?", TIMESTAMPTZ, _to_timestamp, "r_TO_TIMESTAMP", "implemented"),
    _f("to_number", "text text", TEXT, _to_number, "r_TO_NUMBER", "implemented"),
]  # fmt: skip
