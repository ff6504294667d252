"""SELECT and the set operations, clause by clause, to DuckDB SQL with the names and types of their columns."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.redshift.dialect import casts, windows
from local.redshift.dialect.expressions import Expressions, only
from local.redshift.dialect.relations import Relations
from local.redshift.dialect.scope import Catalog, Columns, E, Scope
from local.redshift.dialect.types import OTHER, Type, common
from local.redshift.errors import NotSupported, SqlError

_SELECT = ("expressions", "from_", "joins", "where", "group", "having", "qualify", "order", "limit", "offset")
_SET = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


class Query:
    """Translates queries; `catalog` gives the columns of a relation."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.relations = Relations(self)

    def nested(self, node: Any, parent: Scope | None) -> tuple[str, Columns]:
        """A query inside another one, or a whole one (no parent)."""
        if isinstance(node, exp.Subquery):
            only(node, "this", "order", "limit", "offset", "with_")
            if not any(node.args.get(name) for name in ("order", "limit", "offset")):
                return self.nested(node.this, parent)
            sql, columns = self.nested(node.this, parent)
            return self._tail(node, f"({sql})", columns, Scope(parent)), columns
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, parent)
        if isinstance(node, exp.Select):
            return self._select(node, parent)
        raise NotSupported(f"{type(node).__name__} as a query")

    def _with(self, node: exp.Expression, scope: Scope) -> str:
        with_ = node.args.get("with_")
        if not with_:
            return ""
        only(with_, "expressions", "recursive")
        recursive = bool(with_.args.get("recursive"))
        parts = []
        for cte in with_.expressions:
            only(cte, "this", "alias")
            name = cte.alias
            named = [column.name for column in cte.args["alias"].args.get("columns") or []]
            if recursive and isinstance(cte.this, exp.Union) and _mentions(cte.this, name):
                if not named:
                    raise SqlError(f"recursive CTE {name} must have a column alias list", "42601")
                _, base = self.nested(cte.this.this, scope)
                scope.ctes[name] = _renamed(base, named, name)
                if cte.this.args.get("distinct"):
                    raise SqlError("recursive CTE: UNION is not supported, use UNION ALL", "0A000")
            sql, columns = self.nested(cte.this, scope)
            scope.ctes[name] = _renamed(columns, named, name)
            listed = f"({', '.join(_quoted(column) for column in named)})" if named else ""
            parts.append(f"{_quoted(name)}{listed} AS ({sql})")
        return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} "

    def _set_operation(self, node: exp.SetOperation, parent: Scope | None) -> tuple[str, Columns]:
        only(node, "this", "expression", "distinct", "order", "limit", "offset", "with_")
        scope = Scope(parent)
        head = self._with(node, scope)
        word, distinct = _SET[type(node)], node.args.get("distinct") is not False
        if not distinct and word != "UNION":
            raise SqlError(f"{word} ALL is not supported", "0A000")
        left, a = self.nested(node.this, scope)
        right, b = self.nested(node.expression, scope)
        if len(a) != len(b):
            raise SqlError(f"each {word} query must have the same number of columns", "42601")
        kinds = [_joined(word, x, y) for (_, x), (_, y) in zip(a, b, strict=True)]
        columns = tuple((name, kind) for (name, _), kind in zip(a, kinds, strict=True))
        left, right = _as_types(left, a, columns), _as_types(right, b, columns)
        sql = f"({left}) {word}{'' if distinct else ' ALL'} ({right})"
        for name, kind in columns:
            scope.aliases[name] = E(_quoted(name), kind)
        return head + self._tail(node, sql, columns, scope), columns

    def _select(self, node: exp.Select, parent: Scope | None) -> tuple[str, Columns]:
        only(node, *_SELECT, "with_", "distinct", "operation_modifiers")
        if node.args.get("operation_modifiers"):
            raise NotSupported(" ".join(str(m) for m in node.args["operation_modifiers"]))
        scope = Scope(parent)
        head = self._with(node, scope)
        source = self.relations.from_clause(node, scope)
        if not node.expressions:
            raise SqlError("syntax error: SELECT without a select list", "42601")
        where = Expressions(self, scope, window=False, grouped=False)
        condition = where.boolean(node.args["where"].this, "WHERE") if node.args.get("where") else ""
        x = Expressions(self, scope)
        items, columns = self._select_list(node, x, scope)
        distinct = node.args.get("distinct")
        if distinct and distinct.args.get("on"):
            raise SqlError('syntax error at or near "ON" (DISTINCT ON does not exist in Redshift)', "42601")
        sql = f"{head}SELECT {'DISTINCT ' if distinct else ''}{', '.join(items)}{source}"
        if condition:
            sql += f" WHERE {condition}"
        if node.args.get("group"):
            sql += f" GROUP BY {self._group(node.args['group'], scope, len(columns))}"
        if node.args.get("having"):
            sql += f" HAVING {Expressions(self, scope, window=False).boolean(node.args['having'].this, 'HAVING')}"
        if node.args.get("qualify"):
            if not node.find(exp.Window):
                raise SqlError("QUALIFY needs a window function", "42601")
            sql += f" QUALIFY {x.boolean(node.args['qualify'].this, 'QUALIFY')}"
        if distinct and node.args.get("order"):
            self._check_distinct(node.args["order"], items, columns, scope)
        return self._tail(node, sql, columns, scope), columns

    def _check_distinct(self, order: exp.Order, items: list[str], columns: Columns, scope: Scope) -> None:
        shown = {item.rpartition(" AS ")[0] for item in items} | {f'"{name}"' for name, _ in columns}
        for item in order.expressions:
            if not isinstance(item.this, exp.Literal) and Expressions(self, scope)(item.this).sql not in shown:
                raise SqlError("for SELECT DISTINCT, ORDER BY expressions must appear in select list", "42P10")

    def _select_list(self, node: exp.Select, x: Expressions, scope: Scope) -> tuple[list[str], Columns]:
        items: list[str] = []
        columns: list[tuple[str, Type]] = []
        for item in node.expressions:
            star = item if isinstance(item, exp.Star) else item.this if isinstance(item, exp.Column) else None
            if isinstance(star, exp.Star):
                sql, found = self.relations.star(star, item.table if isinstance(item, exp.Column) else "", scope)
                items.append(sql)
                columns += found
                continue
            inner = item.this if isinstance(item, exp.Alias) else item
            if isinstance(inner, (exp.EQ, exp.Aliases)) and isinstance(inner, exp.Aliases):
                raise NotSupported("several aliases of one column")
            e = x(inner)
            name = item.alias if isinstance(item, exp.Alias) else column_name(inner)
            kind = Type("unknown", len((e.literal or "").encode())) if e.type.kind == "unknown" else e.type
            items.append(f"{e.sql} AS {_quoted(name)}")
            columns.append((name, kind))
            if isinstance(item, exp.Alias):
                scope.aliases[name] = E(e.sql, e.type, None, e.clean)
        return items, tuple(columns)

    def _group(self, group: exp.Group, scope: Scope, width: int) -> str:
        only(group, "expressions", "rollup", "cube", "grouping_sets", "all")
        if group.args.get("all") is not None:
            raise SqlError('syntax error at or near "all" (GROUP BY ALL does not exist in Redshift)', "42601")
        x = Expressions(self, scope, window=False, grouped=False)

        def item(node: Any) -> str:
            if isinstance(node, exp.Literal) and not node.is_string:
                if not 1 <= int(node.name) <= width:
                    raise SqlError(f"GROUP BY position {node.name} is not in select list", "42P10")
                return node.name
            if isinstance(node, (exp.Tuple, exp.Paren)):
                inner = node.expressions if isinstance(node, exp.Tuple) else [node.this]
                return f"({', '.join(item(part) for part in inner)})"
            if isinstance(node, (exp.Rollup, exp.Cube, exp.GroupingSets)):
                if not node.expressions:
                    raise SqlError(f"syntax error at WITH {node.key.upper()}", "42601")
                word = {"rollup": "ROLLUP", "cube": "CUBE"}.get(node.key, "GROUPING SETS")
                return f"{word} ({', '.join(item(part) for part in node.expressions)})"
            return x(node).sql

        parts = [item(node) for node in group.expressions]
        for name in ("rollup", "cube", "grouping_sets"):
            for held in group.args.get(name) or []:
                if not isinstance(held, exp.Expression):
                    raise SqlError(f"syntax error at WITH {name.upper()}", "42601")
                parts.append(item(held))
        return ", ".join(parts)

    def _tail(self, node: exp.Expression, sql: str, columns: Columns, scope: Scope) -> str:
        """ORDER BY, LIMIT and OFFSET."""
        order = node.args.get("order")
        if order:
            only(order, "expressions")
            sql += f" ORDER BY {', '.join(self._ordered(item, columns, scope) for item in order.expressions)}"
        limit, offset = node.args.get("limit"), node.args.get("offset")
        if limit:
            if not isinstance(limit, exp.Limit):
                raise SqlError('syntax error at or near "FETCH"', "42601")
            only(limit, "expression")
            if not (isinstance(limit.expression, exp.Var) and limit.expression.name.upper() == "ALL"):
                sql += f" LIMIT {_count(limit.expression, 'LIMIT')}"
        if offset:
            only(offset, "expression")
            sql += f" OFFSET {_count(offset.expression, 'OFFSET')}"
        return sql

    def _ordered(self, item: exp.Ordered, columns: Columns, scope: Scope) -> str:
        node = item.this
        if isinstance(node, exp.Literal):
            if node.is_string or not 1 <= int(node.name) <= len(columns):
                raise SqlError(f"ORDER BY position {node.name} is not in select list", "42P10")
            return f"{node.name}{windows.direction(item)}"
        if isinstance(node, exp.Column) and not node.table and node.name in dict(columns):
            return f"{_quoted(node.name)}{windows.direction(item)}"
        return f"{Expressions(self, scope)(node).sql}{windows.direction(item)}"


