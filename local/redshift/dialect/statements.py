"""INSERT, UPDATE, DELETE and MERGE to DuckDB SQL, with the rules under which Redshift refuses them."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.redshift.dialect import casts
from local.redshift.dialect.expressions import Expressions, only
from local.redshift.dialect.query import Query
from local.redshift.dialect.scope import Catalog, Columns, E, Scope
from local.redshift.dialect.types import TEXT, Type
from local.redshift.errors import NotSupported, SqlError


def render(node: Any, catalog: Catalog) -> tuple[str, Columns]:
    """A query or a change of data as DuckDB SQL, and the columns of its result. Raises SqlError."""
    query = Query(catalog)
    if isinstance(node, exp.Insert):
        return _insert(query, node), ()
    if isinstance(node, exp.Update):
        return _update(query, node), ()
    if isinstance(node, exp.Delete):
        return _delete(query, node), ()
    if isinstance(node, exp.Merge):
        return _merge(query, node), ()
    sql, columns = query.nested(node, None)
    return sql, columns


def expression(node: Any, to: Type, column: str) -> str:
    """An expression that stands alone: a column's DEFAULT."""

    def nothing(schema: str, name: str) -> Any:
        raise SqlError(f'relation "{name}" does not exist', "42P01")

    x = Expressions(Query(nothing), Scope(), window=False, grouped=False)
    return casts.assign(x(node), to, column)


def _target(query: Query, table: Any, scope: Scope | None = None) -> tuple[str, dict[str, Type]]:
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        raise NotSupported(f"{type(table).__name__} as the target")
    only(table, "this", "db", "alias")
    sql, columns = query.catalog(table.db, table.name)
    if scope is not None:
        scope.add(table.alias or table.name, columns, "" if table.alias else table.db)
    return sql + (f' AS "{table.alias}"' if table.alias else ""), dict(columns)


def _insert(query: Query, node: exp.Insert) -> str:
    only(node, "this", "expression", "default", "with_")
    if node.args.get("with_"):
        raise NotSupported("WITH before INSERT: write it before the SELECT")
    schema = node.this
    table = schema.this if isinstance(schema, exp.Schema) else schema
    sql, columns = _target(query, table)
    named = [item.name for item in schema.expressions] if isinstance(schema, exp.Schema) else list(columns)
    for name in named:
        if name not in columns:
            raise SqlError(f'column "{name}" of relation "{table.name}" does not exist', "42703")
    if len(set(named)) != len(named):
        raise SqlError("a column is specified more than once", "42701")
    if node.args.get("default"):
        return f"INSERT INTO {sql} DEFAULT VALUES"
    source = node.expression
    if isinstance(source, exp.Values):
        body, width = _values(query, source, named, columns)
    else:
        body, width = _selected(query, source, named, columns)
    for name in named[:width]:
        if columns[name].is_counted and not body.startswith("VALUES (DEFAULT"):
            raise SqlError("cannot set an identity column to a value", "0A000")
    shown = ", ".join(f'"{name}"' for name in named[:width])
    return f"INSERT INTO {sql} ({shown}) {body}"


def _width(given: int, named: list[str]) -> None:
    if given > len(named):
        raise SqlError("INSERT has more expressions than target columns", "42601")


def _values(query: Query, values: exp.Values, named: list[str], columns: dict[str, Type]) -> tuple[str, int]:
    only(values, "expressions")
    x = Expressions(query, Scope(), window=False, grouped=False)
    rows: list[str] = []
    width = 0
    for row in values.expressions:
        items = row.expressions if isinstance(row, exp.Tuple) else [row]
        _width(len(items), named)
        if width and len(items) != width:
            raise SqlError("VALUES lists must all be the same length", "42601")
        width = len(items)
        cells = [
            "DEFAULT" if _is_default(item) else casts.assign(x(item), columns[name], name)
            for name, item in zip(named, items, strict=False)
        ]
        rows.append(f"({', '.join(cells)})")
    return f"VALUES {', '.join(rows)}", width


def _is_default(node: Any) -> bool:
    return isinstance(node, (exp.Var, exp.Column)) and node.name.lower() == "default"


def _selected(query: Query, source: Any, named: list[str], columns: dict[str, Type]) -> tuple[str, int]:
    body, found = query.nested(source, None)
    _width(len(found), named)
    names = [f"c{i}" for i in range(len(found))]
    plain = [f'"{name}"' for name in names]
    cells = [
        casts.assign(_as_column(cell, kind), columns[name], name)
        for cell, (_, kind), name in zip(plain, found, named, strict=False)
    ]
    if cells == plain:
        return body, len(found)
    return f"SELECT {', '.join(cells)} FROM ({body}) AS source({', '.join(plain)})", len(found)


def _as_column(sql: str, kind: Type) -> E:
    """A literal of a select list is a text by now."""
    if kind.kind == "unknown":
        return E(sql, Type("unknown", max(kind.size, 1)))
    return E(sql, kind, clean=kind.kind == "char")


def _update(query: Query, node: exp.Update) -> str:
    only(node, "this", "expressions", "from_", "where")
    scope = Scope()
    target, columns = _target(query, node.this, scope)
    alias = node.this.alias or node.this.name
    source = ""
    if node.args.get("from_"):
        first = node.args["from_"].this
        source = f" FROM {query.relations.items([first], first.args.pop('joins', None) or [], scope)}"
        _check_equijoin(node.args.get("where"), alias, scope)
    where = node.args.get("where")
    x = Expressions(query, scope, window=False, grouped=False)
    return f"UPDATE {target} SET {_assignments(x, node.expressions, columns, node.this.name)}{source}" + (
        f" WHERE {x.boolean(where.this, 'WHERE')}" if where else ""
    )


