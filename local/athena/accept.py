"""What the embedded Athena takes: one SELECT, of clauses and functions that DuckDB can be made to answer as Trino does.

Anything else is refused by name, so that a query that runs here runs on AWS, with the same rows.
"""

from __future__ import annotations

import logging

from sqlglot import ErrorLevel, exp, parse
from sqlglot.errors import ParseError, TokenError

from local.athena.errors import QueryError, unsupported

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of statements that it does not know

DIALECT = "trino"
LONGEST_BYTES = 262_144
# Names as Trino has them: the parser takes other dialects' names for the same functions, such as nvl for coalesce.
FUNCTIONS = frozenset(
    [
        "abs",
        "approx_distinct",
        "avg",
        "bool_and",
        "bool_or",
        "cast",
        "ceil",
        "ceiling",
        "coalesce",
        "concat",
        "corr",
        "count",
        "count_if",
        "cume_dist",
        "date",
        "date_add",
        "current_date",
        "date_diff",
        "date_format",
        "date_trunc",
        "day",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "dense_rank",
        "exp",
        "extract",
        "first_value",
        "floor",
        "hour",
        "if",
        "lag",
        "last_value",
        "lead",
        "length",
        "ln",
        "lower",
        "ltrim",
        "max",
        "min",
        "minute",
        "mod",
        "month",
        "ntile",
        "nullif",
        "percent_rank",
        "power",
        "pow",
        "quarter",
        "rank",
        "regexp_like",
        "replace",
        "reverse",
        "round",
        "row_number",
        "rtrim",
        "second",
        "sign",
        "sqrt",
        "starts_with",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "strpos",
        "substr",
        "substring",
        "sum",
        "trim",
        "try_cast",
        "upper",
        "var_pop",
        "var_samp",
        "variance",
        "week",
        "week_of_year",
        "year",
    ]
)
_CLAUSES = (
    *(exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset),
    *(exp.With, exp.CTE, exp.Subquery, exp.TableAlias, exp.Identifier, exp.Table, exp.Alias, exp.Star, exp.Distinct),
    *(exp.Union, exp.Except, exp.Intersect, exp.Tuple, exp.Paren, exp.Window, exp.WindowSpec, exp.Filter, exp.Exists),
    *(exp.Rollup, exp.Cube, exp.GroupingSets, exp.DataType, exp.DataTypeParam, exp.Var, exp.Column),
)
_VALUES = (
    *(
        exp.Literal,
        exp.Boolean,
        exp.Null,
        exp.Cast,
        exp.TryCast,
        exp.Neg,
        exp.And,
        exp.Or,
        exp.Not,
        exp.EQ,
        exp.NEQ,
        exp.GT,
    ),
    *(exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In, exp.Is, exp.Like, exp.Escape),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe, exp.Concat, exp.Case, exp.If, exp.Coalesce, exp.Nullif),
    *(exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Corr),
    *(exp.Variance, exp.VariancePop, exp.LogicalAnd, exp.LogicalOr, exp.ApproxDistinct, exp.RowNumber, exp.Rank),
    *(exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue),
    *(exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sqrt, exp.Ln, exp.Exp, exp.Pow, exp.Sign, exp.Lower, exp.Upper),
    *(exp.Length, exp.Trim, exp.Replace, exp.Reverse, exp.Substring, exp.StrPosition, exp.StartsWith, exp.RegexpLike),
    *(exp.TimestampTrunc, exp.DateTrunc, exp.DateDiff, exp.DateAdd, exp.Interval, exp.Year, exp.Quarter, exp.Month),
    *(
        exp.Day,
        exp.DayOfMonth,
        exp.DayOfWeekIso,
        exp.DayOfYear,
        exp.WeekOfYear,
        exp.Week,
        exp.Hour,
        exp.Minute,
        exp.Second,
    ),
    *(exp.Extract, exp.Date, exp.TimeToStr, exp.CurrentDate),
)
_TAKEN = frozenset((*_CLAUSES, *_VALUES))
_OF_SELECT = {
    "with_",
    "expressions",
    "from_",
    "joins",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "distinct",
}
_OF_TABLE = {"this", "db", "catalog", "alias"}
_OF_JOIN = {"this", "on", "using", "side", "kind"}


def accepted(text: str) -> exp.Query:
    """The one SELECT of a text. Raises QueryError: SYNTAX_ERROR, or NOT_SUPPORTED with the name of what is not."""
    if len(text.encode()) > LONGEST_BYTES:
        raise QueryError("SYNTAX_ERROR", f"The query is longer than {LONGEST_BYTES:,} bytes")
    try:
        found = parse(text, dialect=DIALECT, error_level=ErrorLevel.RAISE)
    except (ParseError, TokenError) as error:
        raise QueryError("SYNTAX_ERROR", str(error).splitlines()[0]) from None
    statements = [each for each in found if each is not None]
    if len(statements) != 1:
        raise QueryError("SYNTAX_ERROR", "Only one SQL statement is allowed")
    statement = statements[0]
    if not isinstance(statement, exp.Query) or isinstance(statement, exp.Subquery):
        name = statement.name if isinstance(statement, exp.Command) else statement.key
        word = str(name or statement.sql()).upper().split()[0]
        raise QueryError("NOT_SUPPORTED", f"The embedded Athena runs SELECT, not {word}")
    for node in statement.walk():
        _check(node, text)
    return statement


def _check(node: exp.Expression, text: str) -> None:
    if isinstance(node, exp.Func) and "start" in node.meta:
        name = text[node.meta["start"] : node.meta["end"] + 1].lower()
        if name not in FUNCTIONS and name.isidentifier():
            raise unsupported(f"Function {name}")
    if type(node) not in _TAKEN:
        raise unsupported(node.sql_name() if isinstance(node, exp.Func) else node.key.upper())
    allowed = {exp.Select: _OF_SELECT, exp.Table: _OF_TABLE, exp.Join: _OF_JOIN}.get(type(node))
    extra = {name for name, value in node.args.items() if value} - allowed if allowed else set()
    if extra:
        raise unsupported(sorted(extra)[0].strip("_").upper())
    if isinstance(node, exp.With) and node.args.get("recursive"):
        raise unsupported("WITH RECURSIVE")
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        raise unsupported("A function in the place of a table")
    if isinstance(node, exp.Count) and (node.expressions or _distinct_columns(node) > 1):
        raise QueryError("FUNCTION_NOT_FOUND", "Unexpected parameters for function count: one argument is allowed")
    if isinstance(node, exp.Star) and any(node.args.get(name) for name in ("except_", "replace", "rename", "except")):
        raise unsupported("* with EXCEPT, REPLACE or RENAME")


def _distinct_columns(count: exp.Count) -> int:
    return len(count.this.expressions) if isinstance(count.this, exp.Distinct) else 0
