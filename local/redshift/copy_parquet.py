"""COPY ... FORMAT AS PARQUET: columns by position, types that must be compatible, no row is skipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from local.redshift.catalog import TableColumn
from local.redshift.errors import SqlError
from local.redshift.types import ColumnType

BATCH_ROWS = 50_000


def _compatible(kind: ColumnType, arrow: pa.DataType) -> bool:
    if kind.is_text:
        return pa.types.is_string(arrow) or pa.types.is_large_string(arrow) or pa.types.is_binary(arrow)
    if kind.name in ("smallint", "integer", "bigint"):
        return (
            pa.types.is_integer(arrow) and arrow.bit_width <= {"smallint": 16, "integer": 32, "bigint": 64}[kind.name]
        )
    if kind.name == "numeric":
        return pa.types.is_decimal(arrow) and arrow.scale <= kind.scale
    if kind.name in ("real", "double precision"):
        return pa.types.is_floating(arrow)
    if kind.name == "boolean":
        return pa.types.is_boolean(arrow)
    if kind.name == "date":
        return pa.types.is_date(arrow)
    return pa.types.is_timestamp(arrow) if kind.name.startswith("timestamp") else pa.types.is_time(arrow)


def load_parquet(connection: Any, table: str, columns: list[TableColumn], stream: BinaryIO, address: str) -> int:
    """Insert a file's rows. Raises SqlError when the file isn't Parquet or doesn't fit the table."""
    data = pa.BufferReader(stream.read())
    try:
        source = pq.ParquetFile(data)
    except (pa.ArrowException, OSError) as error:
        raise SqlError(f"Spectrum Scan Error: File '{address}' is not a Parquet file: {error}") from error
    schema = source.schema_arrow
    if len(schema) != len(columns):
        raise SqlError(
            "Unmatched number of columns between table and file. "
            f"Table columns: {len(columns)}, Data columns: {len(schema)}, File name: {address}"
        )
    for column, found in zip(columns, schema, strict=True):
        if not _compatible(column.type, found.type):
            raise SqlError(
                f"Spectrum Scan Error: File '{address}' has an incompatible Parquet schema for column "
                f"'{column.name}'. Column type: {column.type}, Parquet schema: {found.type}"
            )
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = ", ".join(f"CAST(p{i} AS {column.type.duckdb})" for i, column in enumerate(columns))
    rows = 0
    for batch in _batches(source, address):
        renamed = pa.Table.from_batches([batch]).rename_columns([f"p{i}" for i in range(len(columns))])
        connection.register("rs_copy_parquet", renamed)
        sql = f"INSERT INTO {table} ({names}) SELECT {values} FROM rs_copy_parquet"  # noqa: S608  names of the catalog
        rows += connection.execute(sql).fetchone()[0]
        connection.unregister("rs_copy_parquet")
    return rows


def _batches(source: pq.ParquetFile, address: str) -> Iterator[pa.RecordBatch]:
    """Its rows; a file may be damaged behind a whole footer."""
    try:
        yield from source.iter_batches(BATCH_ROWS)
    except (pa.ArrowException, OSError) as error:
        raise SqlError(f"Spectrum Scan Error: File '{address}' cannot be read: {error}") from error
