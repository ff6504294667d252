"""Expressions: each node of sqlglot's tree that the dialect has, to typed DuckDB SQL; every other is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local.redshift.dialect import arithmetic, calls, casts, windows
from local.redshift.dialect.casts import text
from local.redshift.dialect.parser import Approximate
from local.redshift.dialect.scope import E, Scope
from local.redshift.dialect.types import (
    BOOL,
    DATE,
    FLOAT8,
    INT4,
    INT8,
    INTERVAL,
    NULL,
    SUPER,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    Type,
    common,
    computed,
    numeric,
    of_column,
)
from local.redshift.dialect.units import UNITS
from local.redshift.dialect.words import check_name
from local.redshift.errors import NotSupported, SqlError
from local.redshift.types import parse_type

if TYPE_CHECKING:
    from local.redshift.dialect.query import Query

_COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_COLUMN = re.compile(r'"[^"]*"(?:\."[^"]*")*')
_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}


def only(node: exp.Expression, *handled: str) -> None:
    """Refuse a node that has a part which nothing here reads."""
    for name, value in node.args.items():
        if name not in handled and value not in (None, False, []):
            raise NotSupported(f"{type(node).__name__} with {name.strip('_')}")


class Expressions:
    """Translates the expressions of one scope. `query` translates the subqueries in them."""

    def __init__(self, query: Query, scope: Scope, window: bool = True, grouped: bool = True) -> None:
        self.query, self.scope = query, scope
        self.allows_window, self.allows_aggregate = window, grouped
        self.in_aggregate = False

    def __call__(self, node: Any) -> E:
        method = _HANDLERS.get(type(node))
        if method is None:
            raise NotSupported(_words(node))
        only(node, "this", "expression", *_PARTS.get(type(node), ()))
        return method(self, node)

    def boolean(self, node: Any, clause: str) -> str:
        """A condition. Raises SqlError when it is of another type."""
        e = self(node)
        if e.type.kind in ("unknown", "null", "super"):
            e = casts.cast(e, BOOL)
        if e.type.kind not in ("bool", "other"):
            raise SqlError(f"argument of {clause} must be type boolean, not type {e.type}", "42804")
        return e.sql

    # Names and literals

    def column(self, node: exp.Column) -> E:
        only(node, "this", "table", "db", "catalog")
        if isinstance(node.this, exp.Star):
            raise SqlError('syntax error at or near "*"', "42601")
        check_name(node.parts[0])
        parts = [part.name for part in node.parts]
        name, table, schema = parts[-1], parts[-2] if len(parts) > 1 else "", parts[-3] if len(parts) > 2 else ""
        kind = self.scope.column(table, name, schema) if len(parts) < 4 else None
        if kind is not None:
            return E(".".join(f'"{part}"' for part in parts), kind, clean=kind.kind == "char")
        if len(parts) == 1:
            if name in self.scope.aliases:
                held = self.scope.aliases[name]
                return E(f'"{name}"', held.type, clean=held.clean)
            if self.scope.has(name):
                raise NotSupported(f"the whole row of {name} as a value")
            raise SqlError(f'column "{name}" does not exist{self.scope.hint(name)}', "42703")
        return self.navigate(parts, table, schema, name)

    def navigate(self, parts: list[str], table: str, schema: str, name: str) -> E:
        """t.s.a.b or s.a.b, where s is a SUPER."""
        for start in (0, 1):
            qualifier = parts[0] if start else ""
            if len(parts) <= start + 1 or (start and not self.scope.has(qualifier)):
                continue
            kind = self.scope.column(qualifier, parts[start])
            if kind == SUPER:
                held = ".".join(f'"{part}"' for part in parts[: start + 1])
                return E(f"json_extract({held}, {text(_path(parts[start + 1 :]))})", SUPER)
        if not self.scope.has(table):
            raise SqlError(f'missing FROM-clause entry for table "{table}"', "42P01")
        raise SqlError(f'column "{name}" does not exist in {table}', "42703")

    def dot(self, node: exp.Dot) -> E:
        held = self(node.this)
        if held.type != SUPER or not isinstance(node.expression, exp.Identifier):
            raise NotSupported(_words(node))
        return E(f"json_extract({held.sql}, {text(_path([node.expression.name]))})", SUPER)

    def bracket(self, node: exp.Bracket) -> E:
        held = self(node.this)
        index = self(node.expressions[0]) if len(node.expressions) == 1 else None
        if held.type != SUPER or index is None:
            raise NotSupported(_words(node))
        if index.type.is_integer and index.literal is not None:
            return E(f"json_extract({held.sql}, '$[{index.literal}]')", SUPER)
        if index.type.kind == "unknown" and index.literal is not None:
            return E(f"json_extract({held.sql}, {text(_path([index.literal]))})", SUPER)
        raise NotSupported("an index that is no literal")

    def literal(self, node: exp.Literal) -> E:
        value = node.name
        if node.is_string:
            return E(text(value), UNKNOWN, value, clean=not value.endswith(" "))
        if re.fullmatch(r"\d+", value):
            number = int(value)
            if number >= 2**63:
                return E(f"CAST({value} AS DECIMAL({len(value)},0))", numeric(len(value), 0), value)
            return E(value, INT4 if number < 2**31 else INT8, value)
        if re.fullmatch(r"\d*\.\d*", value):
            whole, _, fraction = value.partition(".")
            digits = len(whole.lstrip("0")) + len(fraction)
            kind = numeric(max(digits, 1), len(fraction))
            return E(f"CAST({text(value)} AS {kind.duckdb})", kind, value)
        return E(casts.cast(E("", UNKNOWN, value), FLOAT8).sql, FLOAT8, value)

    def null(self, _: exp.Null) -> E:
        return E("NULL", NULL)

    def true_or_false(self, node: exp.Boolean) -> E:
        return E("TRUE" if node.this else "FALSE", BOOL)

    # Operators

    def paren(self, node: exp.Paren) -> E:
        held = self(node.this)
        return E(f"({held.sql})", held.type, held.literal, held.clean)

    def negative(self, node: exp.Neg) -> E:
        held = self(node.this)
        if held.type.kind == "unknown":
            held = casts.cast(held, FLOAT8)
        if held.literal is not None and held.type.kind == "int8" and held.literal == str(2**31):
            return E(f"(-{held.literal})", INT4, f"-{held.literal}")
        if not (held.type.is_number or held.type.kind in ("interval", "null", "other")):
            raise SqlError(f"operator does not exist: - {held.type}", "42883")
        return E(f"(-{held.sql})", held.type, f"-{held.literal}" if held.literal is not None else None)

    def arithmetic(self, node: exp.Binary) -> E:
        only(node, "this", "expression", "typed", "safe")
        operator = _ARITHMETIC[type(node)]
        left, right = self(node.this), self(node.expression)
        if left.type.kind == "null" or right.type.kind == "null":
            kind = right.type if left.type.kind == "null" else left.type
            return E("NULL", kind if kind.kind != "unknown" else NULL)
        if left.type.is_number and right.type.kind in ("unknown", "super"):
            right = arithmetic.as_number(right, left.type)
        elif right.type.is_number and left.type.kind in ("unknown", "super"):
            left = arithmetic.as_number(left, right.type)
        if left.type.is_number and right.type.is_number:
            return arithmetic.compute(operator, left, right)
        return arithmetic.moments(operator, left, right)

    def power(self, node: exp.Pow) -> E:
        left, right = (casts.implicit(self(side), FLOAT8) for side in (node.this, node.expression))
        return E(f"pow({left.sql}, {right.sql})", FLOAT8)

    def root(self, node: exp.Sqrt | exp.Cbrt) -> E:
        held = casts.implicit(self(node.this), FLOAT8)
        return E(f"{'sqrt' if isinstance(node, exp.Sqrt) else 'cbrt'}({held.sql})", FLOAT8)

    def bits(self, node: exp.Binary) -> E:
        left, right = self(node.this), self(node.expression)
        shift = isinstance(node, (exp.BitwiseLeftShift, exp.BitwiseRightShift))
        if not (left.type.is_integer and right.type.is_integer):
            raise SqlError(f"operator does not exist: {left.type} {_words(node)} {right.type}", "42883")
        kind = left.type if shift else computed("+", left.type, right.type)
        if isinstance(node, exp.BitwiseXor):
            return E(f"xor({left.sql}, {right.sql})", kind)
        operator = {exp.BitwiseAnd: "&", exp.BitwiseOr: "|"}.get(type(node)) or (
            "<<" if isinstance(node, exp.BitwiseLeftShift) else ">>"
        )
        return E(f"({left.sql} {operator} {right.sql})", kind)

    def bit_not(self, node: exp.BitwiseNot) -> E:
        held = self(node.this)
        if not held.type.is_integer:
            raise SqlError(f"operator does not exist: ~ {held.type}", "42883")
        return E(f"(~{held.sql})", held.type)

    def concat(self, node: exp.DPipe) -> E:
        only(node, "this", "expression", "safe")
        left, right = self(node.this), self(node.expression)
        for side in (left, right):
            if side.type.kind in ("bool", "varbyte", "super", "interval"):
                raise SqlError(f"operator does not exist: {left.type} || {right.type}", "42883")
        a, b = casts.implicit(left, TEXT), casts.implicit(right, TEXT)
        sizes = [side.type.size if side.type.is_text else 65535 for side in (left, right)]
        return E(f"({a.sql} || {b.sql})", Type("varchar", min(sum(sizes), 65535)))

    def logic(self, node: exp.And | exp.Or) -> E:
        word = "AND" if isinstance(node, exp.And) else "OR"
        return E(f"({self.boolean(node.this, word)} {word} {self.boolean(node.expression, word)})", BOOL)

    def negation(self, node: exp.Not) -> E:
        return E(f"(NOT {self.boolean(node.this, 'NOT')})", BOOL)

    def comparison(self, node: exp.Binary) -> E:
        only(node, "this", "expression")
        operator = _COMPARISONS[type(node)]
        if isinstance(node.expression, (exp.Any, exp.All)):
            return self.quantified(node, operator)
        if isinstance(node.this, exp.Tuple) and isinstance(node.expression, exp.Tuple):
            pairs = list(zip(node.this.expressions, node.expression.expressions, strict=True))
            if operator not in ("=", "<>"):
                raise NotSupported("an order of rows")
            parts = [self.compare("=", self(a), self(b)) for a, b in pairs]
            joined = " AND ".join(parts)
            return E(f"({joined})" if operator == "=" else f"(NOT ({joined}))", BOOL)
        return E(self.compare(operator, self(node.this), self(node.expression)), BOOL)

    def compare(self, operator: str, left: E, right: E) -> str:
        left, right = self.alike(left, right, operator)
        return f"({left.sql} {operator} {right.sql})"

    def alike(self, left: E, right: E, operator: str = "=") -> tuple[E, E]:
        """Both sides of a comparison as one type; blanks at the end of a text don't count."""
        kinds = [left.type, right.type]
        if "other" in (left.type.kind, right.type.kind):
            return left, right
        if left.type == SUPER or right.type == SUPER:
            return _alike_super(left, right)
        kind = common(kinds)
        if kind is None:
            texts = [side for side in (left, right) if side.type.is_text]
            others = [side for side in (left, right) if not side.type.is_text]
            if texts and others and others[0].type.is_time:
                target = others[0].type
                return (casts.cast(left, target) if left.type.is_text else left), (
                    casts.cast(right, target) if right.type.is_text else right
                )
            raise SqlError(f"operator does not exist: {left.type} {operator} {right.type}", "42883")
        if kind.kind in ("unknown", "null"):
            kind = TEXT
        if kind.is_text:
            return _trimmed(left), _trimmed(right)
        sides = []
        for side in (left, right):
            if side.type.kind in ("unknown", "null"):
                side = casts.cast(side, _wide(kind))
            elif kind.is_time and side.type != kind:
                side = casts.cast(side, kind)
            sides.append(side)
        return sides[0], sides[1]

    def quantified(self, node: exp.Binary, operator: str) -> E:
        held = node.expression
        inner = held.this.unnest() if isinstance(held.this, (exp.Paren, exp.Subquery)) else held.this
        if not isinstance(inner, (exp.Select, exp.SetOperation)):
            raise NotSupported(_words(node))
        sql, columns = self.query.nested(inner, self.scope)
        if len(columns) != 1:
            raise SqlError("subquery has too many columns", "42601")
        left, _ = self.alike(self(node.this), E("", columns[0][1]), operator)
        if columns[0][1].is_text:
            sql = f"SELECT {_blank_free(chr(34) + columns[0][0] + chr(34))} FROM ({sql})"
        word = "ANY" if isinstance(held, exp.Any) else "ALL"
        return E(f"({left.sql} {operator} {word} ({sql}))", BOOL)

    def is_(self, node: exp.Is) -> E:
        held = self(node.this)
        if isinstance(node.expression, exp.Null):
            if held.type == SUPER:
                return E(f"(({held.sql} ->> '$') IS NULL)", BOOL)
            return E(f"({held.sql} IS NULL)", BOOL)
        if isinstance(node.expression, exp.Boolean):
            if held.type.kind != "bool":
                raise SqlError(f"argument of IS TRUE must be type boolean, not type {held.type}", "42804")
            return E(f"({held.sql} IS NOT DISTINCT FROM {'TRUE' if node.expression.this else 'FALSE'})", BOOL)
        if isinstance(node.expression, exp.Column) and node.expression.name == "unknown":
            return E(f"({held.sql} IS NULL)", BOOL)
        raise NotSupported(_words(node))

    def between(self, node: exp.Between) -> E:
        only(node, "this", "low", "high")
        held, low, high = self(node.this), self(node.args["low"]), self(node.args["high"])
        return E(f"({self.compare('>=', held, low)} AND {self.compare('<=', held, high)})", BOOL)

    def in_(self, node: exp.In) -> E:
        only(node, "this", "expressions", "query")
        if node.args.get("query"):
            return self.in_query(node)
        held = self(node.this)
        items = [self(item) for item in node.expressions]
        found = common([held.type, *[item.type for item in items]])
        if found is None and not held.type.is_time and SUPER not in [held.type, *[i.type for i in items]]:
            raise SqlError(f"operator does not exist: {held.type} = {items[0].type}", "42883")
        if items and all(item.literal is not None for item in items) and held.type != SUPER:
            pairs = [self.alike(held, item) for item in items]
            return E(f"({pairs[0][0].sql} IN ({', '.join(right.sql for _, right in pairs)}))", BOOL)
        return E("(" + " OR ".join(self.compare("=", held, item) for item in items) + ")", BOOL)

    def in_query(self, node: exp.In) -> E:
        sql, columns = self.query.nested(node.args["query"].unnest(), self.scope)
        left = node.this.expressions if isinstance(node.this, exp.Tuple) else [node.this]
        if len(left) != len(columns):
            raise SqlError("subquery has too " + ("many" if len(columns) > len(left) else "few") + " columns", "42601")
        sides, picked = [], []
        for item, (name, kind) in zip(left, columns, strict=True):
            a, b = self.alike(self(item), E(f'"{name}"', kind, clean=kind.kind == "char"))
            sides.append(a.sql)
            picked.append(b.sql)
        if picked != [f'"{name}"' for name, _ in columns]:
            sql = f"SELECT {', '.join(picked)} FROM ({sql})"
        held = sides[0] if len(sides) == 1 else f"({', '.join(sides)})"
        return E(f"({held} IN ({sql}))", BOOL)

    def exists(self, node: exp.Exists) -> E:
        inner = node.this.unnest() if isinstance(node.this, exp.Subquery) else node.this
        if not isinstance(inner, (exp.Select, exp.SetOperation)):
            raise NotSupported(_words(node))
        return E(f"EXISTS ({self.query.nested(inner, self.scope)[0]})", BOOL)

    def subquery(self, node: exp.Subquery) -> E:
        only(node, "this")
        sql, columns = self.query.nested(node.unnest(), self.scope)
        if len(columns) != 1:
            raise SqlError("subquery must return only one column", "42601")
        return E(f"({sql})", columns[0][1], clean=columns[0][1].kind == "char")

    def like(self, node: exp.Expression, escape: str = "\\") -> E:
        held, pattern = (casts.implicit(self(side), TEXT) for side in (node.this, node.expression))
        word = "ILIKE" if isinstance(node, exp.ILike) else "LIKE"
        # What escapes the escape is itself; DuckDB knows no doubled escape.
        word = f"NOT {word}" if node.args.get("negate") else word
        return E(f"({held.sql} {word} {pattern.sql} ESCAPE {text(escape)})", BOOL)

    def escape(self, node: exp.Escape) -> E:
        if isinstance(node.this, (exp.Like, exp.ILike)) and isinstance(node.expression, exp.Literal):
            return self.like(node.this, node.expression.name)
        if isinstance(node.this, exp.SimilarTo) and isinstance(node.expression, exp.Literal):
            return self.similar(node.this, node.expression.name)
        raise NotSupported(_words(node))

    def similar(self, node: exp.SimilarTo, escape: str = "\\") -> E:
        held, pattern = (casts.implicit(self(side), TEXT) for side in (node.this, node.expression))
        return E(f"rs_similar({held.sql}, {pattern.sql}, {text(escape)})", BOOL)

    def posix(self, node: exp.RegexpLike | exp.RegexpILike) -> E:
        only(node, "this", "expression")
        held, pattern = (casts.implicit(self(side), TEXT) for side in (node.this, node.expression))
        flags = "i" if isinstance(node, exp.RegexpILike) else "c"
        return E(f"rs_matches({held.sql}, {pattern.sql}, '{flags}')", BOOL)

    # Casts, CASE and the functions with a grammar of their own

    def cast(self, node: exp.Cast) -> E:
        only(node, "this", "to", "safe", "_type")
        to = self.target(node.args["to"])
        safe = isinstance(node, exp.TryCast) or bool(node.args.get("safe"))
        try:
            held = casts.cast(self(node.this), to)
        except SqlError as error:
            if not safe or isinstance(error, NotSupported) or error.sqlstate in ("42846", "42703"):
                raise
            return E(f"CAST(NULL AS {to.duckdb})", to)
        return E(f"TRY({held.sql})", to, clean=held.clean) if safe else held

    def target(self, node: Any) -> Type:
        """The type that a cast names."""
        if isinstance(node, exp.DataType) and node.args.get("nested"):
            raise NotSupported(f"type {node.sql('redshift')}")
        if isinstance(node, exp.DataType) and isinstance(node.this, exp.DType) and node.this in _FOREIGN_TYPES:
            raise SqlError(f'type "{node.this.value.lower()}" does not exist', "42704")
        written = node.sql("redshift")
        if isinstance(node, exp.Interval) or written.upper().startswith("INTERVAL"):
            return INTERVAL
        declared = parse_type(written.replace("(MAX)", "(65535)"))
        return of_column(declared)

    def case(self, node: exp.Case) -> E:
        subject = self(node.this) if node.this else None
        tests, values = [], []
        for branch in node.args["ifs"]:
            if subject is None:
                tests.append(self.boolean(branch.this, "CASE/WHEN"))
            else:
                tests.append(self.compare("=", subject, self(branch.this)))
            values.append(self(branch.args["true"]))
        if node.args.get("default"):
            values.append(self(node.args["default"]))
        unified, kind = self.unify(values, "CASE")
        sql = "".join(f" WHEN {test} THEN {value.sql}" for test, value in zip(tests, unified, strict=False))
        if node.args.get("default"):
            sql += f" ELSE {unified[-1].sql}"
        return E(f"(CASE{sql} END)", kind, clean=all(value.clean for value in unified))

    def unify(self, values: list[E], what: str) -> tuple[list[E], Type]:
        """Values as one type. Raises SqlError when they have none in common."""
        kind = common([value.type for value in values])
        if kind is None:
            names = [str(value.type) for value in values if value.type.kind not in ("unknown", "null")]
            odd = next((name for name in names if name != names[0]), names[0])
            raise SqlError(f"{what} types {names[0]} and {odd} cannot be matched", "42804")
        if kind.kind == "other":
            return values, kind
        if kind.kind in ("unknown", "null"):
            return values, kind if kind.kind == "null" else TEXT
        if kind.is_text:
            unknown = [len((v.literal or "").encode()) for v in values if v.type.kind == "unknown"]
            kind = Type("varchar" if unknown else kind.kind, max([kind.size, *unknown]))
        found = []
        for value in values:
            if value.type.kind in ("unknown", "null"):
                value = casts.cast(value, _wide(kind) if value.type.kind == "unknown" else kind)
                if kind.kind == "numeric":
                    value = E(f"CAST({value.sql} AS {kind.duckdb})", kind)
            elif value.type != kind and not kind.is_text:
                value = casts.cast(value, kind)
            found.append(value)
        return found, kind

    def extract(self, node: exp.Extract) -> E:
        return calls.date_part(self, node.this.name, self(node.expression))

    def trim(self, node: exp.Trim) -> E:
        only(node, "this", "expression", "position")
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or "").upper(), "btrim")
        arguments = [node.this] + ([node.expression] if node.args.get("expression") else [])
        return calls.call(self, name, arguments)

    def substring(self, node: exp.Substring) -> E:
        arguments = [node.this, node.args.get("start"), node.args.get("length")]
        return calls.call(self, "substring", [item for item in arguments if item is not None])

    def position(self, node: exp.StrPosition) -> E:
        only(node, "this", "substr")
        return calls.call(self, "strpos", [node.this, node.args["substr"]])

    def at_time_zone(self, node: exp.AtTimeZone) -> E:
        return calls.at_time_zone(self(node.args["zone"]), self(node.this))

    def interval(self, node: exp.Interval) -> E:
        value, unit = node.this, node.args.get("unit")
        if not isinstance(value, exp.Literal):
            raise NotSupported("INTERVAL of an expression")
        written = value.name if unit is None else f"{value.name} {unit.name}"
        parts = re.findall(r"([+-]?\d+(?:\.\d+)?)\s*([a-z]+)", written.lower())
        rest = re.sub(r"([+-]?\d+(?:\.\d+)?)\s*([a-z]+)|[\s,]", "", written.lower())
        if rest or not parts or any(name not in UNITS for _, name in parts):
            raise SqlError(f'invalid input syntax for type interval: "{written}"', "22007")
        shown = " ".join(f"{amount} {UNITS[name]}" for amount, name in parts)
        return E(f"INTERVAL {text(shown)}", INTERVAL)

    def today(self, _: exp.CurrentDate) -> E:
        return E("CAST(CAST(now() AS TIMESTAMP) AS DATE)", DATE)

    def now(self, node: exp.CurrentTimestamp) -> E:
        if node.args.get("this"):
            raise SqlError("syntax error in a call of CURRENT_TIMESTAMP", "42601")
        if node.args.get("sysdate"):
            return E("CAST(now() AS TIMESTAMP)", TIMESTAMP)
        return E("now()", TIMESTAMPTZ)

    def user(self, _: exp.Expression) -> E:
        return calls.call(self, "current_user", [])

    def current_schema(self, _: exp.Expression) -> E:
        return calls.call(self, "current_schema", [])

    def anonymous(self, node: exp.Anonymous) -> E:
        return calls.call(
            self, str(node.this).lower() if isinstance(node.this, str) else node.this.name, node.expressions
        )

    def window(self, node: exp.Window) -> E:
        return windows.window(self, node)

    def within(self, node: exp.WithinGroup) -> E:
        return windows.within_group(self, node, "")

    def approximate(self, node: Approximate) -> E:
        return windows.approximate(self, node)

    def array(self, node: exp.Array) -> E:
        if node.args.get("bracket_notation"):
            raise SqlError('syntax error at or near "["', "42601")
        return calls.call(self, "array", node.expressions)

    def placeholder(self, node: exp.Placeholder) -> E:
        raise SqlError(f'there is no parameter ":{node.name}"', "42P02")

    def filter(self, _: exp.Filter) -> E:
        raise SqlError('syntax error at or near "(" (FILTER does not exist in Redshift)', "42601")


