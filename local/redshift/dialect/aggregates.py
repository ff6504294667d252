"""Aggregates, on their own and over a window. https://docs.aws.amazon.com/redshift/latest/dg/c_Aggregate_Functions.html"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local.redshift.dialect import arithmetic, casts
from local.redshift.dialect.scope import E
from local.redshift.dialect.types import BOOL, FLOAT8, INT4, INT8, TEXT, Type, as_numeric, numeric
from local.redshift.errors import NotSupported, SqlError

if TYPE_CHECKING:
    from local.redshift.dialect.expressions import Expressions


@dataclass(frozen=True)
class Call:
    """An aggregate's argument as it is written in the call, and what comes after its closing parenthesis."""

    e: E
    distinct: bool
    over: str

    def of(self, name: str, sql: str = "", rest: str = "") -> str:
        return f"{name}({'DISTINCT ' if self.distinct else ''}{sql or self.e.sql}{rest}){self.over}"


@dataclass(frozen=True)
class Aggregate:
    """`takes` is what the argument must be: number, integer, bool or any."""

    name: str
    takes: str
    build: Callable[[Call], E]
    page: str
    how: str = "rewritten"

    @property
    def signature(self) -> str:
        return f"{self.name}([DISTINCT] {self.takes})"


def _sum(c: Call) -> E:
    if c.e.type.is_integer:
        kind = numeric(38, 0) if c.e.type.kind == "int8" else INT8
        return E(f"CAST({c.of('sum')} AS {kind.duckdb})", kind)
    if c.e.type.is_float:
        return E(c.of("sum"), FLOAT8)
    return E(c.of("sum"), numeric(38, c.e.type.scale))


def _avg(c: Call) -> E:
    if c.e.type.is_float:
        return E(c.of("avg"), FLOAT8)
    total, count = c.of("sum"), c.of("count")
    scale = as_numeric(c.e.type).scale
    kind = INT8 if c.e.type.kind in ("int2", "int4") else numeric(38, scale)
    # No rows have no average: nothing is divided by their count.
    average = f"{arithmetic.unscaled(total, scale)} // nullif({count}, 0)"
    return E(f"CAST({average} AS BIGINT)" if kind == INT8 else arithmetic.scaled(f"({average})", kind), kind)


def _same(name: str) -> Callable[[Call], E]:
    def build(c: Call) -> E:
        if name in ("min", "max") and c.e.type.kind in ("bool", "super"):
            raise SqlError(f"function {name}({c.e.type}) does not exist", "42883")
        e = casts.cast(c.e, TEXT) if c.e.type.kind == "unknown" else c.e
        return E(c.of(name, e.sql), e.type, clean=e.clean)

    return build


def _float(name: str) -> Callable[[Call], E]:
    return lambda c: E(c.of(name, f"CAST({c.e.sql} AS DOUBLE)"), FLOAT8)


def _median(c: Call) -> E:
    if c.distinct:
        raise SqlError("DISTINCT is not supported for MEDIAN", "0A000")
    return quantile(c, "quantile_cont", "0.5")


def quantile(c: Call, name: str, at: str) -> E:
    """PERCENTILE_CONT, PERCENTILE_DISC and MEDIAN."""
    kind = c.e.type
    if name == "quantile_disc" or kind.is_time:
        return E(f"{name}({c.e.sql}, {at}){c.over}", kind)
    if not kind.is_number:
        raise SqlError(f"function percentile_cont({kind}) does not exist", "42883")
    return E(f"{name}(CAST({c.e.sql} AS DOUBLE), {at}){c.over}", FLOAT8)


def _count(c: Call) -> E:
    return E(c.of("count"), INT8)


def _grouping(c: Call) -> E:
    return E(f"CAST(grouping({c.e.sql}) AS INTEGER)", INT4)


_STATISTICS = {"stddev": "stddev_samp", "stddev_samp": "stddev_samp", "stddev_pop": "stddev_pop",
               "variance": "var_samp", "var_samp": "var_samp", "var_pop": "var_pop"}  # fmt: skip
