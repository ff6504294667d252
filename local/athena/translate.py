"""One query: its tables, the columns that it reads of each, the partitions that it needs, and its text for DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from local.athena.accept import DIALECT
from local.athena.catalog import CATALOG, Table
from local.athena.errors import QueryError, unsupported
from local.athena.infer import infer
from local.athena.kinds import INTERVAL, Kind
from local.athena.rewrite import rewritten

_NULL_REJECTING = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between)


@dataclass
class Source:
    """A table as the query uses it: the columns that are read, and conditions on partition keys (DuckDB SQL)."""

    table: Table
    columns: set[str] = field(default_factory=set)
    conditions: list[list[str]] = field(default_factory=list)  # one list per mention of the table


@dataclass(frozen=True)
class Translated:
    """``sql`` reads relations named as :func:`relation` says; ``columns`` are the result's names and types."""

    sql: str
    columns: list[tuple[str, Kind]]
    sources: list[Source]


def relation(table: Table) -> str:
    """The name by which DuckDB knows a table."""
    return f"{table.database}.{table.name}"


def translate(query: exp.Query, database: str, table_of: Callable[[str, str], Table]) -> Translated:
    """Raises QueryError, with Trino's code where it has one."""
    sources = _resolve(query, database, table_of)
    _name_columns(query)
    _with_having(query, apart=False)
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for source in sources.values():
        columns = {**source.table.columns, **source.table.keys}
        schema.setdefault(source.table.database, {})[source.table.name] = dict.fromkeys(columns, "varchar")
    try:
        whole = qualify(
            query,
            dialect=DIALECT,
            schema=schema,
            expand_alias_refs=False,  # Trino knows an alias in ORDER BY alone
            validate_qualify_columns=True,
        )
    except OptimizeError as error:
        raise QueryError("COLUMN_NOT_FOUND", str(error)) from None
    _with_having(whole, apart=True)
    _rename(whole)

    def column_of(table: exp.Table, name: str) -> Kind:
        source = sources[table.db, table.name]
        source.columns.add(name)
        return source.table.kind(name)

    kinds = infer(whole, column_of)
    if INTERVAL in kinds:
        raise unsupported("A result of type interval")
    names = [select.alias_or_name for select in whole.selects]
    for scope in traverse_scope(whole):
        _conditions(scope, sources)
    rewritten(whole)
    for table in whole.find_all(exp.Table):
        known = sources.get((table.db, table.name))
        if known is not None:
            table.set("db", None)
            table.set("this", exp.to_identifier(relation(known.table), quoted=True))
    return Translated(whole.sql(dialect="duckdb"), list(zip(names, kinds, strict=True)), list(sources.values()))


def _with_having(query: exp.Query, *, apart: bool) -> None:
    """HAVING as a part of WHERE while columns are resolved, and apart again: else its columns would not be."""
    for select in query.find_all(exp.Select):
        if apart and select.meta.get("having"):
            both = select.args["where"].this
            select.set("having", exp.Having(this=both.expression.unnest()))
            select.set("where", exp.Where(this=both.this.unnest()) if select.meta["having"] == "both" else None)
        elif not apart and select.args.get("having"):
            where, having = select.args.get("where"), select.args["having"].this
            first = exp.Paren(this=where.this) if where else exp.true()
            select.set("where", exp.Where(this=exp.And(this=first, expression=exp.Paren(this=having))))
            select.set("having", None)
            select.meta["having"] = "both" if where else "alone"


def _resolve(query: exp.Query, database: str, table_of: Callable[[str, str], Table]) -> dict[tuple[str, str], Source]:
    """Find every table in the catalog, and write its database to it."""
    sources: dict[tuple[str, str], Source] = {}
    for scope in traverse_scope(query):
        for table in scope.tables:
            if not table.db and isinstance(scope.sources.get(table.alias_or_name), type(scope)):
                continue  # a CTE
            if table.catalog and table.catalog.lower() != CATALOG:
                raise QueryError("CATALOG_NOT_FOUND", f"Catalog '{table.catalog}' does not exist")
            name = (table.db.lower() or database.lower(), table.name.lower())
            if name not in sources:
                sources[name] = Source(table_of(*name))
            table.set("catalog", None)
            table.set("db", exp.to_identifier(name[0], quoted=True))
            table.set("this", exp.to_identifier(name[1], quoted=True))
    return sources


def _name_columns(query: exp.Query) -> None:
    """Trino numbers columns without a name from 0; the first SELECT of a UNION names its columns."""
    for select in query.find_all(exp.Select):
        if any(each.is_star for each in select.expressions):
            continue
        for number, each in enumerate(select.expressions):
            if not each.alias and not isinstance(each, exp.Column):
                each.replace(exp.alias_(each.copy(), f"_col{number}", quoted=True))


def _rename(query: exp.Expression) -> None:
    for number, each in enumerate(query.selects):
        if each.alias.startswith("_col_"):
            each.set("alias", exp.to_identifier(f"_col{number}", quoted=True))


def _conditions(scope: object, sources: dict[tuple[str, str], Source]) -> None:
    """What WHERE says of partition keys alone: a folder that fails it holds no row of the result."""
    where = scope.expression.args.get("where")  # type: ignore[attr-defined]
    terms = list(where.this.flatten()) if where and isinstance(where.this, exp.And) else [where.this] if where else []
    for alias, table in scope.sources.items():  # type: ignore[attr-defined]
        if not isinstance(table, exp.Table):
            continue
        source = sources[table.db, table.name]
        source.conditions.append([
            term.unnest().sql(dialect="duckdb") for term in terms if _is_of_keys(term.unnest(), alias, source.table)
        ])  # fmt: skip


def _is_of_keys(term: exp.Expression, alias: str, table: Table) -> bool:
    columns = list(term.find_all(exp.Column))
    of_keys = all(each.table == alias and each.name in table.keys for each in columns)
    plain = not any(term.find_all(exp.Query, exp.Func, exp.Binary)) or isinstance(term, _NULL_REJECTING)
    simple = all(isinstance(each, (exp.Column, exp.Literal, exp.Identifier, *_NULL_REJECTING)) for each in term.walk())
    return bool(columns) and of_keys and plain and simple and isinstance(term, _NULL_REJECTING)