def _words(node: Any) -> str:
    shown = node.sql("redshift") if isinstance(node, exp.Expression) else str(node)
    return f"{type(node).__name__} ({' '.join(shown.split())[:80]})"


def _path(parts: list[str]) -> str:
    return "$" + "".join('."' + part.replace('"', '\\"') + '"' for part in parts)


def _trimmed(e: E) -> E:
    if e.type.kind == "unknown" and e.literal is not None:
        return E(text(e.literal.rstrip(" ")), TEXT, clean=True)
    if e.clean or e.type.kind in ("null", "other"):
        return e
    return E(_blank_free(e.sql), e.type, clean=True)


def _blank_free(sql: str) -> str:
    """A text without the blanks at its end. Of a column, DuckDB's rtrim copies each value: 4 times a join's time."""
    if _COLUMN.fullmatch(sql):
        return f"(CASE WHEN suffix({sql}, ' ') THEN rtrim({sql}, ' ') ELSE {sql} END)"
    return f"rtrim({sql}, ' ')"


def _wide(kind: Type) -> Type:
    """The type that a literal beside a value of `kind` is read as: room for whatever it is."""
    return numeric(38, kind.scale if kind.scale > 18 else 18) if kind.kind == "numeric" else kind


def _alike_super(left: E, right: E) -> tuple[E, E]:
    if left.type == right.type:
        return left, right
    other = right.type if left.type == SUPER else left.type
    target = {"unknown": TEXT, "null": TEXT}.get(other.kind, other)
    sides = [casts.cast(side, TEXT if target.is_text else target) for side in (left, right)]
    return sides[0], sides[1]