def column_name(node: exp.Expression) -> str:
    """How Redshift names a column without an alias: by its column or its function, else ?column?."""
    if isinstance(node, exp.Column):
        return node.name
    inner = node.this if isinstance(node, (exp.Window, exp.Cast, exp.WithinGroup, exp.TryCast)) else node
    if isinstance(inner, (exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)):
        inner = inner.this
    if isinstance(inner, (exp.Column, exp.Dot)):
        return inner.name
    if isinstance(inner, exp.Anonymous):
        return str(inner.this).lower()
    named = {exp.Case: "case", exp.Trim: "btrim", exp.Substring: "substring", exp.Extract: "date_part",
             exp.CurrentDate: "date", exp.CurrentUser: "current_user", exp.StrPosition: "position",
             exp.AtTimeZone: "timezone", exp.Exists: "exists", exp.Array: "array"}  # fmt: skip
    return named.get(type(inner), "?column?")


def _count(node: Any, clause: str) -> str:
    value = node.this if isinstance(node, exp.Cast) else node  # a bound parameter is cast to its type
    if isinstance(value, exp.Literal) and value.name.isdigit():
        return str(int(value.name))
    if isinstance(value, exp.Null):  # all rows; also how a statement with a parameter here is described
        return "NULL"
    raise NotSupported(f"{clause} by an expression")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _mentions(node: exp.Expression, name: str) -> bool:
    return any(table.name == name and not table.db for table in node.find_all(exp.Table))


