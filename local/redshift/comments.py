"""COMMENT ON: kept beside DuckDB's own comments, which hold a column's declared type (see ddl.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from local.redshift.errors import SqlError

SYSTEM = """
CREATE TABLE IF NOT EXISTS main._comment (schema_name VARCHAR, relation VARCHAR, column_name VARCHAR, remarks VARCHAR);
"""


@dataclass(frozen=True)
class Comment:
    """What is said of a table, view or, with `column`, of a column of one; None removes a comment."""

    schema: str
    relation: str
    column: str | None
    text: str | None


def comment_of(node: exp.Comment) -> Comment:
    """From sqlglot's Comment. Raises SqlError for what is neither a table, a view nor a column."""
    kind, target = str(node.args.get("kind")).upper(), node.this
    text = None if isinstance(node.expression, exp.Null) else node.expression.name
    if kind == "COLUMN" and isinstance(target, exp.Column) and target.table:
        return Comment(target.db or "public", target.table, target.name, text)
    if kind in ("TABLE", "VIEW") and isinstance(target, exp.Table):
        return Comment(target.db or "public", target.name, None, text)
    raise SqlError(f"COMMENT ON {kind} is not supported by this server")


def put(connection: Any, comment: Comment) -> None:
    """Keep a comment. Raises SqlError for a relation or a column that is not there."""
    names = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = current_database()"
        " AND schema_name = ? AND table_name = ?",
        [comment.schema, comment.relation],
    ).fetchall()
    if not names:
        raise SqlError(f'relation "{comment.schema}.{comment.relation}" does not exist')
    if comment.column and (comment.column,) not in names:
        raise SqlError(f'column "{comment.column}" of relation "{comment.relation}" does not exist')
    place = [comment.schema, comment.relation, comment.column]
    connection.execute(
        "DELETE FROM main._comment WHERE schema_name = ? AND relation = ? AND column_name IS NOT DISTINCT FROM ?", place
    )
    if comment.text is not None:
        connection.execute("INSERT INTO main._comment VALUES (?, ?, ?, ?)", [*place, comment.text])


def forget(connection: Any, schema: str | None, relation: str) -> None:
    """Drop the comments of a relation that is dropped."""
    connection.execute(
        "DELETE FROM main._comment WHERE schema_name = ? AND relation = ?", [schema or "public", relation]
    )
