"""The type of every expression of a qualified query, by Trino's rules: no text is ever compared with a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from local.athena import kinds
from local.athena.errors import QueryError, unsupported
from local.athena.kinds import BIGINT, BOOLEAN, DATE, DOUBLE, INTEGER, INTERVAL, UNKNOWN, VARCHAR, Kind

META = "kind"
_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}
_COMPARISONS |= {exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM"}
_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile)
_SHARES = (exp.PercentRank, exp.CumeDist)
_SAME = (exp.Min, exp.Max, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.Abs, exp.Neg, exp.Paren, exp.Alias)
_DOUBLES = (
    exp.Stddev,
    exp.StddevPop,
    exp.StddevSamp,
    exp.Variance,
    exp.VariancePop,
    exp.Corr,
    exp.Sqrt,
    exp.Ln,
    exp.Exp,
)
_TEXTS = (exp.Lower, exp.Upper, exp.Trim, exp.Replace, exp.Reverse, exp.Substring, exp.DPipe, exp.Concat)
_OF_TEXTS = {exp.Length: BIGINT, exp.StrPosition: BIGINT, exp.StartsWith: BOOLEAN, exp.RegexpLike: BOOLEAN}
_OF_TEXTS |= {exp.Like: BOOLEAN, exp.Escape: VARCHAR}
_PARTS = (
    *(exp.Year, exp.Quarter, exp.Month, exp.Day, exp.DayOfMonth, exp.DayOfWeekIso, exp.DayOfYear, exp.WeekOfYear),
    *(exp.Week, exp.Hour, exp.Minute, exp.Second),
)
_NOT_VALUES = (exp.Star, exp.Query, exp.Identifier, exp.Var, exp.Tuple, exp.Rollup, exp.Cube, exp.GroupingSets)
_LARGEST_INTEGER = 2**31 - 1


def kind_of(node: exp.Expression) -> Kind:
    """The type of an expression that :func:`infer` has seen."""
    if META not in node.meta:
        node.meta[META] = _infer(node)
    found: Kind = node.meta[META]
    return found


def infer(query: exp.Expression, column_of: Callable[[exp.Table, str], Kind]) -> list[Kind]:
    """Type a query, all its parts, and give the types of its columns. Raises QueryError where Trino has none."""
    outputs: dict[int, dict[str, Kind]] = {}
    last: list[Kind] = []
    for scope in traverse_scope(query):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                column.meta[META] = column_of(source, column.name)
            elif isinstance(source, Scope):
                column.meta[META] = outputs[id(source)][column.name]
        last = _columns(scope.expression)
        names = [select.alias_or_name for select in scope.expression.selects]
        aliased = scope.expression.parent
        if isinstance(aliased, (exp.CTE, exp.Subquery)) and aliased.alias_column_names:
            names = aliased.alias_column_names
        outputs[id(scope)] = dict(zip(names, last, strict=True))
    for node in query.walk():
        if isinstance(node, (exp.Where, exp.Having)):
            _boolean(node.this)
        elif isinstance(node, exp.Join) and node.args.get("on"):
            _boolean(node.args["on"])
        elif isinstance(node, exp.Condition) and not isinstance(node, _NOT_VALUES):
            kind_of(node)
    return last


def _columns(query: exp.Expression) -> list[Kind]:
    if isinstance(query, exp.SetOperation):
        left, right = _columns(query.left.unnest()), _columns(query.right.unnest())
        if len(left) != len(right):
            raise QueryError("TYPE_MISMATCH", f"{query.key.upper()} query has different number of fields")
        return [_joined((one, other), f"column {at} of {query.key.upper()}") for at, (one, other) in
                enumerate(zip(left, right, strict=True), 1)]  # fmt: skip
    if isinstance(query, exp.Subquery):
        return _columns(query.unnest())
    return [kind_of(select) for select in query.selects]


def _joined(found: Iterable[Kind], where: str) -> Kind:
    def both(one: Kind, other: Kind) -> Kind:
        joined = kinds.common(one, other)
        if joined is None:
            raise QueryError("TYPE_MISMATCH", f"{where}: {one} and {other} have no common type")
        return joined

    return reduce(both, found)


def _boolean(node: exp.Expression) -> Kind:
    kind = kind_of(node)
    if kind not in (BOOLEAN, UNKNOWN):
        raise QueryError("TYPE_MISMATCH", f"expected a boolean, but {node.sql(dialect='trino')} is {kind}")
    return BOOLEAN


def _text(node: exp.Expression, function: exp.Expression) -> None:
    kind = kind_of(node)
    if kind not in (VARCHAR, UNKNOWN):
        raise QueryError("TYPE_MISMATCH", f"{_name(function)} takes varchar, not {kind}: use CAST")


def _number(node: exp.Expression, function: exp.Expression) -> Kind:
    kind = kind_of(node)
    if not kind.is_number and kind != UNKNOWN:
        raise QueryError("TYPE_MISMATCH", f"{_name(function)} takes a number, not {kind}: use CAST")
    return kind


def _moment(node: exp.Expression, function: exp.Expression) -> Kind:
    kind = kind_of(node)
    if not kind.is_moment:
        raise QueryError("TYPE_MISMATCH", f"{_name(function)} takes a date or timestamp, not {kind}: use CAST")
    return kind


def _name(function: exp.Expression) -> str:
    return function.sql_name().lower() if isinstance(function, exp.Func) else function.key


def _infer(node: exp.Expression) -> Kind:
    kind = type(node)
    if kind in _ARITHMETIC:
        return kinds.arithmetic(_ARITHMETIC[kind], kind_of(node.this), kind_of(node.expression))
    if kind in _COMPARISONS:
        return _comparison(_COMPARISONS[kind], node.this, node.expression)
    if kind in _COUNTS:
        if isinstance(node, exp.CountIf):
            _boolean(node.this)
        return BIGINT
    if kind in _SHARES:
        return DOUBLE
    if kind in _SAME:
        if kind in (exp.Abs, exp.Neg):
            _number(node.this, node)
        if kind in (exp.Lag, exp.Lead) and node.args.get("default"):
            _joined((kind_of(node.this), kind_of(node.args["default"])), _name(node))
        return kind_of(node.this)
    if kind in _DOUBLES:
        for each in filter(None, (node.this, node.args.get("expression"))):
            _number(each, node)
        return DOUBLE
    if kind in _TEXTS or kind in _OF_TEXTS:
        return _of_texts(node)
    if kind in _PARTS:
        _moment(node.this, node)
        return BIGINT
    if kind not in _OTHERS:
        raise unsupported(_name(node).upper())
    return _OTHERS[kind](node)


def _comparison(operator: str, left: exp.Expression, right: exp.Expression) -> Kind:
    one, other = kind_of(left), kind_of(right)
    if kinds.common(one, other) is None:
        raise kinds.mismatch(operator, one, other)
    return BOOLEAN


def _of_texts(node: exp.Expression) -> Kind:
    numbers = {"start", "length"} if isinstance(node, exp.Substring) else set()
    for name, value in node.args.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, exp.Expression) and name not in numbers:
                _text(each, node)
    return _OF_TEXTS.get(type(node), VARCHAR)


def _column(node: exp.Expression) -> Kind:
    """One that has no table is an output column, in ORDER BY."""
    query = node.find_ancestor(exp.Select, exp.SetOperation)
    for select in query.selects if query is not None else ():
        if select.alias_or_name == node.name:
            return kind_of(select)
    raise QueryError("COLUMN_NOT_FOUND", f"Column '{node.name}' cannot be resolved")


def _literal(node: exp.Expression) -> Kind:
    if node.is_string:
        return VARCHAR
    text = node.name.lower()
    if "e" in text:
        return DOUBLE
    whole, _, part = text.partition(".")
    if "." in text:
        return kinds.decimal(max(len((whole.lstrip("0") or "") + part), 1), len(part))
    return INTEGER if int(text) <= _LARGEST_INTEGER else BIGINT


def _cast(node: exp.Expression) -> Kind:
    target = node.args["to"].sql(dialect="trino").lower()
    if target.startswith(("varchar(", "char")):
        raise unsupported(f"CAST to {target}")
    if "with time zone" in target or target.startswith(("time(", "timestamptz")) or target == "time":
        raise unsupported(f"CAST to {target}")
    kind, source = kinds.of_catalog(target), kind_of(node.this)
    if kind == VARCHAR and source.name in ("double", "real"):
        raise unsupported(f"CAST of {source} to varchar")
    if (kind.is_moment and (source.is_number or source == BOOLEAN)) or (source.is_moment and kind.is_number):
        raise QueryError("TYPE_MISMATCH", f"Cannot cast {source} to {kind}")
    return kind


def _sum(node: exp.Expression) -> Kind:
    kind = _number(_argument(node), node)
    return kinds.decimal(38, kind.scale) if kind.name == "decimal" else BIGINT if kind.is_integer else kind


def _avg(node: exp.Expression) -> Kind:
    kind = _number(_argument(node), node)
    return DOUBLE if kind.is_integer else kind


def _argument(node: exp.Expression) -> exp.Expression:
    this = node.this
    return this.expressions[0] if isinstance(this, exp.Distinct) else this


def _rounded(node: exp.Expression) -> Kind:
    kind = _number(node.this, node)
    if kind.name != "decimal":
        return kind
    if node.args.get("decimals"):
        return kinds.decimal(kind.precision + 1, kind.scale)
    return kinds.decimal(kind.precision - kind.scale + min(kind.scale, 1), 0)


def _case(node: exp.Expression) -> Kind:
    branches = node.args["ifs"]
    for branch in branches:
        if node.this:
            _comparison("=", node.this, branch.this)
        else:
            _boolean(branch.this)
    results = [branch.args["true"] for branch in branches]
    results += [node.args["default"]] if node.args.get("default") else []
    return _joined(map(kind_of, results), "CASE")


def _if(node: exp.Expression) -> Kind:
    if isinstance(node.parent, exp.Case):
        return kind_of(node.args["true"])
    _boolean(node.this)
    return _joined((kind_of(each) for each in (node.args["true"], node.args.get("false")) if each), "if")


def _in(node: exp.Expression) -> Kind:
    if query := node.args.get("query"):
        found = _columns(query.unnest())
        if len(found) != 1 or kinds.common(kind_of(node.this), found[0]) is None:
            raise kinds.mismatch("IN", kind_of(node.this), found[0])
        return BOOLEAN
    for each in node.expressions:
        _comparison("IN", node.this, each)
    return BOOLEAN


def _between(node: exp.Expression) -> Kind:
    for each in (node.args["low"], node.args["high"]):
        _comparison("BETWEEN", node.this, each)
    return BOOLEAN


def _is(node: exp.Expression) -> Kind:
    if not isinstance(node.expression, exp.Null):
        raise unsupported("IS with anything but NULL")
    kind_of(node.this)
    return BOOLEAN


def _scalar(node: exp.Expression) -> Kind:
    found = _columns(node.unnest())
    if len(found) != 1:
        raise QueryError("SYNTAX_ERROR", "A scalar subquery has one column")
    return found[0]


def _date_diff(node: exp.Expression) -> Kind:
    _moment(node.this, node)
    _moment(node.expression, node)
    return BIGINT


_OTHERS: dict[type[exp.Expression], Callable[[exp.Expression], Kind]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: lambda _: BOOLEAN,
    exp.Null: lambda _: UNKNOWN,
    exp.Interval: lambda _: INTERVAL,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.And: lambda node: _boolean(node.this) and _boolean(node.expression),
    exp.Or: lambda node: _boolean(node.this) and _boolean(node.expression),
    exp.Not: lambda node: _boolean(node.this),
    exp.Between: _between,
    exp.In: _in,
    exp.Is: _is,
    exp.Exists: lambda _: BOOLEAN,
    exp.Case: _case,
    exp.If: _if,
    exp.Coalesce: lambda node: _joined(map(kind_of, (node.this, *node.expressions)), "coalesce"),
    exp.Nullif: lambda node: _comparison("=", node.this, node.expression) and kind_of(node.this),
    exp.Sum: _sum,
    exp.Avg: _avg,
    exp.LogicalAnd: lambda node: _boolean(node.this),
    exp.LogicalOr: lambda node: _boolean(node.this),
    exp.Distinct: lambda node: kind_of(node.expressions[0]),
    exp.Window: lambda node: kind_of(node.this),
    exp.Filter: lambda node: kind_of(node.this),
    exp.Subquery: _scalar,
    exp.Round: _rounded,
    exp.Floor: _rounded,
    exp.Ceil: _rounded,
    exp.Sign: lambda node: _number(node.this, node),
    exp.Pow: lambda node: _number(node.this, node) and _number(node.expression, node) and DOUBLE,
    exp.TimestampTrunc: lambda node: _moment(node.this, node),
    exp.DateTrunc: lambda node: _moment(node.this, node),
    exp.DateAdd: lambda node: _moment(node.this, node),
    exp.DateDiff: _date_diff,
    exp.Extract: lambda node: _moment(node.expression, node) and BIGINT,
    exp.Date: lambda _: DATE,
    exp.CurrentDate: lambda _: DATE,
    exp.TimeToStr: lambda node: _moment(node.this, node) and VARCHAR,
}
