"""CREATE TABLE: Redshift's column definitions and table attributes, as DuckDB's columns, checks and comments."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from local.redshift.dialect import statements
from local.redshift.dialect.parser import KeyAttribute
from local.redshift.dialect.types import of_column
from local.redshift.dialect.words import check_name
from local.redshift.errors import NotSupported, SqlError
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
        return json.dumps(self.declared())

    def declared(self) -> dict[str, object]:
        return {"type": str(self.type), **self.attributes}


@dataclass
class CreateTable:
    """A table to create: from `columns`, as the result of `query`, or with the columns of another table (`like`)."""

    name: str
    schema: str | None
    temporary: bool
    exists_ok: bool
    columns: list[Column] = field(default_factory=list)
    query: Any = None
    names: tuple[str, ...] = ()
    like: str | None = None
    like_defaults: bool = False

    @property
    def qualified(self) -> str:
        if self.temporary:
            return f'temp."{self.name}"'
        return f'"{self.schema}"."{self.name}"' if self.schema else f'"{self.name}"'

    def head(self) -> str:
        return f"CREATE {'TEMP ' if self.temporary else ''}TABLE {self.qualified}"


@dataclass
class CreateView:
    """A view to create; `query` is sqlglot's tree."""

    name: str
    schema: str | None
    replace: bool
    names: tuple[str, ...]
    query: Any
    late: bool = False

    def head(self) -> str:
        place = f'"{self.schema}"."{self.name}"' if self.schema else f'"{self.name}"'
        listed = f" ({', '.join(_quoted(name) for name in self.names)})" if self.names else ""
        return f"CREATE {'OR REPLACE ' if self.replace else ''}VIEW {place}{listed} AS"


def create_view(node: exp.Create) -> CreateView:
    """From sqlglot's Create. Raises SqlError."""
    schema = node.this
    table = schema.this if isinstance(schema, exp.Schema) else schema
    names = tuple(item.name for item in schema.expressions) if isinstance(schema, exp.Schema) else ()
    if node.args.get("exists"):
        raise SqlError("CREATE VIEW takes no IF NOT EXISTS", "42601")
    for item in node.args["properties"].expressions if node.args.get("properties") else []:
        raise NotSupported(f"{item.sql('redshift')} in CREATE VIEW")
    late = bool(node.args.get("no_schema_binding"))
    if late and any(not found.db for found in node.expression.find_all(exp.Table)):
        raise SqlError(
            "all the relation names inside should be qualified when creating views with no schema binding", "42P16"
        )
    return CreateView(table.name, table.db or None, bool(node.args.get("replace")), names, node.expression, late)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def create_table(node: exp.Create) -> CreateTable:
    """From sqlglot's Create. Raises SqlError for what Redshift lacks."""
    properties = node.args["properties"].expressions if node.args.get("properties") else []
    for item in properties:
        if not isinstance(item, _TABLE_PROPERTIES) and not isinstance(item, exp.BackupProperty):
            raise NotSupported(f"{item.sql('redshift')} in CREATE TABLE")
    schema = node.this
    table = schema.this if isinstance(schema, exp.Schema) else schema
    name = table.name
    temporary = any(isinstance(item, exp.TemporaryProperty) for item in properties) or name.startswith("#")
    _check_attributes(properties)
    created = CreateTable(name, table.db or None, temporary, bool(node.args.get("exists")))
    if temporary and created.schema:
        raise SqlError("cannot create temporary relation in non-temporary schema")
    if node.expression:
        created.query = node.expression
        created.names = tuple(item.name for item in schema.expressions) if isinstance(schema, exp.Schema) else ()
        return created
    if not isinstance(schema, exp.Schema):
        raise SqlError("syntax error: CREATE TABLE without columns", "42601")
    for item in schema.expressions:
        _add(created, item)
    if not created.columns and not created.like:
        raise SqlError("CREATE TABLE needs at least one column", "42601")
    names = [column.name for column in created.columns]
    if len(set(names)) != len(names):
        raise SqlError(f'column "{next(n for n in names if names.count(n) > 1)}" duplicated', "42701")
    _keys(created, properties)
    return created


def _check_attributes(properties: list[exp.Expression]) -> None:
    """DISTKEY goes with DISTSTYLE KEY only, and each attribute is given once."""
    styles = [item.this.name.upper() for item in properties if isinstance(item, exp.DistStyleProperty)]
    keys = [item for item in properties if isinstance(item, exp.DistKeyProperty)]
    if styles and styles[0] not in ("AUTO", "EVEN", "KEY", "ALL"):
        raise SqlError(f'invalid DISTSTYLE "{styles[0]}"', "42601")
    if keys and styles and styles[0] != "KEY":
        raise SqlError(f"cannot specify DISTKEY with DISTSTYLE {styles[0]}", "42601")
    if styles == ["KEY"] and not keys:
        raise SqlError("DISTSTYLE KEY needs a DISTKEY", "42601")
    if len(keys) > 1 or len(styles) > 1:
        raise SqlError("multiple distribution keys or styles are not allowed", "42601")


def _add(created: CreateTable, item: exp.Expression) -> None:
    if isinstance(item, exp.LikeProperty):
        created.like = item.this.sql("duckdb", identify=False)
        created.like_defaults = any(p.sql().upper().startswith("INCLUDING") for p in item.expressions)
    elif isinstance(item, exp.ColumnDef):
        created.columns.append(column_of(item))
    elif isinstance(item, (exp.PrimaryKey, exp.Constraint)):
        # Keys are informational in Redshift: not enforced, but a primary key's columns are NOT NULL.
        keys = [item] if isinstance(item, exp.PrimaryKey) else list(item.find_all(exp.PrimaryKey))
        names = {i.name for key in keys for i in key.find_all(exp.Identifier)}
        for column in created.columns:
            column.not_null = column.not_null or column.name in names
    elif not isinstance(item, (exp.ForeignKey, exp.UniqueColumnConstraint)):
        raise NotSupported(f"{item.sql('redshift')} in CREATE TABLE")


def column_of(node: exp.ColumnDef) -> Column:
    """From a column's definition. Raises SqlError for what Redshift, or this server, lacks."""
    check_name(node.this)
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
            column.default = statements.expression(kind.this, of_column(column.type), column.name)
        elif isinstance(kind, exp.GeneratedAsIdentityColumnConstraint):
            _identity(column, kind)
        elif isinstance(kind, KeyAttribute):
            column.attributes[kind.name.lower()] = True if kind.name == "DISTKEY" else 1
        elif isinstance(kind, exp.EncodeColumnConstraint):
            column.attributes["encoding"] = kind.this.sql().lower()
        elif not isinstance(kind, (exp.UniqueColumnConstraint, exp.Reference)):
            raise NotSupported(f"{constraint.sql('redshift')} on a column")
    return column


def _identity(column: Column, kind: exp.GeneratedAsIdentityColumnConstraint) -> None:
    """IDENTITY(seed, step) and GENERATED BY DEFAULT AS IDENTITY(seed, step)."""
    if column.type.name not in ("integer", "bigint"):
        raise SqlError("identity column type must be INT or BIGINT", "42804")
    seed, step = (int(kind.args[name].sql()) if kind.args.get(name) else 1 for name in ("start", "increment"))
    if not step:
        raise SqlError("the step of an identity column must not be zero", "22023")
    column.not_null = True
    column.attributes["identity"] = [seed, step, "default" if "on_null" in kind.args else "always"]


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
