"""Values on the wire: type OIDs, and text and binary formats in both directions."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.redshift.errors import SqlError
from local.redshift.results import text
from local.redshift.types import column_metadata

TEXT, BINARY = 0, 1
# pg_type's OID and size by the type's name (a result column's typeName in the Data API).
OIDS = {
    "bool": (16, 1),
    "name": (19, 64),
    "int8": (20, 8),
    "int2": (21, 2),
    "int4": (23, 4),
    "text": (25, -1),
    "oid": (26, 4),
    "float4": (700, 4),
    "float8": (701, 8),
    "bpchar": (1042, -1),
    "varchar": (1043, -1),
    "date": (1082, 4),
    "time": (1083, 8),
    "timestamp": (1114, 8),
    "timestamptz": (1184, 8),
    "interval": (1186, 16),
    "timetz": (1266, 12),
    "numeric": (1700, -1),
    "super": (4000, -1),
    "varbyte": (6551, -1),
}
NAMES = {oid: name for name, (oid, _) in OIDS.items()} | {17: "varbyte", 705: "unknown", 18: "bpchar"}
_EPOCH_DAYS = dt.date(2000, 1, 1).toordinal()
_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001  TIMESTAMP has no zone
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Field:
    """A column of a result: its name, pg_type's name for its type, its OID, size and modifier."""

    name: str
    type: str
    oid: int
    size: int
    modifier: int = -1


def field_of(name: str, duckdb_type: str) -> Field:
    """A result column as Redshift describes it. Raises SqlError for a type that Redshift does not return."""
    # Arrays occur in the catalog only, and travel as text.
    metadata = column_metadata(name, "VARCHAR" if duckdb_type.endswith("[]") else duckdb_type)
    kind = str(metadata["typeName"])
    oid, size = OIDS.get(kind, OIDS["varchar"])
    modifier = -1
    if kind == "numeric":
        modifier = (int(str(metadata["precision"])) << 16 | int(str(metadata["scale"]))) + 4
    return Field(name, kind, oid, size, modifier)


def encoder(field: Field, code: int) -> Callable[[Any], bytes | None]:
    """The function that writes a value of the column. Raises SqlError for a binary format that isn't there."""
    if code == TEXT:
        return _text_or_null
    write = _BINARY.get(field.type)
    if write is None:
        raise SqlError(f'no binary output function available for type {field.type} of column "{field.name}"')

    def encode(value: Any) -> bytes | None:
        if value is None:
            return None
        try:
            return write(value)
        except (struct.error, TypeError, AttributeError, ArithmeticError) as error:
            raise SqlError(f"{field.type} out of range") from error

    return encode


def _text_or_null(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode()
    return as_text(value).encode()


def as_text(value: Any) -> str:
    """A value in PostgreSQL's text format."""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dt.timedelta):
        return _interval(value)
    if isinstance(value, list):
        return "{" + ",".join("NULL" if item is None else as_text(item) for item in value) + "}"
    return text(value)


def _float(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value).removesuffix(".0")


def _interval(value: dt.timedelta) -> str:
    sign, rest = ("-", -value) if value < dt.timedelta(0) else ("", value)
    seconds, clock = rest.seconds, ""
    if seconds or rest.microseconds or not rest.days:
        fraction = f".{rest.microseconds:06d}".rstrip("0") if rest.microseconds else ""
        clock = f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"
    days = f"{sign}{rest.days} day{'' if rest.days == 1 else 's'}" if rest.days else ""
    return " ".join(part for part in (days, clock) if part)


