"""What names mean inside a query: its relations, their columns with their types, and the aliases of its select list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local.redshift.dialect.types import Type
from local.redshift.errors import SqlError

Columns = tuple[tuple[str, Type], ...]
# (schema or "", relation) -> (its name in DuckDB, its columns); raises SqlError for one that is not there.
Catalog = Callable[[str, str], tuple[str, Columns]]


@dataclass(frozen=True)
class E:
    """An expression: DuckDB SQL and its type as Redshift sees it.

    `literal` is the text of a bare literal. `clean` is true for a text that cannot end in blanks.
    """

    sql: str
    type: Type
    literal: str | None = None
    clean: bool = False


@dataclass
class Scope:
    """The relations of one FROM clause, by alias; `schemas` has the schema that each was named with."""

    parent: Scope | None = None
    sources: dict[str, Columns] = field(default_factory=dict)
    schemas: dict[str, str] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)  # columns of USING and NATURAL: one, though in two relations
    aliases: dict[str, E] = field(default_factory=dict)
    ctes: dict[str, Columns] = field(default_factory=dict)

    def add(self, alias: str, columns: Columns, schema: str = "") -> None:
        if alias in self.sources:
            raise SqlError(f'table name "{alias}" specified more than once', "42712")
        self.sources[alias] = columns
        self.schemas[alias] = schema

    def cte(self, name: str) -> Columns | None:
        if name in self.ctes:
            return self.ctes[name]
        return self.parent.cte(name) if self.parent else None

    def column(self, table: str, name: str, schema: str = "") -> Type | None:
        """The type of a column of this query or of one around it; None when there is none. Raises for an ambiguous."""
        found = []
        for alias, columns in self.sources.items():
            if table and (alias != table or (schema and self.schemas[alias] != schema)):
                continue
            found += [kind for column, kind in columns if column == name]
        if len(found) > 1 and name not in self.merged:
            raise SqlError(f'column reference "{name}" is ambiguous', "42702")
        if found:
            return Type(found[0].kind) if found[0].is_counted else found[0]
        return self.parent.column(table, name, schema) if self.parent else None

    def has(self, table: str) -> bool:
        return table in self.sources or (self.parent is not None and self.parent.has(table))

    def hint(self, name: str) -> str:
        """What Redshift adds to "column x does not exist": the relations looked in."""
        return f" in {', '.join(self.sources)}" if self.sources else ""
