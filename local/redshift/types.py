"""Redshift's column types: how they are declared, stored in DuckDB, checked, and named in results."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.errors import NotSupported, SqlError

# Redshift data type and its aliases -> (canonical name, DuckDB type). https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
_PLAIN = {
    "SMALLINT": ("smallint", "SMALLINT"),
    "INT2": ("smallint", "SMALLINT"),
    "INT": ("integer", "INTEGER"),
    "INTEGER": ("integer", "INTEGER"),
    "INT4": ("integer", "INTEGER"),
    "BIGINT": ("bigint", "BIGINT"),
    "INT8": ("bigint", "BIGINT"),
    "REAL": ("real", "FLOAT"),
    "FLOAT4": ("real", "FLOAT"),
    "FLOAT": ("double precision", "DOUBLE"),
    "FLOAT8": ("double precision", "DOUBLE"),
    "DOUBLE": ("double precision", "DOUBLE"),
    "DOUBLE PRECISION": ("double precision", "DOUBLE"),
    "BOOLEAN": ("boolean", "BOOLEAN"),
    "BOOL": ("boolean", "BOOLEAN"),
    "DATE": ("date", "DATE"),
    "TIME": ("time without time zone", "TIME"),
    "TIMESTAMP": ("timestamp without time zone", "TIMESTAMP"),
    "TIMESTAMPTZ": ("timestamp with time zone", "TIMESTAMP WITH TIME ZONE"),
    "SUPER": ("super", "JSON"),
}
_VARCHAR = {"VARCHAR", "NVARCHAR", "TEXT", "CHARACTER VARYING"}
_CHAR = {"CHAR", "NCHAR", "BPCHAR", "CHARACTER"}
_DECIMAL = {"DECIMAL", "NUMERIC"}
_DEFAULT_VARCHAR, _MAX_VARCHAR, _MAX_CHAR = 256, 65535, 4096


@dataclass(frozen=True)
class ColumnType:
    """A column's declared type. `length` is bytes, for text; `precision` and `scale` are for decimals."""

    name: str
    duckdb: str
    length: int = 0
    precision: int = 0
    scale: int = 0

    @property
    def is_text(self) -> bool:
        return self.name in ("character varying", "character")

    def __str__(self) -> str:
        if self.is_text:
            return f"{self.name}({self.length})"
        if self.name == "numeric":
            return f"numeric({self.precision},{self.scale})"
        return self.name

    def check(self, quoted_column: str) -> str:
        """The CHECK that makes DuckDB, whose VARCHAR has no length, refuse what Redshift refuses."""
        if self.name == "character varying":
            return f"CHECK (strlen({quoted_column}) <= {self.length})"
        if self.name == "character":
            return f"CHECK (strlen(rtrim({quoted_column})) <= {self.length})"
        return ""


def parse_type(text: str) -> ColumnType:
    """A type as written in DDL, or as `str(ColumnType)`. Raises SqlError for types this server doesn't have."""
    match = re.fullmatch(r"\s*([A-Za-z][A-Za-z0-9 ]*?)\s*(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?\s*", text)
    if not match:
        raise NotSupported(f'type "{text}"')
    name, first, second = match[1].upper(), match[2], match[3]
    name = re.sub(r" WITHOUT TIME ZONE$", "", name)
    if name == "TIMESTAMP WITH TIME ZONE":
        name = "TIMESTAMPTZ"
    if name in _VARCHAR or name in _CHAR:
        is_char = name in _CHAR
        limit = _MAX_CHAR if is_char else _MAX_VARCHAR
        length = int(first) if first and first.isdigit() else limit
        if not first:
            length = 1 if is_char and name != "BPCHAR" else _DEFAULT_VARCHAR
        if not 1 <= length <= limit:
            raise SqlError(f"length for type {name.lower()} must be between 1 and {limit}")
        return ColumnType("character" if is_char else "character varying", "VARCHAR", length=length)
    if name in _DECIMAL:
        precision, scale = int(first or 18), int(second or 0)
        if not 1 <= precision <= 38 or scale > precision:
            raise SqlError(f"NUMERIC precision {precision} must be between 1 and 38, scale at most the precision")
        return ColumnType("numeric", f"DECIMAL({precision},{scale})", precision=precision, scale=scale)
    if name in _PLAIN and not first:
        return ColumnType(*_PLAIN[name])
    raise NotSupported(f'type "{text.lower()}"')


# DuckDB result type -> (typeName in ColumnMetadata, length in bytes). Names are pg_type's, as the Data API gives them.
_RESULT = {
    "BOOLEAN": ("bool", 1),
    "TINYINT": ("int2", 2),
    "SMALLINT": ("int2", 2),
    "INTEGER": ("int4", 4),
    "BIGINT": ("int8", 8),
    "HUGEINT": ("int8", 8),
    "UBIGINT": ("int8", 8),
    "FLOAT": ("float4", 4),
    "DOUBLE": ("float8", 8),
    "DATE": ("date", 4),
    "TIME": ("time", 8),
    "TIMESTAMP": ("timestamp", 8),
    "TIMESTAMP WITH TIME ZONE": ("timestamptz", 8),
    "VARCHAR": ("varchar", 0),
    "JSON": ("super", 0),
    '"NULL"': ("varchar", 0),
    "BLOB": ("varbyte", 0),
    "INTERVAL": ("interval", 16),
}


def column_metadata(name: str, duckdb_type: str) -> dict[str, object]:
    """ColumnMetadata of a result column. Raises SqlError for a type Redshift doesn't return."""
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", duckdb_type)
    if decimal:
        type_name, length, precision, scale = "numeric", 0, int(decimal[1]), int(decimal[2])
    elif duckdb_type in _RESULT:
        (type_name, length), scale = _RESULT[duckdb_type], 0
        precision = {"int2": 5, "int4": 10, "int8": 19, "float4": 8, "float8": 17}.get(type_name, length)
    else:
        raise SqlError(f'column "{name}" has type {duckdb_type}, which is not supported by this server')
    return {
        "isCaseSensitive": type_name == "varchar",
        "isCurrency": False,
        "isSigned": type_name in ("int2", "int4", "int8", "float4", "float8", "numeric"),
        "label": name,
        "length": length,
        "name": name,
        "nullable": 1,
        "precision": precision,
        "scale": scale,
        "schemaName": "",
        "tableName": "",
        "typeName": type_name,
    }