# Types that sqlglot would write as one of Redshift's.
_FOREIGN_TYPES = {exp.DType.TINYINT, exp.DType.UTINYINT, exp.DType.MEDIUMINT, exp.DType.INT128, exp.DType.UINT}
# What a node may have beside "this" and "expression". A part that is not listed has no meaning here: it is refused.
_PARTS: dict[type, tuple[str, ...]] = {
    exp.Column: ("table", "db", "catalog"),
    exp.Bracket: ("expressions",),
    exp.Literal: ("is_string",),
    exp.DPipe: ("safe",),
    exp.Div: ("typed", "safe"),
    exp.Between: ("low", "high"),
    exp.In: ("expressions", "query"),
    exp.Like: ("negate",),
    exp.ILike: ("negate",),
    exp.Cast: ("to", "safe", "_type"),
    exp.TryCast: ("to", "safe", "_type"),
    exp.Case: ("ifs", "default"),
    exp.Trim: ("position",),
    exp.Substring: ("start", "length"),
    exp.StrPosition: ("substr",),
    exp.AtTimeZone: ("zone",),
    exp.Interval: ("unit",),
    exp.CurrentTimestamp: ("sysdate",),
    exp.Anonymous: ("expressions",),
    exp.Window: ("partition_by", "order", "spec", "alias", "over", "first"),
    exp.Array: ("expressions", "value_constructor", "bracket_notation"),
}

