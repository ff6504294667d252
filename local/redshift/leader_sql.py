"""SQL of the leader node's queries, from PostgreSQL's to DuckDB's on the catalog's views (see pg_catalog.py).

https://docs.aws.amazon.com/redshift/latest/dg/c_sql-functions-leader-node.html
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.redshift.errors import SqlError
from local.redshift.pg_catalog import FUNCTIONS, RELATIONS
from local.redshift.translate import Compiled

_CAST_SCHEMA = re.compile(r"::\s*pg_catalog\s*\.\s*", re.IGNORECASE)
_SCHEMAS = ("", "pg_catalog", "information_schema")
# What stands in a query whatever it asks; other functions need to be the leader node's own.
_COMMON = (
    *(exp.Count, exp.Max, exp.Min, exp.Sum, exp.Avg, exp.Coalesce, exp.Case, exp.If, exp.Cast, exp.Lower, exp.Upper),
    *(exp.Substring, exp.Trim, exp.Array, exp.ArrayAgg, exp.GroupConcat, exp.Concat, exp.Exists, exp.Any, exp.Length),
    *(exp.Nullif, exp.Left, exp.Right, exp.Replace, exp.SplitPart, exp.StrPosition, exp.And, exp.Or, exp.Xor),
    *(exp.Between, exp.RowNumber, exp.Greatest, exp.Least, exp.Round, exp.Abs, exp.RegexpLike, exp.RegexpILike),
    *(
        exp.RegexpReplace,
        exp.Array,
        exp.List,
        exp.Tuple,
        exp.GenerateSeries,
        exp.ConcatWs,
        exp.Unnest,
        exp.Explode,
        exp.Mod,
    ),
)
_TABLE_FUNCTIONS = ("pg_get_late_binding_view_cols",)
_PATTERNS = {
    "~": (exp.RegexpLike, False),
    "!~": (exp.RegexpLike, True),
    "~*": (exp.RegexpILike, False),
    "!~*": (exp.RegexpILike, True),
}
_OVERLOADED = {
    "regexp_substr": {3: "regexp_substr3"},
    "pg_get_expr": {3: "pg_get_expr3"},
    "pg_get_viewdef": {2: "pg_get_viewdef2"},
    "obj_description": {1: "obj_description1"},
    "pg_get_constraintdef": {2: "pg_get_constraintdef2"},
    "pg_get_indexdef": {3: "pg_get_indexdef3"},
    "has_schema_privilege": {2: "has_schema_privilege2"},
    "has_table_privilege": {2: "has_table_privilege2"},
    "has_database_privilege": {2: "has_database_privilege2"},
}


class _ForeignError(Exception):
    """The query is not one for the leader node."""


def parse_query(sql: str) -> exp.Expression | None:
    """None for what is not one query."""
    try:
        # sqlglot reads no schema in the second of two casts: 'x'::pg_catalog.regclass::pg_catalog.oid
        text = _CAST_SCHEMA.sub("::", sql)
        found = [item for item in sqlglot.parse(text, read="postgres") if item is not None]
    except SqlglotError:
        return None
    if len(found) != 1 or not isinstance(found[0], (exp.Select, exp.SetOperation, exp.Subquery)):
        return None
    return found[0]


def compile_query(node: exp.Expression) -> Compiled | None:
    """None when the query is not on the catalog alone. Raises SqlError."""
    tables = list(node.find_all(exp.Table))
    within = {cte.alias.lower() for cte in node.find_all(exp.CTE)}
    named = [t for t in tables if t.name and not (not t.db and t.name.lower() in within)]
    postgres = [table for table in named if _is_postgres(table)]
    if not all(_relation(table) for table in named):
        for table in postgres:
            if not _relation(table):
                raise SqlError(f'relation "{table.db}.{table.name}" does not exist')
        if postgres:
            raise SqlError("Specified types or functions (one per INFO message) not supported on Redshift tables.")
        return None
    if not named and not any(_name(f) in FUNCTIONS or _is_reg_cast(f) for f in node.find_all(exp.Func)):
        return None
    try:
        rewritten = _bottom_up(_with_names(node.copy()))
    except _ForeignError as error:
        if postgres:
            raise SqlError(f"function {error} is not supported on the leader node") from error
        return None
    for table in rewritten.find_all(exp.Table):
        if (name := _relation(table)) and (table.db or table.name.lower() not in within):
            alias = table.alias or table.name
            table.set("this", exp.to_identifier(name, quoted=True))
            table.set("db", exp.to_identifier("main"))
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias.lower(), quoted=True)))
    return Compiled("query", rewritten.sql("duckdb", comments=False))


def _with_names(node: exp.Expression) -> exp.Expression:
    """Name the result's columns as Redshift does: in lower case, a function's column as the function."""
    for identifier in node.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
    select = node
    while isinstance(select, (exp.SetOperation, exp.Subquery)):
        select = select.this
    if isinstance(select, exp.Select):
        select.set("expressions", [_with_name(item) for item in select.expressions])
    return node


def _with_name(item: exp.Expression) -> exp.Expression:
    if isinstance(item, (exp.Alias, exp.Column, exp.Star)) or item.is_star:
        return item
    inner = item
    while isinstance(inner, exp.Cast):
        inner = inner.this
    if isinstance(inner, exp.Dot):
        inner = inner.expression
    if isinstance(inner, exp.Column):
        name = inner.name
    elif isinstance(inner, exp.Case):
        name = "case"
    elif isinstance(inner, exp.Func) and not isinstance(inner, (exp.And, exp.Or)):
        name = _name(inner) or inner.sql_name().lower()
    elif isinstance(item, exp.Cast):
        name = item.to.sql("postgres").lower()
    else:
        name = "?column?"
    return exp.alias_(item, name.lower(), quoted=True)


def _bottom_up(root: exp.Expression) -> exp.Expression:
    """Rewrite every node after those below it."""
    for node in reversed(list(root.walk(bfs=False))):
        if (new := _rewrite(node)) is not node:
            if node is root:
                return new
            node.replace(new)
    return root


def _relation(table: exp.Table) -> str | None:
    """The view's name in `main`, None when the table is none of the catalog's."""
    schema, name = table.db.lower(), table.name.lower()
    if not isinstance(table.this, exp.Identifier) or schema not in _SCHEMAS:
        return None
    if schema == "information_schema":
        name = f"information_schema.{name}"
    return name if name in RELATIONS else None


def _is_postgres(table: exp.Table) -> bool:
    """Whether a table is PostgreSQL's, and not one of Redshift's own views, which other queries may read, too."""
    return table.db.lower() in ("pg_catalog", "information_schema") or bool(
        not table.db and (_relation(table) or "").startswith("pg_") and table.name.lower() != "pg_table_def"
    )


def _name(node: exp.Expression) -> str:
    """A function's name in lower case, as it was written."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return {
        exp.CurrentUser: "current_user",
        exp.SessionUser: "session_user",
        exp.CurrentSchema: "current_schema",
        exp.CurrentCatalog: "current_database",
        exp.CurrentDatabase: "current_database",
        exp.CurrentVersion: "version",
        exp.CurrentSchemas: "current_schemas",
        exp.ArrayToString: "array_to_string",
        exp.RegexpSubstr: "regexp_substr",
    }.get(type(node), "")


