"""Queries for the leader node: those on the catalog alone, with PostgreSQL's functions that Redshift has only there.

https://docs.aws.amazon.com/redshift/latest/dg/c_sql-functions-leader-node.html
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.redshift.errors import SqlError
from local.redshift.parameters import bind_numbered
from local.redshift.pg_catalog import FUNCTIONS, RELATIONS
from local.redshift.translate import Compiled, compile_statement, compile_text, parse

SERVER_VERSION = "8.0.2"
VERSION = (
    f"PostgreSQL {SERVER_VERSION} on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
    "Redshift 1.0.0 (Swipeline's embedded warehouse)"
)
_HINT = re.compile(
    r"\b(?:pg_\w+|information_schema|svv_\w+|stv_\w+|version|current_\w+|session_user|user|has_\w+_privilege|format_type"
    r"|obj_description|col_description|quote_ident)\b",
    re.IGNORECASE,
)
_SCHEMAS = ("", "pg_catalog", "information_schema")
# What stands in a query whatever it asks; other functions need to be the leader node's own.
_COMMON = (
    *(exp.Count, exp.Max, exp.Min, exp.Sum, exp.Avg, exp.Coalesce, exp.Case, exp.If, exp.Cast, exp.Lower, exp.Upper),
    *(exp.Substring, exp.Trim, exp.Array, exp.ArrayAgg, exp.GroupConcat, exp.Concat, exp.Exists, exp.Any, exp.Length),
    *(exp.Nullif, exp.Left, exp.Right, exp.Replace, exp.SplitPart, exp.StrPosition, exp.And, exp.Or, exp.Xor),
    *(exp.Between, exp.RowNumber, exp.Greatest, exp.Least, exp.Round, exp.Abs, exp.RegexpLike, exp.RegexpILike),
    *(exp.RegexpReplace, exp.Array, exp.List, exp.Tuple, exp.GenerateSeries, exp.ConcatWs),
)
_ALIASES = {"pg_catalog.regclass", "regclass"}
_PATTERNS = {"~": (exp.RegexpLike, False), "!~": (exp.RegexpLike, True), "~*": (exp.RegexpILike, False), "!~*": (exp.RegexpILike, True)}
_OVERLOADED = {
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


def identify(connection: Any, user: str, roles: Collection[str] | None = None, pid: int = 0) -> None:
    """Tell a session who it is: what current_user, pg_user and has_table_privilege answer by."""
    connection.execute("SET VARIABLE login_user = ?", [user])
    connection.execute("SET VARIABLE login_roles = ?::VARCHAR[]", [None if roles is None else list(roles)])
    connection.execute("SET VARIABLE login_pid = ?::INTEGER", [pid])
    connection.execute("SET VARIABLE server_version_text = ?", [VERSION])


def compile_any(sql: str, values: list[exp.Expression] | None = None) -> Compiled:
    """A statement for the leader node or the compute nodes; `values` go in place of $1, $2. Raises SqlError."""
    if _HINT.search(sql) and (compiled := compile_leader(sql, values)) is not None:
        return compiled
    if not values:
        return compile_text(sql)
    parsed = parse(sql)
    return compile_statement(bind_numbered(parsed, values) if isinstance(parsed, exp.Expression) else parsed)


def compile_leader(sql: str, values: list[exp.Expression] | None = None) -> Compiled | None:
    """None when the statement is not a query that the leader node answers. Raises SqlError."""
    if not values:
        return _compile_text(sql)
    parsed = _parse(sql)
    return None if parsed is None else _compile(bind_numbered(parsed, values))


@lru_cache(maxsize=256)
def _compile_text(sql: str) -> Compiled | None:
    parsed = _parse(sql)
    return None if parsed is None else _compile(parsed)


def _parse(sql: str) -> exp.Expression | None:
    try:
        found = [item for item in sqlglot.parse(sql, read="postgres") if item is not None]
    except SqlglotError:
        return None
    if len(found) != 1 or not isinstance(found[0], (exp.Select, exp.SetOperation, exp.Subquery)):
        return None
    return found[0]


def _compile(node: exp.Expression) -> Compiled | None:
    tables = list(node.find_all(exp.Table))
    within = {cte.alias.lower() for cte in node.find_all(exp.CTE)}
    catalog = [t for t in tables if t.name and not (not t.db and t.name.lower() in within)]
    if not all(_relation(table) for table in catalog):
        return None
    if not catalog and not any(_name(f) in FUNCTIONS for f in node.find_all(exp.Func)):
        return None
    try:
        rewritten = _bottom_up(node.copy())
    except _ForeignError:
        return None
    for table in rewritten.find_all(exp.Table):
        if (name := _relation(table)) and (table.db or table.name.lower() not in within):
            alias = table.alias or table.name
            table.set("this", exp.to_identifier(name, quoted=True))
            table.set("db", exp.to_identifier("main"))
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias.lower(), quoted=True)))
    return Compiled("query", rewritten.sql("duckdb", comments=False))


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


def _name(node: exp.Expression) -> str:
    """A function's name in lower case, as it was written."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return {exp.CurrentUser: "current_user", exp.SessionUser: "session_user", exp.CurrentSchema: "current_schema",
            exp.CurrentCatalog: "current_database", exp.CurrentDatabase: "current_database", exp.CurrentVersion: "version",
            exp.CurrentSchemas: "current_schemas", exp.ArrayToString: "array_to_string"}.get(type(node), "")


def _rewrite(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
        if node.this.name.lower() not in ("pg_catalog", "information_schema"):
            raise _ForeignError
        return node.expression  # pg_catalog.format_type(...), which is rewritten already
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


def _function(node: exp.Func) -> exp.Expression:
    name = _name(node)
    if name.startswith("main.ln_"):
        return node
    if name not in FUNCTIONS:
        raise _ForeignError
    arguments = [argument for argument in node.iter_expressions()]
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
    simple = {"=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, ">": exp.GT, "<=": exp.LTE, ">=": exp.GTE, "~~": exp.Like, "||": exp.DPipe}
    if symbol not in simple:
        raise SqlError(f"operator {symbol} is not supported on the leader node")
    return simple[symbol](this=left, expression=right)


def _cast(node: exp.Expression) -> exp.Expression:
    to = node.args["to"]
    name = to.sql("postgres").lower().replace('"', "").removeprefix("pg_catalog.")
    if name == "regclass":
        # A name becomes an OID, an OID is shown as a name; text that is cast on is an OID for whoever compares it.
        text = isinstance(node.this, exp.Literal) and node.this.is_string
        return exp.Anonymous(this=f"main.ln_{'regclass' if text else 'regclass_name'}", expressions=[node.this])
    if name in ("regtype",):
        return exp.Anonymous(this="main.ln_regtype" if isinstance(node.this, exp.Literal) else "main.ln_format_type",
                             expressions=[node.this] if isinstance(node.this, exp.Literal) else [node.this, exp.Literal.number(-1)])
    if name in ("regproc", "regnamespace", "regrole", "name", "char", "text", "information_schema.sql_identifier", "bpchar") or name.endswith("character_data"):
        return exp.cast(node.this, "varchar", dialect="duckdb")
    if name in ("oid", "xid", "information_schema.cardinal_number"):
        return exp.cast(node.this, "bigint", dialect="duckdb")
    return node