Handler = Callable[[Expressions, Any], E]
_HANDLERS: dict[type, Handler] = {
    exp.Column: Expressions.column,
    exp.Dot: Expressions.dot,
    exp.Bracket: Expressions.bracket,
    exp.Literal: Expressions.literal,
    exp.Null: Expressions.null,
    exp.Boolean: Expressions.true_or_false,
    exp.Paren: Expressions.paren,
    exp.Neg: Expressions.negative,
    exp.Pow: Expressions.power,
    exp.Sqrt: Expressions.root,
    exp.Cbrt: Expressions.root,
    exp.BitwiseNot: Expressions.bit_not,
    exp.DPipe: Expressions.concat,
    exp.And: Expressions.logic,
    exp.Or: Expressions.logic,
    exp.Not: Expressions.negation,
    exp.Is: Expressions.is_,
    exp.Between: Expressions.between,
    exp.In: Expressions.in_,
    exp.Exists: Expressions.exists,
    exp.Subquery: Expressions.subquery,
    exp.Like: Expressions.like,
    exp.ILike: Expressions.like,
    exp.Escape: Expressions.escape,
    exp.SimilarTo: Expressions.similar,
    exp.RegexpLike: Expressions.posix,
    exp.RegexpILike: Expressions.posix,
    exp.Cast: Expressions.cast,
    exp.TryCast: Expressions.cast,
    exp.Case: Expressions.case,
    exp.Extract: Expressions.extract,
    exp.Trim: Expressions.trim,
    exp.Substring: Expressions.substring,
    exp.StrPosition: Expressions.position,
    exp.AtTimeZone: Expressions.at_time_zone,
    exp.Interval: Expressions.interval,
    exp.CurrentDate: Expressions.today,
    exp.CurrentTimestamp: Expressions.now,
    exp.CurrentUser: Expressions.user,
    exp.SessionUser: Expressions.user,
    exp.CurrentSchema: Expressions.current_schema,
    exp.Anonymous: Expressions.anonymous,
    exp.Window: Expressions.window,
    exp.WithinGroup: Expressions.within,
    exp.Array: Expressions.array,
    exp.Placeholder: Expressions.placeholder,
    exp.Filter: Expressions.filter,
    Approximate: Expressions.approximate,
    **dict.fromkeys(_COMPARISONS, Expressions.comparison),
    **dict.fromkeys(_ARITHMETIC, Expressions.arithmetic),
    **dict.fromkeys(
        (exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift), Expressions.bits
    ),
}
