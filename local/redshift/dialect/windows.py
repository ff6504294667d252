"""Window functions and WITHIN GROUP. https://docs.aws.amazon.com/redshift/latest/dg/c_Window_functions.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local.redshift.dialect import aggregates, casts
from local.redshift.dialect.aggregates import AGGREGATES, Call
from local.redshift.dialect.parser import Approximate
from local.redshift.dialect.scope import E
from local.redshift.dialect.types import FLOAT8, INT4, INT8
from local.redshift.errors import NotSupported, SqlError

if TYPE_CHECKING:
    from local.redshift.dialect.expressions import Expressions

_RANKS = {"row_number": INT8, "rank": INT8, "dense_rank": INT8, "percent_rank": FLOAT8, "cume_dist": FLOAT8}
_VALUES = ("first_value", "last_value", "nth_value")
PAGES = {
    "row_number": "r_WF_ROW_NUMBER",
    "rank": "r_WF_RANK",
    "dense_rank": "r_WF_DENSE_RANK",
    "percent_rank": "r_WF_PERCENT_RANK",
    "cume_dist": "r_WF_CUME_DIST",
    "ntile": "r_WF_NTILE",
    "lag": "r_WF_LAG",
    "lead": "r_WF_LEAD",
    "first_value": "r_WF_first_value",
    "last_value": "r_WF_first_value",
    "nth_value": "r_WF_NTH",
    "ratio_to_report": "r_WF_RATIO_TO_REPORT",
}


def order_items(x: Expressions, order: exp.Order | None) -> list[str]:
    """ORDER BY's items; NULLs come last going up and first going down, unless the statement says where."""
    return [f"{x(item.this).sql}{direction(item)}" for item in (order.expressions if order else [])]


def direction(item: exp.Ordered) -> str:
    if item.args.get("with_fill"):
        raise NotSupported("WITH FILL")
    first = item.args.get("nulls_first")
    return f"{' DESC' if item.args.get('desc') else ''} NULLS {'FIRST' if first else 'LAST'}"


def window(x: Expressions, node: exp.Window) -> E:
    """A function with OVER."""
    if not x.allows_window or x.in_aggregate:
        raise SqlError("window functions are not allowed here", "42P20")
    for name in ("alias", "first"):
        if node.args.get(name):
            raise NotSupported("a named window")
    if str(node.args.get("over") or "").upper() != "OVER":
        raise NotSupported(f"{node.args.get('over')} of a window")
    parts = [f"PARTITION BY {', '.join(x(item).sql for item in node.args['partition_by'])}"] if node.args.get(
        "partition_by"
    ) else []  # fmt: skip
    order = node.args.get("order")
    if order:
        if any(isinstance(item.this, exp.Literal) for item in order.expressions):
            raise SqlError("constant expressions are not supported in order by clauses of window functions", "0A000")
        parts.append(f"ORDER BY {', '.join(order_items(x, order))}")
    frame = _frame(node.args["spec"]) if node.args.get("spec") else ""
    return _function(x, node.this, parts, bool(order), frame)


def _frame(spec: exp.WindowSpec) -> str:
    if str(spec.args.get("kind")).upper() != "ROWS" or spec.args.get("exclude"):
        raise SqlError(f"{spec.args.get('kind')} frames are not supported: use ROWS", "0A000")

    def bound(value: Any, side: Any) -> str:
        if isinstance(value, exp.Expression):
            if not isinstance(value, exp.Literal) or value.is_string:
                raise NotSupported("a frame whose offset is no literal")
            return f"{value.name} {side}"
        return f"{value} {side}" if side else str(value)

    start = bound(spec.args.get("start"), spec.args.get("start_side"))
    end = bound(spec.args.get("end") or "CURRENT ROW", spec.args.get("end_side"))
    return f"ROWS BETWEEN {start} AND {end}"


def _function(x: Expressions, node: Any, parts: list[str], ordered: bool, frame: str) -> E:
    nulls = ""
    if isinstance(node, (exp.IgnoreNulls, exp.RespectNulls)):
        nulls, node = (" IGNORE NULLS" if isinstance(node, exp.IgnoreNulls) else ""), node.this
    if isinstance(node, exp.WithinGroup):
        if ordered or frame:
            raise SqlError("ORDER BY is not allowed in the window of an ordered-set function", "42601")
        return within_group(x, node, f" OVER ({' '.join(parts)})")
    if not isinstance(node, exp.Anonymous):
        raise NotSupported(f"{type(node).__name__} over a window")
    name, nodes = str(node.this).lower(), list(node.expressions)
    if nodes and isinstance(nodes[0], (exp.IgnoreNulls, exp.RespectNulls)):
        nulls = " IGNORE NULLS" if isinstance(nodes[0], exp.IgnoreNulls) else nulls
        nodes[0] = nodes[0].this
    if nulls and name not in (*_VALUES, "lag", "lead"):
        raise SqlError(f"IGNORE NULLS is not supported for {name}", "0A000")
    if name == "listagg":
        return aggregates.listagg(x, nodes, "", f" OVER ({' '.join(parts)})")
    if name in AGGREGATES or name in _VALUES:
        if name == "median" and ordered:
            raise SqlError("ORDER BY is not allowed in the window of MEDIAN", "42601")
        if ordered and not frame:
            raise SqlError("Aggregate window functions with an ORDER BY clause require a frame clause", "0A000")
        if frame and not ordered:
            raise SqlError("a frame clause requires an ORDER BY clause", "42P20")
        over = f" OVER ({' '.join([*parts, frame])})"
        return aggregates.call(x, name, nodes, over) if name in AGGREGATES else _value(x, name, nodes, nulls, over)
    if frame:
        raise SqlError(f"window frame clause is not supported for {name}", "0A000")
    return _ranking(x, name, nodes, nulls, f" OVER ({' '.join(parts)})", ordered)


