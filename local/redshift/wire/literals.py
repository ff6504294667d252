"""Parameters of a statement as SQL literals: typed where the client said of what type they are."""

from __future__ import annotations

import struct

from sqlglot import exp

from local.redshift.errors import SqlError
from local.redshift.wire.codec import NAMES, decode

_INTEGERS = {"int2": "smallint", "int4": "integer", "int8": "bigint", "oid": "bigint"}
_AS_NUMBER = ("int2", "int4", "int8", "oid", "numeric")
_CASTS = {"float4": "real", "float8": "double precision", "date": "date", "time": "time", "timestamp": "timestamp"}
_CASTS |= {"timestamptz": "timestamptz", "bool": "boolean"}


def value(data: bytes | None, oid: int, code: int) -> exp.Expression:
    """A parameter as it came in Bind: without a type it is text that its place gives a type to. Raises SqlError."""
    kind = NAMES.get(oid, "")
    if data is None:
        return _null(kind)
    text = decode(data, oid, code)
    if kind in _AS_NUMBER:
        try:
            struct.pack("!d", float(text))
        except (ValueError, OverflowError) as error:
            raise SqlError(f'invalid input syntax for type {kind}: "{text}"') from error
        plain = text.strip()
        if not plain.lstrip("+-").replace(".", "", 1).isdigit():
            return exp.cast(exp.Literal.string(plain), "double precision", dialect="redshift")
        number: exp.Expression = exp.Literal.number(plain.lstrip("+-"))
        number = exp.Paren(this=exp.Neg(this=number)) if plain.startswith("-") else number
        return exp.cast(number, _INTEGERS[kind], dialect="redshift") if kind in _INTEGERS else number
    literal = exp.Literal.string(text)
    return exp.cast(literal, _CASTS[kind], dialect="redshift") if kind in _CASTS else literal


def _null(kind: str) -> exp.Expression:
    types = _CASTS | _INTEGERS | {"numeric": "numeric(38,10)"}
    return exp.cast(exp.Null(), types[kind], dialect="redshift") if kind in types else exp.Null()


def nulls(oids: list[int]) -> list[exp.Expression]:
    """A NULL of each type: what a statement is described with before its parameters are known."""
    return [_null(NAMES.get(oid, "")) for oid in oids]
