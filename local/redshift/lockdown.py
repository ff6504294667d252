"""The SQL engine sees no file, no network and no setting: DuckDB's own lock, and a check of what a statement names.

DuckDB's lock does not cover everything: ENABLE_LOGGING(storage := 'file') ends the process, ARROW_SCAN reads memory at
an address. Statements other than queries and changes of tables are refused in translate.py; here it is functions: in
the place of a table only those that Redshift has, and none of DuckDB's for its own administration anywhere.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import duckdb
from sqlglot import exp

from local.redshift.errors import SqlError

CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
}
# What a session sets for itself (engine.Session); nothing that a file or a limit hangs on.
SESSION_SETTINGS = ("integer_division", "TimeZone", "search_path", "schema")
_TABLE_FUNCTIONS = (exp.GenerateSeries, exp.ExplodingGenerateSeries, exp.Unnest)
# Scalar functions that reveal the machine, or write the engine's log.
SCALARS = frozenset({"current_setting", "getenv", "write_log", "getvariable", "user_agent"})
_ADMINISTRATIVE = ("duckdb_", "pragma_", "sqlite_")
_OWN_SCHEMAS = ("", "main", "system", "temp")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(")


def lock(connection: Any) -> None:
    """Take files, network and settings from a database and all its connections, for as long as it is open."""
    connection.execute("SET enable_external_access = false")
    connection.execute(f"SET allowed_configs = {list(SESSION_SETTINGS)}")
    connection.execute("SET lock_configuration = true")


def check(node: exp.Expression, sql: str) -> None:
    """Refuse a statement that calls what Redshift has not. `sql` is its text for DuckDB. Raises SqlError."""
    for table in node.find_all(exp.Table, exp.Lateral):
        _check_table(table)
    called = {name.lower() for name in _CALLED.findall(_QUOTED.sub("''", sql))}
    called |= {_name(function) for function in node.find_all(exp.Anonymous, exp.AnonymousAggFunc)}
    for name in sorted(called & (administrative_functions() | SCALARS)):
        raise _denied(name)


@cache
def administrative_functions() -> frozenset[str]:
    """What the engine has in the place of a table, or as a pragma, and not as a function of values as well."""
    with duckdb.connect(":memory:", config=CONFIG) as connection:
        rows = connection.execute("SELECT lower(function_name), function_type FROM duckdb_functions()").fetchall()
    values = {name for name, kind in rows if kind in ("scalar", "aggregate", "macro")}
    return frozenset(name for name, _ in rows) - values


def _check_table(node: exp.Expression) -> None:
    source = node.this
    if isinstance(source, exp.Identifier):
        if node.text("db") in _OWN_SCHEMAS and source.name.startswith(_ADMINISTRATIVE):
            raise SqlError(f"permission denied for relation {source.name}")
    elif isinstance(source, exp.Func) and not isinstance(source, _TABLE_FUNCTIONS):
        raise _denied(_name(source))


def _name(function: exp.Expression) -> str:
    this = function.this
    if isinstance(function, (exp.Anonymous, exp.AnonymousAggFunc)):
        return str(this.name if isinstance(this, exp.Expression) else this).lower()
    return function.sql_name().lower() if isinstance(function, exp.Func) else ""


def _denied(name: str) -> SqlError:
    return SqlError(f"permission denied for function {name}")
