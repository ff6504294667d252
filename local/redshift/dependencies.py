"""What views read: a table that a view needs is dropped with CASCADE only, unless the view is bound late."""

from __future__ import annotations

from typing import Any

from local.redshift.ddl import CreateView
from local.redshift.errors import SqlError

SYSTEM = """
CREATE TABLE IF NOT EXISTS main._view_source (schema_name VARCHAR, relation VARCHAR, source_schema VARCHAR,
  source VARCHAR);
"""


def record(connection: Any, view: CreateView, named: frozenset[tuple[str, str]]) -> None:
    """Keep what a view reads; nothing for one WITH NO SCHEMA BINDING."""
    schema = view.schema or "public"
    forget(connection, schema, view.name)
    if not view.late:
        for source_schema, source in named:
            row = [schema, view.name, source_schema or "public", source]
            connection.execute("INSERT INTO main._view_source VALUES (?, ?, ?, ?)", row)


def forget(connection: Any, schema: str, relation: str) -> None:
    connection.execute("DELETE FROM main._view_source WHERE schema_name = ? AND relation = ?", [schema, relation])


def check(connection: Any, relations: tuple[tuple[str, str], ...], cascade: bool) -> None:
    """Before a DROP: raises SqlError when a view needs the relation; with CASCADE the views go first."""
    dropped = {(schema or "public", name) for schema, name in relations}
    for schema, name in sorted(dropped):
        query = "SELECT DISTINCT schema_name, relation FROM main._view_source WHERE source_schema = ? AND source = ?"
        for view_schema, view in connection.execute(query, [schema, name]).fetchall():
            if (view_schema, view) in dropped:
                continue
            if not cascade:
                raise SqlError(f"cannot drop {schema}.{name} because other objects depend on it", "2BP01")
            connection.execute(f'DROP VIEW IF EXISTS "{view_schema}"."{view}"')
            forget(connection, view_schema, view)
        forget(connection, schema, name)
