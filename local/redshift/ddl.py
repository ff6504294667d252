"""CREATE TABLE: Redshift's column definitions and table attributes, as DuckDB's columns, checks and comments."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp

from local.redshift.errors import SqlError
from local.redshift.types import ColumnType, parse_type

_TABLE_PROPERTIES = (exp.DistStyleProperty, exp.DistKeyProperty, exp.SortKeyProperty, exp.TemporaryProperty)


@dataclass
class Column:
    name: str
    type: ColumnType
    default: str | None = None
    not_null: bool = False
    attributes: dict[str, object] = field(default_factory=dict)

    def definition(self) -> str:
        quoted = f'"{self.name}"'
        parts = [quoted, self.type.duckdb]
        if self.default is not None:
            parts.append(f"DEFAULT {self.default}")
        if self.not_null:
            parts.append("NOT NULL")
        return " ".join([*parts, self.type.check(quoted)]).strip()

    def comment(self) -> str:
        """What DuckDB has no place for: read back by the catalog (see catalog.py)."""
        return json.dumps({"type": str(self.type), **self.attributes})


@dataclass
class CreateTable:
    """A table to create: from `columns`, as the result of `query`, or with the columns of another table (`like`)."""

    name: str
    schema: str | None
    temporary: bool
    exists_ok: bool
    columns: list[Column] = field(default_factory=list)
    query: str | None = None
    like: str | None = None
    like_defaults: bool = False

    @property
    def qualified(self) -> str:
        if self.temporary:
            return f'temp."{self.name}"'
        return f'"{self.schema}"."{self.name}"' if self.schema else f'"{self.name}"'

    def head(self) -> str:
        return f"CREATE {'TEMP ' if self.temporary else ''}TABLE {self.qualified}"


def create_table(node: exp.Create, sql: Callable[[exp.Expression], str]) -> CreateTable:
    """From sqlglot's Create. `sql` writes an expression for DuckDB. Raises SqlError for what Redshift lacks."""
    properties = node.args["properties"].expressions if node.args.get("properties") else []
    for item in properties:
        if not isinstance(item, _TABLE_PROPERTIES) and not isinstance(item, exp.BackupProperty):
            raise SqlError(f"{item.sql('redshift')} in CREATE TABLE is not supported by this server")
    schema = node.this
    table = schema.this if isinstance(schema, exp.Schema) else schema
    name = table.name
    temporary = any(isinstance(item, exp.TemporaryProperty) for item in properties) or name.startswith("#")
    created = CreateTable(name, table.db or None, temporary, bool(node.args.get("exists")))
    if temporary and created.schema:
        raise SqlError("cannot create temporary relation in non-temporary schema")
    if node.expression:
        created.query = sql(node.expression)
        return created
    for item in schema.expressions:
        _add(created, item, sql)
    if not created.columns and not created.like:
        raise SqlError("CREATE TABLE needs at least one column")
    _keys(created, properties)
    return created


def _add(created: CreateTable, item: exp.Expression, sql: Callable[[exp.Expression], str]) -> None:
    if isinstance(item, exp.LikeProperty):
        created.like = item.this.sql("duckdb", identify=False)
        created.like_defaults = any(p.sql().upper().startswith("INCLUDING") for p in item.expressions)
    elif isinstance(item, exp.ColumnDef):
        created.columns.append(column_of(item, sql))
    elif isinstance(item, (exp.PrimaryKey, exp.Constraint)):
        # Keys are informational in Redshift: not enforced, but a primary key's columns are NOT NULL.
        keys = [item] if isinstance(item, exp.PrimaryKey) else list(item.find_all(exp.PrimaryKey))
        names = {i.name for key in keys for i in key.find_all(exp.Identifier)}
        for column in created.columns:
            column.not_null = column.not_null or column.name in names
    elif not isinstance(item, (exp.ForeignKey, exp.UniqueColumnConstraint)):
        raise SqlError(f"{item.sql('redshift')} in CREATE TABLE is not supported by this server")


def column_of(node: exp.ColumnDef, sql: Callable[[exp.Expression], str]) -> Column:
    """From a column's definition. Raises SqlError for what Redshift, or this server, lacks."""
    if not isinstance(node.args.get("kind"), exp.DataType):
        raise SqlError(f'column "{node.name}" has no type')
    column = Column(node.name, parse_type(node.args["kind"].sql("redshift").replace("(MAX)", "(65535)")))
    for constraint in node.args.get("constraints") or []:
        kind = constraint.kind
        if isinstance(kind, exp.NotNullColumnConstraint):
            column.not_null = not kind.args.get("allow_null")
        elif isinstance(kind, exp.PrimaryKeyColumnConstraint):
            column.not_null = True
        elif isinstance(kind, exp.DefaultColumnConstraint):
            column.default = sql(kind.this)
        elif isinstance(kind, exp.EncodeColumnConstraint):
            column.attributes["encoding"] = kind.this.sql().lower()
        elif not isinstance(kind, (exp.UniqueColumnConstraint, exp.Reference)):
            raise SqlError(f"{constraint.sql('redshift')} on a column is not supported by this server")
    return column


def _keys(created: CreateTable, properties: list[exp.Expression]) -> None:
    by_name = {column.name: column for column in created.columns}
    for item in properties:
        if isinstance(item, exp.DistKeyProperty):
            names, attribute = [item.this.name], "distkey"
        elif isinstance(item, exp.SortKeyProperty):
            names, attribute = [e.name for e in item.this], "sortkey"
        else:
            continue
        for position, name in enumerate(names, start=1):
            if name not in by_name:
                raise SqlError(f'column "{name}" named in {attribute} does not exist')
            by_name[name].attributes[attribute] = True if attribute == "distkey" else position
