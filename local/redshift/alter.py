"""ALTER TABLE as Redshift takes it: one change a statement, and no more kinds of change than its grammar has.

https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html. DuckDB alters no table that has a CHECK, which every
column of a limited width is here, so a table is written again with its new columns, in the same transaction.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from local.redshift import catalog
from local.redshift.ddl import Column, column_of
from local.redshift.errors import NotSupported, SqlError
from local.redshift.types import ColumnType, parse_type

_ADDABLE = (exp.NotNullColumnConstraint, exp.DefaultColumnConstraint, exp.EncodeColumnConstraint)


@dataclass(frozen=True)
class Alter:
    """One change of a table: ``added``, or ``column`` with a new name, with a new type, or (with neither) dropped."""

    schema: str | None
    table: str
    added: Column | None = None
    column: str = ""
    renamed: str = ""
    type: ColumnType | None = None
    cascade: bool = False

    @property
    def runs_alone(self) -> bool:
        """Whether Redshift refuses it within a transaction."""
        return self.type is not None


def alter_of(node: exp.Alter) -> Alter | None:
    """Give the change that a parsed ALTER TABLE asks for; None for RENAME TO, which DuckDB does as Redshift does.

    Raises SqlError for what Redshift refuses, and for what this server lacks.
    """
    actions = node.args.get("actions") or []
    if node.args.get("exists"):
        raise SqlError('syntax error at or near "EXISTS"')
    if len(actions) != 1:
        raise SqlError('syntax error at or near ","')
    (action,) = actions
    place = (node.this.db or None, node.this.name)
    if isinstance(action, exp.AlterRename):
        return None
    if isinstance(action, exp.ColumnDef):
        return Alter(*place, added=_added(action))
    if isinstance(action, exp.RenameColumn):
        if action.args.get("exists"):
            raise SqlError('syntax error at or near "EXISTS"')
        return Alter(*place, column=action.this.name, renamed=action.args["to"].name)
    if isinstance(action, exp.Drop) and action.args.get("kind") == "COLUMN":
        if action.args.get("exists"):
            raise SqlError('syntax error at or near "EXISTS"')
        return Alter(*place, column=_named(action), cascade=bool(action.args.get("cascade")))
    if isinstance(action, exp.AlterColumn) and action.args.get("dtype") and not action.args.get("using"):
        return Alter(*place, column=action.this.name, type=parse_type(action.args["dtype"].sql("redshift")))
    if isinstance(action, exp.AlterColumn):
        raise SqlError("ALTER COLUMN SET/DROP DEFAULT/NOT NULL is not supported")
    words = " ".join(action.sql("redshift").split()[:2]).upper()
    raise NotSupported(f"ALTER TABLE {words}")


def _named(node: exp.Expression) -> str:
    identifier = node.find(exp.Identifier)
    return identifier.name if identifier else ""


def _added(node: exp.ColumnDef) -> Column:
    if node.args.get("exists"):
        raise SqlError('syntax error at or near "NOT"')
    for constraint in node.args.get("constraints") or []:
        if not isinstance(constraint.kind, _ADDABLE):
            words = constraint.sql("redshift")
            raise SqlError(f"ALTER TABLE ADD COLUMN does not take {words}")
    column = column_of(node)
    defaults = [c.kind.this for c in node.args["constraints"] or [] if isinstance(c.kind, exp.DefaultColumnConstraint)]
    if column.not_null and all(isinstance(default, exp.Null) for default in defaults):
        raise SqlError("ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression")
    return column


def apply(connection: Any, alter: Alter) -> None:
    """Change the table. Raises SqlError in Redshift's words where it would refuse."""
    before = _columns(connection, alter)
    after = _changed(connection, alter, before)
    place = catalog.find_table(connection, alter.table, alter.schema)
    assert place
    name = f'temp."{alter.table}"' if place[0] == "temp" else f'"{place[1]}"."{alter.table}"'
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _altered AS SELECT * FROM {name}")  # noqa: S608
    connection.execute(f"DROP TABLE {name}")
    temporary = "TEMP " if place[0] == "temp" else ""
    connection.execute(f"CREATE {temporary}TABLE {name} ({', '.join(column.definition() for column in after)})")
    for column in after:
        comment = column.comment().replace("'", "''")
        connection.execute(f"COMMENT ON COLUMN {name}.\"{column.name}\" IS '{comment}'")
    kept = [column.name for column in before if alter.renamed or alter.type or column.name != alter.column]
    targets = [alter.renamed if alter.renamed and old == alter.column else old for old in kept]
    listed, read = (", ".join(f'"{one}"' for one in names) for names in (targets, kept))
    connection.execute(f"INSERT INTO {name} ({listed}) SELECT {read} FROM _altered")  # noqa: S608  quoted names
    connection.execute("DROP TABLE _altered")
    _move_remarks(connection, alter, place[1])