def _renamed(columns: Columns, names: list[str], alias: str) -> Columns:
    if len(names) > len(columns):
        raise SqlError(f'"{alias}" has {len(columns)} columns available but {len(names)} columns specified', "42P10")
    renamed = [*names, *(name for name, _ in columns[len(names) :])]
    return tuple((name, kind) for name, (_, kind) in zip(renamed, columns, strict=True))


def _joined(word: str, left: Type, right: Type) -> Type:
    kind = common([left, right])
    if kind is None:
        raise SqlError(f"{word} types {left} and {right} cannot be matched", "42804")
    return OTHER if "other" in (left.kind, right.kind) else kind


def _as_types(sql: str, given: Columns, wanted: Columns) -> str:
    """The query with its columns cast, where a set operation's are of another type."""
    if all(
        a == b or a.is_text or b.kind in ("other", "unknown", "null")
        for (_, a), (_, b) in zip(given, wanted, strict=True)
    ):
        return sql
    names = [f"c{i}" for i in range(len(given))]
    items = []
    for name, (_, a), (shown, b) in zip(names, given, wanted, strict=True):
        e = E(_quoted(name), a)
        items.append(f"{e.sql if a == b or a.is_text else casts.cast(e, b).sql} AS {_quoted(shown)}")
    return f"SELECT {', '.join(items)} FROM ({sql}) AS part({', '.join(names)})"
