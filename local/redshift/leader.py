"""Queries for the leader node: those on the catalog alone, with PostgreSQL's functions that Redshift has only there.

https://docs.aws.amazon.com/redshift/latest/dg/c_sql-functions-leader-node.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlglot import exp

from local.redshift.errors import SqlError
from local.redshift.leader_sql import compile_query, parse_query
from local.redshift.parameters import bind, bind_numbered, number_placeholders
from local.redshift.translate import Compiled, compile_statement, compile_text, parse

_HINT = re.compile(
    r"\b(?:pg_\w+|information_schema|svv_\w+|stv_\w+|version|current_\w+|session_user|user|has_\w+_privilege|format_type"
    r"|obj_description|col_description|quote_ident|reg(?:class|type|proc|role|namespace))\b",
    re.IGNORECASE,
)


def identity(user: str, roles: Collection[str] | None = None) -> str:
    """The statement that sets a session's identity: what current_user, pg_user and has_table_privilege answer by."""
    listed = "NULL" if roles is None else f"[{', '.join(map(_literal, roles))}]"
    return f"SET VARIABLE login_user = {_literal(user)}; SET VARIABLE login_roles = {listed}::VARCHAR[]"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def compile_any(sql: str, values: list[exp.Expression] | None = None) -> Compiled:
    """A statement for the leader node or the compute nodes; `values` go in place of $1, $2. Raises SqlError."""
    if _HINT.search(sql) and (compiled := compile_leader(sql, values)) is not None:
        return compiled
    if not values:
        return compile_text(sql)
    parsed = parse(number_placeholders(sql)[0])
    bound = bind_numbered(parsed, values) if isinstance(parsed, exp.Expression) else parsed
    return replace(compile_statement(bound), source=sql)


def compile_leader(sql: str, values: list[exp.Expression] | None = None) -> Compiled | None:
    """None when the statement is not a query that the leader node answers. Raises SqlError."""
    if not values:
        return _compile_text(sql)
    parsed = parse_query(number_placeholders(sql)[0])
    return None if parsed is None else compile_query(bind_numbered(parsed, values))


@lru_cache(maxsize=256)
def _compile_text(sql: str) -> Compiled | None:
    parsed = parse_query(sql)
    return None if parsed is None else compile_query(parsed)


def compile_all(sqls: list[str], parameters: list[dict[str, Any]]) -> list[Compiled | SqlError]:
    """What each statement of a request compiles to, with its named parameters.

    One that doesn't compile is kept as its SqlError, to fail when its turn comes. Raises ValidationException for
    parameters that don't fit.
    """
    if not parameters:
        return [_or_error(compile_any, sql) for sql in sqls]
    leaders = [_or_error(_leader_node, sql) for sql in sqls]
    parsed = [leader or _or_error(parse, sql) for leader, sql in zip(leaders, sqls, strict=True)]
    bindable = [index for index, item in enumerate(parsed) if isinstance(item, exp.Expression)]
    for index, bound in zip(bindable, bind([parsed[i] for i in bindable], parameters), strict=True):
        parsed[index] = bound
    work = []
    for leader, item, sql in zip(leaders, parsed, sqls, strict=True):
        done = item if isinstance(item, SqlError) else _or_error(compile_query if leader else compile_statement, item)
        work.append(replace(done, source=sql) if isinstance(done, Compiled) else done)
    return work


def _leader_node(sql: str) -> exp.Expression | None:
    """The parsed query if it is one for the leader node."""
    node = parse_query(sql) if _HINT.search(sql) else None
    return node if node is not None and compile_query(node) is not None else None


def _or_error(step: Callable[[Any], Any], argument: Any) -> Any:
    try:
        return step(argument)
    except SqlError as error:
        return error