def _value(x: Expressions, name: str, nodes: list[Any], nulls: str, over: str) -> E:
    arguments = [x(node) for node in nodes]
    if len(arguments) != (2 if name == "nth_value" else 1):
        raise SqlError(f"function {name} takes {2 if name == 'nth_value' else 1} argument(s)", "42883")
    shown = ", ".join(argument.sql for argument in arguments)
    return E(f"{name}({shown}{nulls}){over}", arguments[0].type, clean=arguments[0].clean)


def _ranking(x: Expressions, name: str, nodes: list[Any], nulls: str, over: str, ordered: bool) -> E:
    arguments = [x(node) for node in nodes]
    if name in _RANKS and not arguments:
        return E(f"{name}(){over}", _RANKS[name])
    if name == "ntile" and len(arguments) == 1:
        return E(f"ntile({arguments[0].sql}){over}", INT8)
    if name in ("lag", "lead") and 1 <= len(arguments) <= 2:
        if not ordered:
            raise SqlError(f"window function {name} requires an ORDER BY clause", "42601")
        shown = ", ".join(argument.sql for argument in arguments)
        return E(f"{name}({shown}{nulls}){over}", arguments[0].type, clean=arguments[0].clean)
    if name in ("lag", "lead") and len(arguments) == 3:
        raise SqlError(f"Default parameter not be supported for window function {name}", "0A000")
    if name == "ratio_to_report" and len(arguments) == 1:
        if ordered:
            raise SqlError("ORDER BY is not allowed in the window of RATIO_TO_REPORT", "42601")
        value = f"CAST({arguments[0].sql} AS DOUBLE)"
        return E(f"({value} / rs_nonzero(sum({value}){over}))", FLOAT8)
    if name in aggregates.WINDOW_ONLY:
        kinds = ", ".join(str(argument.type) for argument in arguments)
        raise SqlError(f"function {name}({kinds}) does not exist", "42883")
    raise NotSupported(f"window function {name}")


def within_group(x: Expressions, node: exp.WithinGroup, over: str) -> E:
    """LISTAGG, PERCENTILE_CONT and PERCENTILE_DISC with WITHIN GROUP (ORDER BY ...)."""
    inner, order = node.this, node.expression
    name = str(inner.this).lower() if isinstance(inner, exp.Anonymous) else type(inner).__name__
    if name == "listagg":
        return aggregates.listagg(x, inner.expressions, ", ".join(order_items(x, order)), over)
    if name not in ("percentile_cont", "percentile_disc"):
        raise NotSupported(f"{name} WITHIN GROUP")
    if len(order.expressions) != 1 or len(inner.expressions) != 1:
        raise SqlError(f"{name} takes a fraction and one value to order by", "42883")
    fraction = x(inner.expressions[0])
    if fraction.literal is None or not 0 <= float(fraction.literal) <= 1:
        raise SqlError("the percentile must be a constant between 0 and 1", "22003")
    ordered = order.expressions[0]
    (value,), _ = aggregates.argument(x, name, [ordered.this])
    at = float(fraction.literal)
    at = 1 - at if ordered.args.get("desc") else at
    own = "quantile_cont" if name == "percentile_cont" else "quantile_disc"
    return aggregates.quantile(Call(value, False, over), own, repr(at))


def approximate(x: Expressions, node: Approximate) -> E:
    """APPROXIMATE COUNT(DISTINCT) and APPROXIMATE PERCENTILE_DISC: exact here, which is within their error."""
    inner = node.this
    if isinstance(inner, exp.WithinGroup) and str(inner.this.this).lower() == "percentile_disc":
        return within_group(x, inner, "")
    distinct = isinstance(inner, exp.Anonymous) and len(inner.expressions) == 1 and isinstance(
        inner.expressions[0], exp.Distinct
    )  # fmt: skip
    if not distinct or str(inner.this).lower() != "count":
        raise SqlError("APPROXIMATE is for COUNT(DISTINCT) and PERCENTILE_DISC", "42601")
    return aggregates.call(x, "count", inner.expressions, "")


__all__ = ["INT4", "PAGES", "approximate", "casts", "direction", "order_items", "window", "within_group"]