def _numeric(value: Any) -> bytes:
    """Base-10,000 digits, with weight, sign and display scale."""
    number = Decimal(value)
    if not number.is_finite():
        return struct.pack("!HhHH", 0, 0, 0xC000, 0)
    sign, digits, exponent = number.as_tuple()
    scale = max(0, -int(exponent))
    whole = "".join(map(str, digits)) + "0" * max(0, int(exponent))
    left, right = (whole[:-scale], whole[-scale:]) if scale else (whole, "")
    right = right.rjust(scale, "0")
    left = left.rjust(-(-len(left) // 4) * 4, "0")
    right = right.ljust(-(-len(right) // 4) * 4, "0")
    groups = [int((left + right)[i : i + 4]) for i in range(0, len(left) + len(right), 4)]
    weight = len(left) // 4 - 1
    while groups and groups[0] == 0:
        groups.pop(0)
        weight -= 1
    while groups and groups[-1] == 0:
        groups.pop()
    head = struct.pack("!HhHH", len(groups), weight if groups else 0, 0x4000 if sign and groups else 0, scale)
    return head + struct.pack(f"!{len(groups)}H", *groups)


def _read_numeric(data: bytes) -> str:
    count, weight, sign, scale = struct.unpack_from("!HhHH", data)
    if sign == 0xC000:
        return "NaN"
    groups = struct.unpack(f"!{count}H", data[8:])
    number = sum((Decimal(group).scaleb(4 * (weight - i)) for i, group in enumerate(groups)), Decimal(0))
    return f"{'-' if sign == 0x4000 else ''}{number:.{scale}f}"


def _timestamp(value: dt.datetime) -> bytes:
    moment = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    return struct.pack("!q", (moment - _EPOCH) // _MICROSECOND)


def _time(value: dt.time) -> bytes:
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return struct.pack("!q", seconds * 1_000_000 + value.microsecond)


def _span(value: dt.timedelta) -> bytes:
    return struct.pack("!qii", value.seconds * 1_000_000 + value.microseconds, value.days, 0)


def _packed(layout: str) -> Callable[[Any], bytes]:
    return struct.Struct(layout).pack


def _bytes_of(value: Any) -> bytes:
    return (value if isinstance(value, str) else as_text(value)).encode()


_BINARY: dict[str, Callable[[Any], bytes]] = {
    "bool": _packed("!?"),
    "int2": _packed("!h"),
    "int4": _packed("!i"),
    "int8": _packed("!q"),
    "oid": _packed("!I"),
    "float4": _packed("!f"),
    "float8": _packed("!d"),
    "numeric": _numeric,
    "date": lambda value: struct.pack("!i", value.toordinal() - _EPOCH_DAYS),
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamp,
    "interval": _span,
    "varbyte": bytes,
    "varchar": _bytes_of,
    "bpchar": _bytes_of,
    "text": _bytes_of,
    "name": _bytes_of,
}


def _read_timestamp(data: bytes) -> str:
    return (_EPOCH + dt.timedelta(microseconds=struct.unpack("!q", data)[0])).isoformat(" ")


def _read_time(data: bytes) -> str:
    return (_EPOCH + dt.timedelta(microseconds=struct.unpack("!q", data)[0])).time().isoformat()


def _read(layout: str) -> Callable[[bytes], str]:
    return lambda data: str(struct.unpack(layout, data)[0])


_READERS: dict[str, Callable[[bytes], str]] = {
    "bool": lambda data: "true" if struct.unpack("!?", data)[0] else "false",
    "int2": _read("!h"),
    "int4": _read("!i"),
    "int8": _read("!q"),
    "oid": _read("!I"),
    "float4": _read("!f"),
    "float8": lambda data: repr(struct.unpack("!d", data)[0]),
    "numeric": _read_numeric,
    "date": lambda data: dt.date.fromordinal(_EPOCH_DAYS + struct.unpack("!i", data)[0]).isoformat(),
    "time": _read_time,
    "timestamp": _read_timestamp,
    "timestamptz": lambda data: _read_timestamp(data) + "+00",
    "varbyte": lambda data: data.hex(),
}


def decode(data: bytes, oid: int, code: int) -> str:
    """A parameter's value as text. Raises SqlError for what is not a value of its type."""
    kind = NAMES.get(oid, "text")
    try:
        if code == BINARY and kind in _READERS:
            return _READERS[kind](data)
        if code == BINARY and oid not in (0, *NAMES):
            raise SqlError(f"no binary input function available for type with OID {oid}")
        value = data.decode()
    except (struct.error, ValueError, ArithmeticError) as error:
        raise SqlError("incorrect binary data format in bind parameter") from error
    if "\0" in value:
        raise SqlError('invalid byte sequence for encoding "UTF8": 0x00')
    return value
