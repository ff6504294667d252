"""JSON functions on text, and functions of SUPER. https://docs.aws.amazon.com/redshift/latest/dg/json-functions.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.redshift.dialect.calls import Function
from local.redshift.dialect.casts import text
from local.redshift.dialect.scope import E
from local.redshift.dialect.types import BOOL, INT4, SUPER, TEXT
from local.redshift.errors import SqlError

if TYPE_CHECKING:
    from local.redshift.dialect.expressions import Expressions


def _flag(arguments: list[E]) -> tuple[list[E], str]:
    """The arguments without null_if_invalid, and that."""
    if arguments[-1].type == BOOL:
        return arguments[:-1], arguments[-1].sql
    return arguments, "FALSE"


def _path_text(x: Expressions, arguments: list[E]) -> E:
    given, safe = _flag(arguments)
    if len(given) < 2 or any(e.type.kind not in ("unknown", "varchar", "char", "null") for e in given):
        raise SqlError("function json_extract_path_text needs a text and the elements of a path", "42883")
    return E(f"rs_json_path({given[0].sql}, [{', '.join(e.sql for e in given[1:])}], {safe})", TEXT)


def _element(x: Expressions, arguments: list[E]) -> E:
    given, safe = _flag(arguments)
    return E(f"rs_json_element({given[0].sql}, {given[1].sql}, {safe})", TEXT)


def _length(x: Expressions, arguments: list[E]) -> E:
    given, safe = _flag(arguments)
    return E(f"rs_json_length({given[0].sql}, {safe})", INT4)


def _json(e: E) -> str:
    return f"to_json({e.sql})" if e.type != SUPER else e.sql


def _array(x: Expressions, arguments: list[E]) -> E:
    return E(f"CAST(json_array({', '.join(_json(e) for e in arguments)}) AS JSON)", SUPER)


def _object(x: Expressions, arguments: list[E]) -> E:
    if len(arguments) % 2:
        raise SqlError("OBJECT needs a value for each key", "42883")
    if any(e.type.kind not in ("unknown", "varchar", "char") for e in arguments[::2]):
        raise SqlError("a key of OBJECT must be a text", "42804")
    pairs = ", ".join(f"{key.sql}, {_json(value)}" for key, value in zip(arguments[::2], arguments[1::2], strict=True))
    return E(f"CAST(json_object({pairs}) AS JSON)", SUPER)


def _is(*kinds: str) -> object:
    listed = ", ".join(text(kind) for kind in kinds)

    def build(x: Expressions, arguments: list[E]) -> E:
        return E(f"coalesce(json_type({arguments[0].sql}) IN ({listed}), FALSE)", BOOL)

    return build


def _f(name: str, takes: str, result: object, sql: object, page: str, how: str = "rewritten") -> Function:
    return Function(name, takes, result, sql, page, how)  # type: ignore[arg-type]


_INTEGERS = ("BIGINT", "UBIGINT")
JSON = [
    _f("json_extract_path_text", "any any any*", TEXT, _path_text, "JSON_EXTRACT_PATH_TEXT", "implemented"),
    _f("json_extract_array_element_text", "text int bool?", TEXT, _element, "JSON_EXTRACT_ARRAY_ELEMENT_TEXT",
       "implemented"),
    _f("json_array_length", "text bool?", INT4, _length, "JSON_ARRAY_LENGTH", "implemented"),
    _f("is_valid_json", "text", BOOL, "rs_json_valid({0}, 'object')", "IS_VALID_JSON", "implemented"),
    _f("is_valid_json_array", "text", BOOL, "rs_json_valid({0}, 'array')", "IS_VALID_JSON_ARRAY", "implemented"),
    _f("json_parse", "text", SUPER, "rs_json_parse({0})", "JSON_PARSE"),
    _f("can_json_parse", "text", BOOL, "json_valid({0})", "CAN_JSON_PARSE"),
    _f("json_serialize", "super", TEXT, "CAST({0} AS VARCHAR)", "JSON_SERIALIZE"),
    _f("json_typeof", "super", TEXT, "rs_json_type({0})", "r_json_typeof"),
    _f("get_array_length", "super", INT4,
       "(CASE WHEN json_type({0}) = 'ARRAY' THEN CAST(json_array_length({0}) AS INTEGER) END)", "get_array_length"),
    _f("array", "any*", SUPER, _array, "r_array"),
    _f("object", "any*", SUPER, _object, "r_object_function"),
    _f("array_concat", "super super", SUPER, "rs_array_concat({0}, {1})", "r_array_concat"),
    _f("array_flatten", "super", SUPER, "rs_array_flatten({0})", "array_flatten"),
    _f("subarray", "super int int", SUPER, "rs_subarray({0}, {1}, {2})", "r_subarray"),
    _f("split_to_array", "text text", SUPER, "CAST(to_json(string_split({0}, {1})) AS JSON)", "split_to_array"),
    _f("is_array", "super", BOOL, _is("ARRAY"), "r_is_array"),
    _f("is_object", "super", BOOL, _is("OBJECT"), "r_is_object"),
    _f("is_scalar", "super", BOOL, _is("VARCHAR", "BIGINT", "UBIGINT", "DOUBLE", "BOOLEAN"), "r_is_scalar"),
    _f("is_varchar", "super", BOOL, _is("VARCHAR"), "r_is_varchar"),
    _f("is_boolean", "super", BOOL, _is("BOOLEAN"), "r_is_boolean"),
    _f("is_bigint", "super", BOOL, _is(*_INTEGERS), "r_is_bigint"),
    _f("is_integer", "super", BOOL, _is(*_INTEGERS), "r_is_integer"),
]  # fmt: skip
