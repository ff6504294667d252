"""Math functions and conditional expressions. https://docs.aws.amazon.com/redshift/latest/dg/Math_functions.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.redshift.dialect import arithmetic, casts
from local.redshift.dialect.calls import Function
from local.redshift.dialect.scope import E
from local.redshift.dialect.types import FLOAT8, INT4, TEXT, Type, as_numeric, numeric
from local.redshift.errors import NotSupported, SqlError

if TYPE_CHECKING:
    from local.redshift.dialect.expressions import Expressions


def _same(arguments: list[E]) -> Type:
    return arguments[0].type


def _digits(arguments: list[E]) -> int | None:
    """The second argument of ROUND and TRUNC, where it is a literal."""
    if len(arguments) < 2:
        return 0
    literal = arguments[1].literal
    return int(literal) if literal is not None else None


def _round(x: Expressions, arguments: list[E]) -> E:
    e, digits = arguments[0], _digits(arguments)
    if e.type.is_float:
        return E(f"round({e.sql}, {arguments[1].sql if len(arguments) > 1 else 0})", FLOAT8)
    if digits is None:
        raise NotSupported("ROUND of a DECIMAL to a number of places that is no literal")
    kind = as_numeric(e.type)
    if digits >= kind.scale:
        return e
    result = numeric(min(kind.size + 1, 38), max(digits, 0))
    if digits >= 0:
        return E(f"CAST({e.sql} AS {result.duckdb})", result)
    unit = 10**-digits
    whole = f"CAST({e.sql} AS DECIMAL(38,{kind.scale}))"
    return _typed(
        f"CAST(CAST(round(CAST({whole} AS DOUBLE) / {unit}) AS HUGEINT) * {unit} AS {result.duckdb})", e, result
    )


def _trunc(x: Expressions, arguments: list[E]) -> E:
    e, digits = arguments[0], _digits(arguments)
    if e.type.is_time or e.type.kind == "unknown":
        if len(arguments) > 1:
            raise SqlError(f"function trunc({e.type}, integer) does not exist", "42883")
        moment = casts.implicit(e, Type("timestamp"))
        return casts.cast(moment, Type("date"))
    if not e.type.is_number:
        raise SqlError(f"function trunc({e.type}) does not exist", "42883")
    if digits is None:
        raise NotSupported("TRUNC to a number of places that is no literal")
    if e.type.is_float:
        unit = f"pow(10, {digits})"
        return E(f"(trunc({e.sql} * {unit}) / {unit})" if digits else f"trunc({e.sql})", FLOAT8)
    kind = as_numeric(e.type)
    if digits >= kind.scale:
        return e
    result = numeric(kind.size, max(digits, 0))
    lost = 10 ** (kind.scale - max(digits, 0))
    whole = f"({arithmetic.unscaled(e.sql, kind.scale)} // {lost}::HUGEINT)"
    if digits < 0:
        whole = f"({whole} // {10**-digits}::HUGEINT * {10**-digits}::HUGEINT)"
    return _typed(arithmetic.scaled(whole, result), e, result)


def _typed(sql: str, e: E, result: Type) -> E:
    """Of an integer, an integer."""
    return E(f"CAST({sql} AS {e.type.duckdb})", e.type) if e.type.is_integer else E(sql, result)


def _whole(name: str) -> object:
    def build(x: Expressions, arguments: list[E]) -> E:
        e = arguments[0]
        if e.type.is_integer:
            return e
        if e.type.is_float:
            return E(f"{name}({e.sql})", FLOAT8)
        result = numeric(min(e.type.size - e.type.scale + 1, 38), 0)
        return E(f"CAST({name}({e.sql}) AS {result.duckdb})", result)

    return build


def _mod(x: Expressions, arguments: list[E]) -> E:
    return arithmetic.compute("%", arguments[0], arguments[1])


def _log(x: Expressions, arguments: list[E]) -> E:
    return E(f"rs_log({', '.join(argument.sql for argument in arguments)})", FLOAT8)


def _coalesce(x: Expressions, arguments: list[E]) -> E:
    values, kind = x.unify(arguments, "COALESCE")
    return E(f"coalesce({', '.join(value.sql for value in values)})", kind, clean=all(v.clean for v in values))


def _nvl2(x: Expressions, arguments: list[E]) -> E:
    values, kind = x.unify(arguments[1:], "NVL2")
    return E(f"(CASE WHEN {arguments[0].sql} IS NOT NULL THEN {values[0].sql} ELSE {values[1].sql} END)", kind)


def _nullif(x: Expressions, arguments: list[E]) -> E:
    held = arguments[0]
    if held.type.kind == "unknown":
        held = casts.cast(held, TEXT)
    return E(f"(CASE WHEN {x.compare('=', arguments[0], arguments[1])} THEN NULL ELSE {held.sql} END)", held.type)


def _decode(x: Expressions, arguments: list[E]) -> E:
    subject, rest = arguments[0], arguments[1:]
    if len(rest) < 2:
        raise SqlError("DECODE needs a search value and a result", "42883")
    searches, results = rest[0 : len(rest) // 2 * 2 : 2], rest[1::2]
    default = [rest[-1]] if len(rest) % 2 else []
    values, kind = x.unify([*results, *default], "DECODE")
    sql = ""
    for search, value in zip(searches, values, strict=False):
        left, right = x.alike(subject, search)
        sql += f" WHEN {left.sql} IS NOT DISTINCT FROM {right.sql} THEN {value.sql}"
    return E(f"(CASE{sql}{f' ELSE {values[-1].sql}' if default else ''} END)", kind)


def _extreme(name: str) -> object:
    def build(x: Expressions, arguments: list[E]) -> E:
        values, kind = x.unify(arguments, name.upper())
        return E(f"{name}({', '.join(value.sql for value in values)})", kind)

    return build


def _to_hex(x: Expressions, arguments: list[E]) -> E:
    if not arguments[0].type.is_integer:
        raise NotSupported(f"TO_HEX of {arguments[0].type}")
    return E(f"rs_to_hex({arguments[0].sql})", TEXT)


def _f(name: str, takes: str, result: object, sql: object, page: str, how: str = "rewritten") -> Function:
    return Function(name, takes, result, sql, page, how)  # type: ignore[arg-type]


def _floats(*names: str) -> list[Function]:
    return [_f(name, "float", FLOAT8, f"{name}({{0}})", f"r_{name.upper()}", "passed") for name in names]


NUMBERS = [
    *_floats("acos", "asin", "atan", "cos", "cot", "sin", "tan", "degrees", "radians", "cbrt", "exp"),
    _f("sqrt", "float", FLOAT8, "rs_sqrt({0})", "r_SQRT"),
    _f("abs", "number", _same, "abs({0})", "r_ABS", "passed"),
    _f("atan2", "float float", FLOAT8, "atan2({0}, {1})", "r_ATAN2", "passed"),
    _f("ceil", "number", _same, _whole("ceil"), "r_CEILING_FLOOR"),
    _f("ceiling", "number", _same, _whole("ceil"), "r_CEILING_FLOOR"),
    _f("floor", "number", _same, _whole("floor"), "r_FLOOR"),
    _f("dexp", "float", FLOAT8, "exp({0})", "r_DEXP"),
    _f("ln", "float", FLOAT8, "rs_ln({0})", "r_LN"),
    _f("dlog1", "float", FLOAT8, "rs_ln({0})", "r_DLOG1"),
    _f("dlog10", "float", FLOAT8, "rs_log({0})", "r_DLOG10"),
    _f("log", "float", FLOAT8, _log, "r_LOG"),
    _f("mod", "number number", _same, _mod, "r_MOD"),
    _f("pi", "", FLOAT8, "pi()", "r_PI", "passed"),
    _f("power", "float float", FLOAT8, "pow({0}, {1})", "r_POWER"),
    _f("pow", "float float", FLOAT8, "pow({0}, {1})", "r_POWER"),
    _f("random", "", FLOAT8, "random()", "r_RANDOM", "passed"),
    _f("round", "number int?", _same, _round, "r_ROUND"),
    _f("sign", "number", INT4, "CAST(sign({0}) AS INTEGER)", "r_SIGN"),
    _f("trunc", "any int?", _same, _trunc, "r_TRUNC"),
    _f("to_hex", "any", TEXT, _to_hex, "r_TO_HEX", "implemented"),
    _f("coalesce", "any*", _same, _coalesce, "r_NVL_function"),
    _f("nvl", "any*", _same, _coalesce, "r_NVL_function"),
    _f("nvl2", "any any any", _same, _nvl2, "r_NVL2"),
    _f("nullif", "any any", _same, _nullif, "r_NULLIF_function"),
    _f("decode", "any any any any*", _same, _decode, "r_DECODE_expression"),
    _f("greatest", "any*", _same, _extreme("greatest"), "r_GREATEST_LEAST"),
    _f("least", "any*", _same, _extreme("least"), "r_GREATEST_LEAST"),
]
