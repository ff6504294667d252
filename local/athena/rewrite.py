"""From Trino's meaning to DuckDB's: each node whose result would differ is replaced, by the types of :mod:`infer`."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from local.athena.errors import QueryError, unsupported
from local.athena.infer import META, kind_of
from local.athena.kinds import BIGINT, Kind

# Division and remainder raise by zero, integers stay integers, decimals are rounded half up to the larger scale.
MACROS = (
    "CREATE MACRO trino_zero() AS error('DIVISION_BY_ZERO: Division by zero')",
    "CREATE MACRO trino_div(a, b) AS CASE WHEN b = 0 THEN trino_zero() ELSE sign(a) * sign(b) * (abs(a) // abs(b)) END",
    "CREATE MACRO trino_mod(a, b) AS CASE WHEN b = 0 THEN trino_zero() ELSE a % b END",
    "CREATE MACRO trino_units(a) AS CAST(replace(CAST(a AS VARCHAR), '.', '') AS HUGEINT)",
    "CREATE MACRO trino_half_up(a, b) AS CASE WHEN b = 0 THEN trino_zero() "
    "ELSE sign(a) * sign(b) * ((abs(a) * 2 + abs(b)) // (abs(b) * 2)) END",
)
_SECONDS = {"SECOND", "MINUTE", "HOUR"}
_UNITS = {"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}
_PARTS: dict[type[exp.Expression], str] = {
    **{exp.Year: "year", exp.Quarter: "quarter", exp.Month: "month", exp.Day: "day", exp.DayOfMonth: "day"},
    **{exp.DayOfWeekIso: "isodow", exp.DayOfYear: "doy", exp.WeekOfYear: "week", exp.Week: "week"},
    **{exp.Hour: "hour", exp.Minute: "minute", exp.Second: "second"},
}
_EXTRACTED = {"YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "WEEK", "DOY", "DAY_OF_YEAR"}
_EXTRACTED |= {"DOW", "DAY_OF_WEEK"}
_RENAMED = {"DAY_OF_YEAR": "doy", "DOW": "isodow", "DAY_OF_WEEK": "isodow"}
_FORMATS = frozenset("YmdHMSyabjBA")
_AROUND = (exp.Sum, exp.Avg, exp.Filter, exp.Window)
_BLANKS = " \t\n\r\v\f"


def rewritten(node: exp.Expression) -> exp.Expression:
    """The same query for DuckDB, children first. Raises QueryError for what has no equal there."""
    for child in list(node.iter_expressions()):
        rewritten(child)
    rule = _aggregate if isinstance(node, _AROUND) else _RULES.get(type(node))
    if rule is None:
        return node
    kind = kind_of(node)
    made = rule(node)
    if made is not node:
        made.meta[META] = kind
        node.replace(made)
    return made


def _call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[each.copy() for each in arguments])


def cast(node: exp.Expression, kind: Kind) -> exp.Cast:
    """As a type of DuckDB's."""
    return exp.Cast(this=node.copy(), to=exp.DataType.build(kind.duckdb, dialect="duckdb"))


def _div(node: exp.Expression) -> exp.Expression:
    kind, left, right = kind_of(node), node.this, node.expression
    if kind.is_integer:
        return cast(_call("trino_div", left, right), kind)
    if kind.name == "decimal":
        return _decimal_div(kind, left, kind_of(left).as_decimal.scale, right, kind_of(right).as_decimal.scale)
    return exp.Div(this=cast(left, kind), expression=cast(right, kind))