def _assignments(x: Expressions, items: list[Any], columns: dict[str, Type], table: str) -> str:
    sets = []
    for item in items:
        if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column):
            raise NotSupported("SET of several columns at once")
        name = item.this.name
        if name not in columns:
            raise SqlError(f'column "{name}" of relation "{table}" does not exist', "42703")
        if columns[name].is_counted:
            raise SqlError("cannot set an identity column to a value", "0A000")
        value = "DEFAULT" if _is_default(item.expression) else casts.assign(x(item.expression), columns[name], name)
        sets.append(f'"{name}" = {value}')
    if len({text.partition(" = ")[0] for text in sets}) != len(sets):
        raise SqlError("multiple assignments to the same column", "42601")
    return ", ".join(sets)


def _delete(query: Query, node: exp.Delete) -> str:
    only(node, "this", "using", "where")
    scope = Scope()
    target, _ = _target(query, node.this, scope)
    source = ""
    if node.args.get("using"):
        source = f" USING {query.relations.items(node.args['using'], [], scope)}"
        _check_equijoin(node.args.get("where"), node.this.alias or node.this.name, scope)
    where = node.args.get("where")
    x = Expressions(query, scope, window=False, grouped=False)
    return f"DELETE FROM {target}{source}" + (f" WHERE {x.boolean(where.this, 'WHERE')}" if where else "")


def _check_equijoin(where: Any, target: str, scope: Scope) -> None:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_UPDATE.html: the target must be joined by an equality."""
    pending = [where.this] if where else []
    while pending:
        node = pending.pop()
        if isinstance(node, exp.Paren):
            pending.append(node.this)
        elif isinstance(node, exp.And):
            pending += [node.this, node.expression]
        elif isinstance(node, exp.EQ):
            sides = [_relations_of(side, scope) for side in (node.this, node.expression)]
            if {target} in sides and any(side and target not in side for side in sides):
                return
    raise SqlError("Target table must be part of an equijoin predicate", "0A000")


def _relations_of(node: Any, scope: Scope) -> set[str]:
    found = set()
    for column in node.find_all(exp.Column):
        owners = [
            alias
            for alias, columns in scope.sources.items()
            if (column.table or alias) == alias and column.name in dict(columns)
        ]
        found.update(owners)
    return found


def _merge(query: Query, node: exp.Merge) -> str:
    only(node, "this", "using", "on", "whens")
    scope = Scope()
    if node.this.alias:
        raise SqlError("syntax error: the target of MERGE takes no alias", "42601")
    target, columns = _target(query, node.this, scope)
    source = query.relations.relation(node.args["using"], scope)
    x = Expressions(query, scope, window=False, grouped=False)
    condition = x.boolean(node.args["on"], "MERGE ON")
    _check_equijoin(exp.Where(this=node.args["on"].copy()), node.this.name, scope)
    whens = node.args["whens"].expressions
    if sorted(bool(when.args.get("matched")) for when in whens) != [False, True]:
        raise SqlError("MERGE needs one WHEN MATCHED and one WHEN NOT MATCHED clause", "42601")
    parts = [_when(x, when, columns, node.this.name) for when in whens]
    # Redshift refuses a row of the target that two of the source match; DuckDB takes the last of them.
    guard = (
        "SELECT CASE WHEN count(*) > 1 THEN error('Found multiple matches to update the same tuple.') END"
        f' FROM {target} JOIN {source} ON {condition} GROUP BY "{node.this.name}".rowid; '
    )
    return f"{guard}MERGE INTO {target} USING {source} ON {condition} {' '.join(parts)}"


def _when(x: Expressions, when: exp.When, columns: dict[str, Type], table: str) -> str:
    if when.args.get("condition") or when.args.get("source"):
        raise SqlError("MERGE takes no condition after WHEN", "42601")
    then = when.args["then"]
    if when.args.get("matched"):
        if isinstance(then, exp.Update):
            return f"WHEN MATCHED THEN UPDATE SET {_assignments(x, then.expressions, columns, table)}"
        if isinstance(then, exp.Var) and then.name.upper() == "DELETE":
            return "WHEN MATCHED THEN DELETE"
        raise SqlError("WHEN MATCHED takes UPDATE or DELETE", "42601")
    if not isinstance(then, exp.Insert):
        raise SqlError("WHEN NOT MATCHED takes INSERT", "42601")
    named, values = _inserted(then, columns)
    _width(len(values), named)
    cells = [casts.assign(x(value), columns[name], name) for name, value in zip(named, values, strict=False)]
    shown = ", ".join(f'"{name}"' for name in named[: len(cells)])
    return f"WHEN NOT MATCHED THEN INSERT ({shown}) VALUES ({', '.join(cells)})"


def _inserted(then: exp.Insert, columns: dict[str, Type]) -> tuple[list[str], list[Any]]:
    first = then.this.expressions if isinstance(then.this, (exp.Tuple, exp.Schema)) else []
    if first and isinstance(first[0], exp.Anonymous) and str(first[0].this).lower() == "values":
        return list(columns), first[0].expressions
    if not isinstance(then.expression, exp.Tuple):
        raise SqlError("syntax error in MERGE's INSERT", "42601")
    named = [item.name for item in first] or list(columns)
    for name in named:
        if name not in columns:
            raise SqlError(f'column "{name}" does not exist', "42703")
    return named, then.expression.expressions


__all__ = ["TEXT", "expression", "render"]