_PAGES = {"stddev": "r_STDDEV_functions", "variance": "r_VARIANCE_functions"}
AGGREGATES = {
    row.name: row
    for row in (
        Aggregate("count", "any", _count, "r_COUNT", "passed"),
        Aggregate("sum", "number", _sum, "r_SUM"),
        Aggregate("avg", "number", _avg, "r_AVG"),
        Aggregate("min", "any", _same("min"), "r_MIN", "passed"),
        Aggregate("max", "any", _same("max"), "r_MAX", "passed"),
        Aggregate("any_value", "any", _same("any_value"), "r_ANY_VALUE", "passed"),
        Aggregate("median", "any", _median, "r_MEDIAN"),
        Aggregate("grouping", "any", _grouping, "r_GROUP_BY_aggregation-extensions", "passed"),
        Aggregate("bool_and", "bool", _same("bool_and"), "r_BOOL_AND", "passed"),
        Aggregate("bool_or", "bool", _same("bool_or"), "r_BOOL_OR", "passed"),
        Aggregate("bit_and", "integer", _same("bit_and"), "r_BIT_AND", "passed"),
        Aggregate("bit_or", "integer", _same("bit_or"), "r_BIT_OR", "passed"),
        *(
            Aggregate(name, "number", _float(own), _PAGES["stddev" if name.startswith("stddev") else "variance"])
            for name, own in _STATISTICS.items()
        ),
    )
}
WINDOW_ONLY = ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value",
               "last_value", "nth_value", "ratio_to_report")  # fmt: skip
# LISTAGG, PERCENTILE_CONT and PERCENTILE_DISC stand in windows.py: they take WITHIN GROUP.


def argument(x: Expressions, name: str, nodes: list[Any]) -> tuple[list[E], bool]:
    """An aggregate's arguments, and whether they are DISTINCT. Raises SqlError for an aggregate in an aggregate."""
    if not x.allows_aggregate:
        raise SqlError("aggregates not allowed in this clause", "42803")
    if x.in_aggregate:
        raise SqlError("aggregate function calls may not have nested aggregate or window function", "42803")
    distinct = len(nodes) == 1 and isinstance(nodes[0], exp.Distinct)
    if distinct and nodes[0].args.get("on"):
        raise NotSupported("DISTINCT ON")
    x.in_aggregate = True
    try:
        return [x(node) for node in (nodes[0].expressions if distinct else nodes)], distinct
    finally:
        x.in_aggregate = False


def call(x: Expressions, name: str, nodes: list[Any], over: str) -> E:
    """Translate a call; `over` is the window's SQL, empty for none."""
    row = AGGREGATES[name]
    if len(nodes) == 1 and isinstance(nodes[0], exp.Star):
        if name != "count":
            raise SqlError(f"{name}(*) specified, but {name} is not an aggregate function", "42883")
        if not x.allows_aggregate or x.in_aggregate:
            argument(x, name, [])
        return E(f"count(*){over}", INT8)
    arguments, distinct = argument(x, name, nodes)
    if len(arguments) != 1:
        raise SqlError(f"function {name}({', '.join(str(a.type) for a in arguments)}) does not exist", "42883")
    if distinct and over:
        raise SqlError("DISTINCT is not supported in window functions", "0A000")
    return row.build(Call(_checked(row, arguments[0]), distinct, over))


def _checked(row: Aggregate, e: E) -> E:
    if e.type.kind == "other" or row.takes == "any":
        return e
    if e.type.kind in ("unknown", "null", "super"):
        target = {"number": FLOAT8, "integer": INT8, "bool": BOOL}[row.takes]
        return casts.cast(e, target)
    fits = {"number": e.type.is_number, "integer": e.type.is_integer, "bool": e.type == BOOL}
    if not fits[row.takes]:
        raise SqlError(f"function {row.name}({e.type}) does not exist", "42883")
    return e


def listagg(x: Expressions, nodes: list[Any], order: str, over: str) -> E:
    """LISTAGG: texts joined, NULLs left out."""
    distinct = isinstance(nodes[0], exp.Distinct) if nodes else False
    written = nodes[0].expressions + nodes[1:] if distinct else nodes
    arguments, _ = argument(x, "listagg", written)
    if not 1 <= len(arguments) <= 2:
        raise SqlError("LISTAGG takes a value and a delimiter", "42883")
    if len(arguments) == 2 and arguments[1].literal is None:
        raise SqlError("LISTAGG delimiter must be a constant", "42804")
    if distinct and over:
        raise SqlError("DISTINCT is not supported in window functions", "0A000")
    delimiter = arguments[1].sql if len(arguments) == 2 else "''"
    value = casts.implicit(arguments[0], TEXT)
    shown = f"{'DISTINCT ' if distinct else ''}{value.sql}, {delimiter}{f' ORDER BY {order}' if order else ''}"
    return E(f"rs_listed(string_agg({shown}){over})", Type("varchar", 65535))