def _decimal_div(
    kind: Kind, left: exp.Expression, of_left: int, right: exp.Expression, of_right: int
) -> exp.Expression:
    """Exact, on whole numbers: DuckDB divides decimals as floating point."""
    shift = kind.scale - of_left + of_right
    left_units, right_units = _call("trino_units", left), _call("trino_units", right)
    power = exp.Literal.number(10 ** abs(shift))
    if shift >= 0:
        left_units = exp.Mul(this=left_units, expression=power)
    else:
        right_units = exp.Mul(this=right_units, expression=power)
    units = _call("trino_half_up", left_units, right_units)
    whole = exp.Cast(this=units, to=exp.DataType.build(f"DECIMAL({38 - kind.scale},0)", dialect="duckdb"))
    if not kind.scale:
        return whole
    unit = exp.Cast(
        this=exp.Literal.string("0." + "1".rjust(kind.scale, "0")),
        to=exp.DataType.build(f"DECIMAL({kind.scale},{kind.scale})", dialect="duckdb"),
    )
    return exp.Mul(this=whole, expression=unit)


def _mod(node: exp.Expression) -> exp.Expression:
    return cast(_call("trino_mod", node.this, node.expression), kind_of(node))


def _sum_of_moments(node: exp.Expression) -> exp.Expression:
    kind = kind_of(node)
    if kind.is_moment:  # DuckDB makes a timestamp of a date and an interval
        return cast(node, kind)
    return node


def _aggregate(outer: exp.Expression) -> exp.Expression:
    """SUM and AVG, together with the FILTER and OVER around them."""
    parent = outer.parent
    if isinstance(parent, (exp.Filter, exp.Window)) and parent.this is outer:
        return outer
    inner = outer
    while isinstance(inner, (exp.Filter, exp.Window)):
        inner = inner.this
    kind = kind_of(outer)
    if isinstance(inner, exp.Sum) and kind == BIGINT:
        return cast(outer, BIGINT)
    if isinstance(inner, exp.Avg) and kind.name == "decimal":
        total, count = _with(outer, exp.Sum), _with(outer, exp.Count)
        return _decimal_div(kind, total, kind.scale, exp.Nullif(this=count, expression=exp.Literal.number(0)), 0)
    return outer


def _with(outer: exp.Expression, replacement: type[exp.Expression]) -> exp.Expression:
    made = outer.copy()
    average = made if isinstance(made, exp.Avg) else made.find(exp.Avg)
    assert average is not None
    inner = replacement(this=average.this.copy())
    if average is made:
        return inner
    average.replace(inner)
    return made


def _rounded(node: exp.Expression) -> exp.Expression:
    return cast(node, kind_of(node))


def _trunc(node: exp.Expression) -> exp.Expression:
    unit = _unit(node, _UNITS if kind_of(node.this).name == "date" else _UNITS | _SECONDS)
    return cast(_call("date_trunc", exp.Literal.string(unit), node.this), kind_of(node))


def _unit(node: exp.Expression, allowed: set[str]) -> str:
    unit = (node.text("unit") or "DAY").upper()
    if unit not in allowed:
        raise unsupported(f"Unit {unit.lower()} of {kind_of(node.this)}")
    return unit.lower()


def _date_diff(node: exp.Expression) -> exp.Expression:
    unit = _unit(node, _UNITS | _SECONDS)  # whole units that have passed: DuckDB's date_diff counts boundaries
    return cast(_call("date_sub", exp.Literal.string(unit), node.expression, node.this), BIGINT)


def _date_add(node: exp.Expression) -> exp.Expression:
    unit = _unit(node, _UNITS if kind_of(node.this).name == "date" else _UNITS | _SECONDS)
    count = exp.Paren(this=node.expression.copy())
    span = exp.Mul(this=exp.Interval(this=exp.Literal.string("1"), unit=exp.Var(this=unit.upper())), expression=count)
    return cast(exp.Paren(this=exp.Add(this=node.this.copy(), expression=span)), kind_of(node))


def _part(node: exp.Expression) -> exp.Expression:
    return cast(_call("date_part", exp.Literal.string(_PARTS[type(node)]), node.this), BIGINT)


def _extract(node: exp.Expression) -> exp.Expression:
    part = node.this.name.upper()
    if part not in _EXTRACTED:
        raise unsupported(f"EXTRACT({part})")
    name = exp.Literal.string(_RENAMED.get(part, part.lower()))
    return cast(_call("date_part", name, node.expression), BIGINT)