def _changed(connection: Any, alter: Alter, before: list[Column]) -> list[Column]:
    names = {column.name for column in before}
    if alter.added:
        if alter.added.name in names:
            raise SqlError(f'column "{alter.added.name}" of relation "{alter.table}" already exists')
        return [*before, alter.added]
    if alter.column not in names:
        raise SqlError(f'column "{alter.column}" of relation "{alter.table}" does not exist')
    (old,) = (column for column in before if column.name == alter.column)
    if alter.renamed:
        if alter.renamed in names:
            raise SqlError(f'column "{alter.renamed}" of relation "{alter.table}" already exists')
        return [replace(column, name=alter.renamed) if column is old else column for column in before]
    if alter.type:
        _check_size(connection, alter, old)
        return [replace(column, type=alter.type) if column is old else column for column in before]
    for key in ("distkey", "sortkey"):
        if old.attributes.get(key):
            raise SqlError(f"cannot drop {key} column {old.name}")
    if len(before) == 1:
        raise SqlError("cannot drop the only column of a table")
    view = None if alter.cascade else _dependent_view(connection, alter)
    if view:
        raise SqlError(f"cannot drop table {alter.table} column {old.name} because other objects depend on it: {view}")
    return [column for column in before if column is not old]


def _check_size(connection: Any, alter: Alter, old: Column) -> None:
    assert alter.type
    if old.type.name != "character varying" or alter.type.name != "character varying":
        raise SqlError(f'cannot alter type of column "{old.name}": only the size of a VARCHAR can be changed')
    if old.default is not None:
        raise SqlError(f'cannot alter type of column "{old.name}", which has a default')
    table = f'"{alter.schema}"."{alter.table}"' if alter.schema else f'"{alter.table}"'
    query = f'SELECT MAX(strlen("{old.name}")) FROM {table}'  # noqa: S608  quoted names
    (longest,) = connection.execute(query).fetchone()
    if longest and longest > alter.type.length:
        raise SqlError(f'cannot alter type of column "{old.name}": it holds values of {longest} bytes')


def _columns(connection: Any, alter: Alter) -> list[Column]:
    found = catalog.table_columns(connection, alter.table, alter.schema)
    place = catalog.find_table(connection, alter.table, alter.schema)
    assert place
    comments = connection.execute(
        "SELECT column_name, comment FROM duckdb_columns()"
        " WHERE database_name = ? AND schema_name = ? AND table_name = ?",
        [*place, alter.table],
    ).fetchall()
    attributes = {name: json.loads(text) if text else {} for name, text in comments}
    for of_column in attributes.values():
        of_column.pop("type", None)
    return [Column(c.name, c.type, c.default, c.not_null, attributes[c.name]) for c in found]


def _dependent_view(connection: Any, alter: Alter) -> str | None:
    """A view whose text names the table and the column; Redshift keeps track, DuckDB does not."""
    words = [re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE) for word in (alter.table, alter.column)]
    rows = connection.execute(
        "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal AND schema_name <> 'main'"
    ).fetchall()
    return next((f"view {name}" for name, text in rows if all(word.search(text) for word in words)), None)


def _move_remarks(connection: Any, alter: Alter, schema: str) -> None:
    """Keep COMMENT ON of a renamed column, drop that of a column that is gone (see comments.py)."""
    of_column = "WHERE schema_name = ? AND relation = ? AND column_name = ?"
    if alter.renamed:
        values = [alter.renamed, schema, alter.table, alter.column]
        connection.execute(f"UPDATE main._comment SET column_name = ? {of_column}", values)  # noqa: S608
    elif alter.column and not alter.type:
        connection.execute(f"DELETE FROM main._comment {of_column}", [schema, alter.table, alter.column])  # noqa: S608