def _rewrite(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
        if node.this.name.lower() not in ("pg_catalog", "information_schema"):
            raise _ForeignError(node.sql("postgres"))
        return node.expression  # pg_catalog.format_type(...), which is rewritten already
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Anonymous):
        return _table_function(node)
    if isinstance(node, exp.Table) and isinstance(node.this, exp.GenerateSeries):
        node.set("db", None)  # of pg_catalog.generate_series(1, 32)
    if isinstance(node, exp.Table) and isinstance(node.this, (exp.Explode, exp.Unnest)):
        return _unnest(node)
    if isinstance(node, exp.Column) and node.text("db").lower() in ("pg_catalog", "information_schema"):
        node.set("db", None)
    if isinstance(node, exp.Operator):
        return _operator(node)
    if isinstance(node, exp.Collate):
        return node.this
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return _cast(node)
    if isinstance(node, exp.Column) and not node.table and node.name.lower() in ("user",) and not node.this.quoted:
        return exp.Anonymous(this="main.ln_current_user", expressions=[])
    if isinstance(node, exp.Func) and not isinstance(node, _COMMON):
        return _function(node)
    return node


def _table_function(node: exp.Table) -> exp.Expression:
    """A function in FROM: one that returns rows is a view here, one that returns a value is a row with it."""
    name = _name(node.this).removeprefix("main.ln_")
    alias = node.alias or name
    given = node.args["alias"].columns if node.args.get("alias") else []
    columns = [exp.to_identifier(c.name) for c in given]
    if name not in _TABLE_FUNCTIONS:
        value = exp.alias_(node.this, columns[0].name if columns else name)
        return exp.Subquery(this=exp.select(value), alias=exp.TableAlias(this=exp.to_identifier(alias)))
    view = exp.Table(this=exp.to_identifier(name, quoted=True), db=exp.to_identifier("main"))
    view.set("alias", exp.TableAlias(this=exp.to_identifier(alias), columns=columns))
    return view


