"""FROM: tables, subqueries, joins, PIVOT, and the arrays of a SUPER column as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local.redshift.dialect import aggregates
from local.redshift.dialect.expressions import Expressions, only
from local.redshift.dialect.scope import Columns, E, Scope
from local.redshift.dialect.types import SUPER, Type
from local.redshift.errors import NotSupported, SqlError

if TYPE_CHECKING:
    from local.redshift.dialect.query import Query

_JOINS = {("", ""): "", ("", "INNER"): "INNER", ("", "CROSS"): "CROSS", ("LEFT", ""): "LEFT", ("RIGHT", ""): "RIGHT"}
_JOINS |= {("FULL", ""): "FULL", ("LEFT", "OUTER"): "LEFT", ("RIGHT", "OUTER"): "RIGHT", ("FULL", "OUTER"): "FULL"}


class Relations:
    def __init__(self, query: Query) -> None:
        self.query = query

    def from_clause(self, node: exp.Expression, scope: Scope) -> str:
        """FROM with its joins, its relations added to the scope; empty when there is none."""
        source = node.args.get("from_")
        if not source:
            return ""
        only(source, "this")
        return f" FROM {self.items([source.this], node.args.get('joins') or [], scope)}"

    def items(self, first: list[Any], joins: list[Any], scope: Scope) -> str:
        sql = ", ".join(self.relation(item, scope) for item in first)
        for join in joins:
            sql += self._join(join, scope)
        return sql

    def _join(self, join: exp.Join, scope: Scope) -> str:
        only(join, "this", "side", "kind", "method", "on", "using")
        method, side, kind = (str(join.args.get(name) or "").upper() for name in ("method", "side", "kind"))
        if (side, kind) not in _JOINS or method not in ("", "NATURAL"):
            raise SqlError(f"{method or side or kind} JOIN does not exist in Redshift", "42601")
        before = {name for columns in scope.sources.values() for name, _ in columns}
        right = self.relation(join.this, scope)
        on, using = join.args.get("on"), join.args.get("using")
        word = _JOINS[side, kind]
        if method == "NATURAL":
            scope.merged |= before & {name for name, _ in list(scope.sources.values())[-1]}
            return f" NATURAL {word} JOIN {right}"
        if using:
            names = [item.name for item in using]
            scope.merged |= set(names)
            return f" {word} JOIN {right} USING ({', '.join(_quoted(name) for name in names)})"
        if on is not None:
            x = Expressions(self.query, scope, window=False, grouped=False)
            return f" {word} JOIN {right} ON {x.boolean(on, 'JOIN/ON')}"
        if word in ("INNER", "LEFT", "RIGHT", "FULL"):
            raise SqlError(f"syntax error: {word} JOIN without ON", "42601")
        return f" CROSS JOIN {right}" if word == "CROSS" else f", {right}"

    def relation(self, node: Any, scope: Scope) -> str:
        if isinstance(node, exp.Table):
            return self._table(node, scope)
        if isinstance(node, exp.Subquery):
            return self._subquery(node, scope)
        if isinstance(node, exp.Unnest):
            return self._array(node, scope)
        if isinstance(node, exp.Paren):
            return f"({self.relation(node.this, scope)})"
        if isinstance(node, exp.Values):
            raise SqlError('syntax error at or near "VALUES"', "42601")
        raise NotSupported(f"{type(node).__name__} in FROM")

    def _table(self, node: exp.Table, scope: Scope) -> str:
        only(node, "this", "db", "catalog", "alias", "pivots", "joins", "only")
        if not isinstance(node.this, exp.Identifier):
            raise NotSupported(f"function {node.name} in FROM")
        if node.this.args.get("quoted") and ("/" in node.name or "." in node.name):
            raise SqlError(f'syntax error at or near "{node.name}"', "42601")
        schema, name = node.db, node.name
        cte = scope.cte(name) if not schema else None
        sql, columns = (_quoted(name), cte) if cte is not None else self.query.catalog(schema, name)
        pivots = node.args.get("pivots") or []
        shown, alias, columns = self._aliased(node, sql, name, columns)
        if pivots:
            return self._pivot(pivots, shown, alias, columns, scope)
        scope.add(alias, columns, "" if node.alias else schema)
        for join in node.args.get("joins") or []:
            shown += self._join(join, scope)
        return f"({shown})" if node.args.get("joins") else shown

    def _aliased(self, node: Any, sql: str, name: str, columns: Columns) -> tuple[str, str, Columns]:
        alias = node.args.get("alias")
        if not alias:
            return (sql, name, columns) if isinstance(node, exp.Subquery) or sql.endswith(_quoted(name)) else (
                f"{sql} AS {_quoted(name)}", name, columns)  # fmt: skip
        shown = alias.name or name
        named = [column.name for column in alias.args.get("columns") or []]
        if len(named) > len(columns):
            raise SqlError(
                f'table "{shown}" has {len(columns)} columns available but {len(named)} columns specified', "42P10"
            )
        renamed = [*named, *(column for column, _ in columns[len(named) :])]
        found = tuple((new, kind) for new, (_, kind) in zip(renamed, columns, strict=True))
        listed = f"({', '.join(_quoted(column) for column in named)})" if named else ""
        return f"{sql} AS {_quoted(shown)}{listed}", shown, found

    def _subquery(self, node: exp.Subquery, scope: Scope) -> str:
        only(node, "this", "alias", "pivots", "joins", "with_")
        if isinstance(node.this, exp.Table):
            inner = self.relation(node.this, scope)
            return f"({inner}{''.join(self._join(join, scope) for join in node.args.get('joins') or [])})"
        holder = Scope(scope.parent)
        holder.ctes = scope.ctes
        sql, columns = self.query.nested(node.this, holder)
        name = f"subquery_{len(scope.sources) + 1}"
        shown, alias, columns = self._aliased(node, f"({sql})", name, columns)
        if not node.args.get("alias"):
            shown = f"{shown} AS {_quoted(name)}"
        if node.args.get("pivots"):
            return self._pivot(node.args["pivots"], shown, alias, columns, scope)
        scope.add(alias, columns)
        return shown

    def _array(self, node: exp.Unnest, scope: Scope) -> str:
        only(node, "expressions", "alias", "offset")
        if len(node.expressions) != 1 or node.args.get("offset"):
            raise NotSupported("an array with its index in FROM")
        e = Expressions(self.query, scope)(node.expressions[0])
        if e.type != SUPER:
            raise SqlError(f"cannot take a value of type {e.type} apart in FROM", "42804")
        alias = node.args.get("alias")
        names = [column.name for column in alias.args.get("columns") or []] if alias else []
        name = names[0] if names else (alias.name if alias else "")
        if not name:
            raise SqlError("an array in FROM needs an alias", "42601")
        scope.add(name, ((name, SUPER),))
        quoted = _quoted(name)
        return f"LATERAL (SELECT unnest(json_extract({e.sql}, '$[*]')) AS {quoted}) AS {quoted}"

    def _pivot(self, pivots: list[Any], sql: str, alias: str, columns: Columns, scope: Scope) -> str:
        """PIVOT as an aggregate per value, grouped by the columns that it doesn't name."""
        if len(pivots) != 1 or pivots[0].args.get("unpivot"):
            raise NotSupported("UNPIVOT")
        pivot = pivots[0]
        only(pivot, "expressions", "fields", "alias", "columns", "pivot_column_naming", "identify_pivot_strings")
        inner = Scope(scope.parent)
        inner.add(alias, columns)
        x = Expressions(self.query, inner)
        (field,) = pivot.args["fields"]
        subject = x(field.this)
        used = {column.name for column in pivot.find_all(exp.Column)}
        keys = [(name, kind) for name, kind in columns if name not in used]
        items, found = [_quoted(name) for name, _ in keys], list(keys)
        for item in field.expressions:
            value = item.this if isinstance(item, (exp.Alias, exp.PivotAlias)) else item
            label = item.alias if isinstance(item, (exp.Alias, exp.PivotAlias)) else value.name.lower()
            test = x.compare("=", subject, x(value))
            for aggregate in pivot.expressions:
                e, name = self._pivoted(x, aggregate, test, label)
                items.append(f"{e.sql} AS {_quoted(name)}")
                found.append((name, e.type))
        group = f" GROUP BY {', '.join(_quoted(name) for name, _ in keys)}" if keys else ""
        shown = pivot.alias or f"pivot_{len(scope.sources) + 1}"
        scope.add(shown, tuple(found))
        return f"(SELECT {', '.join(items)} FROM {sql}{group}) AS {_quoted(shown)}"

    def _pivoted(self, x: Expressions, aggregate: Any, test: str, label: str) -> tuple[E, str]:
        call = aggregate.this if isinstance(aggregate, exp.Alias) else aggregate
        name = f"{label}_{aggregate.alias}" if isinstance(aggregate, exp.Alias) else label
        function = str(call.this).lower() if isinstance(call, exp.Anonymous) else ""
        if function not in aggregates.AGGREGATES or len(call.expressions) != 1:
            raise NotSupported("PIVOT by other than one aggregate of one value")
        star = isinstance(call.expressions[0], exp.Star)
        value = E("1", Type("int4")) if star else x(call.expressions[0])
        held = E(f"(CASE WHEN {test} THEN {value.sql} END)", value.type)
        return aggregates.AGGREGATES[function].build(aggregates.Call(held, False, "")), name

    def star(self, star: exp.Star, table: str, scope: Scope) -> tuple[str, Columns]:
        """`*` or `t.*`: what is written for DuckDB, and the columns."""
        only(star, "except_")
        if not scope.sources:
            raise SqlError("SELECT * with no tables specified is not valid", "42601")
        left_out = [column.name for column in star.args.get("except_") or []]
        found: list[tuple[str, Type]] = []
        if table and table not in scope.sources:
            raise SqlError(f'relation "{table}" does not exist', "42P01")
        for alias, columns in scope.sources.items():
            for name, kind in columns if table in ("", alias) else ():
                if not table and name in scope.merged and name in [known for known, _ in found]:
                    continue
                if name not in left_out:
                    found.append((name, kind))
        known = {name for columns in scope.sources.values() for name, _ in columns}
        for name in left_out:
            if name not in known:
                raise SqlError(f'column "{name}" in EXCLUDE list does not exist', "42703")
        excluded = f" EXCLUDE ({', '.join(_quoted(name) for name in left_out)})" if left_out else ""
        return f"{_quoted(table) + '.' if table else ''}*{excluded}", tuple(found)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
