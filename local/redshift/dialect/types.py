"""Types of expressions as Redshift sees them, and the rules by which two of them become one."""

from __future__ import annotations

from dataclasses import dataclass

from local.redshift.types import ColumnType

MAX_PRECISION = 38


@dataclass(frozen=True)
class Type:
    """`kind` is pg_type's name of a type, "unknown" for a bare literal, "other" for one of the catalog's own.

    `size` is a text's length in bytes or a decimal's precision, and 1 for a column of integers that IDENTITY counts.
    """

    kind: str
    size: int = 0
    scale: int = 0

    def __str__(self) -> str:
        return _NAMES.get(self.kind, self.kind)

    @property
    def is_counted(self) -> bool:
        return self.is_integer and self.size == 1

    @property
    def is_text(self) -> bool:
        return self.kind in ("varchar", "char")

    @property
    def is_integer(self) -> bool:
        return self.kind in ("int2", "int4", "int8")

    @property
    def is_float(self) -> bool:
        return self.kind in ("float4", "float8")

    @property
    def is_number(self) -> bool:
        return self.is_integer or self.is_float or self.kind == "numeric"

    @property
    def is_time(self) -> bool:
        return self.kind in ("date", "timestamp", "timestamptz")

    @property
    def duckdb(self) -> str:
        if self.kind == "numeric":
            return f"DECIMAL({self.size},{self.scale})"
        return _DUCKDB[self.kind]


_NAMES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "char": "character",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
}
_DUCKDB = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "time": "TIME",
    "interval": "INTERVAL",
    "super": "JSON",
    "varbyte": "BLOB",
    "unknown": "VARCHAR",
    "null": "VARCHAR",
}
_FROM_COLUMN = {
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "real": "float4",
    "double precision": "float8",
    "boolean": "bool",
    "date": "date",
    "time without time zone": "time",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "super": "super",
    "binary varying": "varbyte",
}
_FROM_DUCKDB = {
    "BOOLEAN": "bool",
    "TINYINT": "int2",
    "UTINYINT": "int2",
    "SMALLINT": "int2",
    "INTEGER": "int4",
    "BIGINT": "int8",
    "UBIGINT": "int8",
    "UINTEGER": "int8",
    "FLOAT": "float4",
    "DOUBLE": "float8",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "INTERVAL": "interval",
    "JSON": "super",
    "BLOB": "varbyte",
}

BOOL, INT2, INT4, INT8 = Type("bool"), Type("int2"), Type("int4"), Type("int8")
FLOAT4, FLOAT8 = Type("float4"), Type("float8")
TEXT, DATE, TIMESTAMP, TIMESTAMPTZ = Type("varchar", 65535), Type("date"), Type("timestamp"), Type("timestamptz")
TIME, INTERVAL, SUPER, UNKNOWN, NULL, OTHER = (
    Type("time"),
    Type("interval"),
    Type("super"),
    Type("unknown"),
    Type("null"),
    Type("other"),
)


def varchar(size: int) -> Type:
    return Type("varchar", size)


def numeric(precision: int, scale: int) -> Type:
    """DECIMAL, within the 38 digits there are."""
    return Type("numeric", min(max(precision, 1), MAX_PRECISION), min(scale, MAX_PRECISION))


def of_column(declared: ColumnType) -> Type:
    """The type of a column as it was declared."""
    if declared.is_text:
        return Type("char" if declared.name == "character" else "varchar", declared.length)
    if declared.name == "numeric":
        return numeric(declared.precision, declared.scale)
    return Type(_FROM_COLUMN.get(declared.name, "other"))


def of_duckdb(name: str) -> Type:
    """The type of a column of a view or of the catalog, by DuckDB's name."""
    if name == "VARCHAR":
        return TEXT
    if name.startswith("DECIMAL("):
        precision, scale = name[8:-1].split(",")
        return numeric(int(precision), int(scale))
    if name == "HUGEINT":
        return numeric(38, 0)
    return Type(_FROM_DUCKDB.get(name, "other"))


def as_numeric(kind: Type) -> Type:
    """An integer as the DECIMAL that it is computed as."""
    digits = {"int2": 5, "int4": 10, "int8": 19}
    return numeric(digits[kind.kind], 0) if kind.kind in digits else kind


def computed(operator: str, left: Type, right: Type) -> Type:
    """The type of `left operator right` for two numbers.

    https://docs.aws.amazon.com/redshift/latest/dg/r_numeric_computations201.html
    """
    if left.is_float or right.is_float:
        return FLOAT4 if left.kind == right.kind == "float4" else FLOAT8
    if left.is_integer and right.is_integer:
        return Type(max(left.kind, right.kind))
    a, b = as_numeric(left), as_numeric(right)
    if operator in "+-":
        scale = max(a.scale, b.scale)
        return _fit(max(a.size - a.scale, b.size - b.scale) + 1 + scale, scale)
    if operator == "*":
        return _fit(a.size + b.size + 1, a.scale + b.scale)
    if operator == "/":
        scale = max(4, a.scale + b.size - b.scale + 1)
        return _fit(a.size - a.scale + b.scale + scale, scale)
    return numeric(max(a.size, b.size), max(a.scale, b.scale))  # %


def _fit(precision: int, scale: int) -> Type:
    return numeric(precision, scale)


def common(kinds: list[Type]) -> Type | None:
    """The type that a CASE, a COALESCE or a set operation of these gives; None when there is none."""
    known = [kind for kind in kinds if kind.kind not in ("unknown", "null")]
    if not known:
        return UNKNOWN if any(kind.kind == "unknown" for kind in kinds) else NULL
    found = known[0]
    for kind in known[1:]:
        joined = _join(found, kind)
        if joined is None:
            return None
        found = joined
    return found


def _join(a: Type, b: Type) -> Type | None:
    if a == b:
        return a
    if "other" in (a.kind, b.kind):
        return OTHER
    if a.is_text and b.is_text:
        kind = "char" if a.kind == b.kind == "char" else "varchar"
        return Type(kind, max(a.size, b.size))
    if a.is_number and b.is_number:
        if a.is_float or b.is_float:
            return FLOAT4 if a.kind == b.kind else FLOAT8
        if a.is_integer and b.is_integer:
            return Type(max(a.kind, b.kind))
        x, y = as_numeric(a), as_numeric(b)
        scale = max(x.scale, y.scale)
        return numeric(max(x.size - x.scale, y.size - y.scale) + scale, scale)
    if a.is_time and b.is_time:
        return max((a, b), key=lambda kind: ("date", "timestamp", "timestamptz").index(kind.kind))
    return None