def _unnest(node: exp.Table) -> exp.Expression:
    """FROM unnest(array) x: PostgreSQL calls the column as the relation."""
    name = node.alias or "unnest"
    alias = exp.TableAlias(this=exp.to_identifier(f"{name}_"), columns=[exp.to_identifier(name)])
    return exp.Unnest(expressions=[node.this.this], alias=alias)


def _function(node: exp.Func) -> exp.Expression:
    name = _name(node)
    if name.startswith("main.ln_"):
        return node
    if name not in FUNCTIONS:
        raise _ForeignError(name or node.sql_name().lower())
    arguments = list(node.iter_expressions())
    name = _OVERLOADED.get(name, {}).get(len(arguments), name)
    return exp.Anonymous(this=f"main.ln_{name}", expressions=arguments)


def _operator(node: exp.Operator) -> exp.Expression:
    """OPERATOR(pg_catalog.~), as psql writes it to be safe from operators of the same name."""
    symbol = str(node.args["operator"]).lower().removeprefix("pg_catalog.")
    left, right = node.this, node.expression
    if symbol in _PATTERNS:
        kind, negated = _PATTERNS[symbol]
        matched = kind(this=left, expression=right)
        return exp.Not(this=matched) if negated else matched
    simple = {
        "=": exp.EQ,
        "<>": exp.NEQ,
        "<": exp.LT,
        ">": exp.GT,
        "<=": exp.LTE,
        ">=": exp.GTE,
        "~~": exp.Like,
        "||": exp.DPipe,
    }
    if symbol not in simple:
        raise SqlError(f"operator {symbol} is not supported on the leader node")
    return simple[symbol](this=left, expression=right)


def _is_reg_cast(node: exp.Expression) -> bool:
    return isinstance(node, exp.Cast) and node.to.sql("postgres").lower().startswith("reg")


def _cast(node: exp.Expression) -> exp.Expression:
    to = node.args["to"]
    name = to.sql("postgres").lower().replace('"', "").removeprefix("pg_catalog.")
    if name == "regclass":
        # A name becomes an OID, an OID is shown as a name; text that is cast on is an OID for comparisons.
        text = isinstance(node.this, exp.Literal) and node.this.is_string
        return exp.Anonymous(this=f"main.ln_{'regclass' if text else 'regclass_name'}", expressions=[node.this])
    if name in ("regtype",):
        return exp.Anonymous(
            this="main.ln_regtype" if isinstance(node.this, exp.Literal) else "main.ln_format_type",
            expressions=[node.this] if isinstance(node.this, exp.Literal) else [node.this, exp.Literal.number(-1)],
        )
    if name in (
        "regproc",
        "regnamespace",
        "regrole",
        "name",
        "char",
        "text",
        "information_schema.sql_identifier",
        "bpchar",
    ) or name.endswith("character_data"):
        return exp.cast(node.this, "varchar", dialect="duckdb")
    if name in ("oid", "xid", "information_schema.cardinal_number"):
        return exp.cast(node.this, "bigint", dialect="duckdb")
    return node
