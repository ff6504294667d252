"""A Parquet file's columns in the catalog's types."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from local.crawler.table import Column, Format

_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_FORMAT = Format("parquet", _INPUT, _OUTPUT, _SERDE, {"serialization.format": "1"}, {"classification": "parquet"})
_TYPES = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_int8, "tinyint"),
    (pa.types.is_int16, "smallint"),
    (pa.types.is_int32, "int"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_float32, "float"),
    (pa.types.is_floating, "double"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_string, "string"),
    (pa.types.is_large_string, "string"),
    (pa.types.is_binary, "binary"),
)


def parquet_schema(file: BinaryIO) -> tuple[list[Column], Format] | None:
    """Read the schema from a file's footer; None when it is no Parquet file."""
    try:
        schema = pq.read_schema(file)
    except pa.ArrowInvalid:
        return None
    return [Column(field.name.lower(), catalog_type(field.type)) for field in schema], _FORMAT


def catalog_type(arrow: pa.DataType) -> str:
    """Give the catalog's name of a type."""
    if pa.types.is_decimal(arrow):
        return f"decimal({arrow.precision},{arrow.scale})"
    if pa.types.is_list(arrow):
        return f"array<{catalog_type(arrow.value_type)}>"
    if pa.types.is_struct(arrow):
        return f"struct<{','.join(f'{field.name}:{catalog_type(field.type)}' for field in arrow)}>"
    for is_such, name in _TYPES:
        if is_such(arrow):
            return name
    return "string"