def _date_format(node: exp.Expression) -> exp.Expression:
    form = node.args["format"]
    text = form.name if isinstance(form, exp.Literal) else ""
    letters = [text[at + 1 : at + 2] for at, character in enumerate(text) if character == "%"]
    if not text or set(letters) - _FORMATS:
        raise unsupported("This format of date_format")
    return _call("strftime", node.this, form)


def _cast(node: exp.Expression) -> exp.Expression:
    target, source = kind_of(node), kind_of(node.this)
    if target.is_integer and source.name in ("double", "real"):  # Trino rounds half up, DuckDB half to even
        return type(node)(this=_call("round", node.this), to=exp.DataType.build(target.duckdb, dialect="duckdb"))
    if target.name == "varchar" and source.name == "timestamp":
        return _call("strftime", node.this, exp.Literal.string("%Y-%m-%d %H:%M:%S.%g"))
    return type(node)(this=node.this.copy(), to=exp.DataType.build(target.duckdb, dialect="duckdb"))


def _substring(node: exp.Expression) -> exp.Expression:
    start = node.args.get("start")
    if not (isinstance(start, exp.Literal) and not start.is_string and int(start.name) > 0):
        raise unsupported("substr that does not start at a positive number")
    return node


def _trim(node: exp.Expression) -> exp.Expression:
    name = {"": "trim", "LEADING": "ltrim", "TRAILING": "rtrim", "BOTH": "trim"}[str(node.args.get("position") or "")]
    characters = node.args.get("expression")
    if characters is not None:
        raise unsupported("trim of other characters than blanks")
    return _call(name, node.this, exp.Literal.string(_BLANKS))


def _concat(node: exp.Expression) -> exp.Expression:
    first, *rest = node.expressions
    joined: exp.Expression = first.copy()
    for each in rest:  # DuckDB's concat takes NULL for an empty text
        joined = exp.DPipe(this=joined, expression=each.copy())
    return exp.Paren(this=joined)


def _regexp_like(node: exp.Expression) -> exp.Expression:
    return _call("regexp_matches", node.this, node.expression)


def _count_distinct(node: exp.Expression) -> exp.Expression:
    """Exact, which is within the error that Athena's estimate may have."""
    if node.args.get("accuracy"):
        raise unsupported("approx_distinct with an accuracy")
    return exp.Count(this=exp.Distinct(expressions=[node.this.copy()]))


def _power(node: exp.Expression) -> exp.Expression:
    return cast(node, kind_of(node))


def _interval(node: exp.Expression) -> exp.Expression:
    if node.text("unit").upper() not in _UNITS | _SECONDS or not isinstance(node.this, exp.Literal):
        raise unsupported("This INTERVAL")
    if not node.this.name.lstrip("-").isdigit():
        raise QueryError("SYNTAX_ERROR", f"INTERVAL '{node.this.name}' is not a whole number")
    return node


_RULES: dict[type[exp.Expression], Callable[[exp.Expression], exp.Expression]] = {
    exp.Interval: _interval,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Div: _div,
    exp.Mod: _mod,
    exp.Add: _sum_of_moments,
    exp.Sub: _sum_of_moments,
    exp.Round: _rounded,
    exp.Floor: _rounded,
    exp.Ceil: _rounded,
    exp.Sign: _rounded,
    exp.Pow: _power,
    exp.TimestampTrunc: _trunc,
    exp.DateTrunc: _trunc,
    exp.DateDiff: _date_diff,
    exp.DateAdd: _date_add,
    exp.Extract: _extract,
    exp.TimeToStr: _date_format,
    exp.Substring: _substring,
    exp.Trim: _trim,
    exp.Concat: _concat,
    exp.RegexpLike: _regexp_like,
    exp.ApproxDistinct: _count_distinct,
    **dict.fromkeys(_PARTS, _part),
}
