"""Runs a translated query in a DuckDB of its own, which sees the fetched files and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from local.athena.accept import accepted
from local.athena.catalog import Catalog, Partition, Table
from local.athena.errors import QueryError, unsupported
from local.athena.kinds import Kind
from local.athena.rewrite import MACROS
from local.athena.scan import Fetched, Reader
from local.athena.translate import Source, relation, translate

MEMORY = "1GB"
THREADS = 2
Row = tuple[Any, ...]


class Run:
    """One query. :meth:`stop` may be called from another thread."""

    def __init__(self, glue: Any, s3: Any, limit: int | None) -> None:
        self._catalog, self._s3, self._limit = Catalog(glue), s3, limit
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._stopped = False
        self.scanned = 0

    def stop(self) -> None:
        """End the query as soon as it can be."""
        self._stopped = True
        if self._connection is not None:
            self._connection.interrupt()

    def rows(self, text: str, database: str) -> tuple[list[tuple[str, Kind]], list[Row]]:
        """Columns and rows. Raises QueryError."""
        found = translate(accepted(text), database, self._catalog.table)
        with tempfile.TemporaryDirectory(prefix="athena-") as folder:
            reader = Reader(self._s3, Path(folder), self._limit)
            try:
                relations = [(source, self._fetch(reader, source)) for source in found.sources]
            finally:
                self.scanned = reader.scanned
            self._connection = duckdb.connect(":memory:")
            with self._connection as connection:
                try:
                    return found.columns, self._answer(connection, folder, relations, found.sql)
                except duckdb.Error as error:
                    raise _explained(error) from error

    def _answer(self, connection: Any, folder: str, relations: Any, sql: str) -> list[Row]:
        connection.execute(f"SET threads = {THREADS}; SET memory_limit = '{MEMORY}'; SET TimeZone = 'UTC'")
        connection.execute(f"SET temp_directory = '{folder}'; SET allowed_directories = ['{folder}']")
        connection.execute("SET enable_external_access = false; SET python_enable_replacements = false")
        connection.execute("SET lock_configuration = true")
        for macro in MACROS:
            connection.execute(macro)
        for source, files in relations:
            connection.execute(f'CREATE VIEW "{relation(source.table)}" AS {_select(source, files)}')
        if self._stopped:
            raise QueryError("USER_CANCELED", "Query was canceled")
        answer: list[Row] = connection.execute(sql).fetchall()
        return answer

    def _fetch(self, reader: Reader, source: Source) -> list[Fetched]:
        partitions = _needed(source, self._catalog.partitions(source.table))
        return [file for partition in partitions for file in reader.fetch(source.table, partition, source.columns)]


def _needed(source: Source, partitions: list[Partition]) -> list[Partition]:
    """Those that some mention of the table may have rows in."""
    if not source.conditions or not all(source.conditions):
        return partitions
    keys = list(source.table.keys)
    either = " OR ".join(f"({' AND '.join(terms)})" for terms in source.conditions)
    kept = []
    with duckdb.connect(":memory:") as connection:
        for partition in partitions:
            values = ", ".join(
                f"CAST({_text(value)} AS {source.table.kind(key).duckdb}) AS {_name(key)}"
                for key, value in zip(keys, partition.values, strict=True)
            )
            aliases = sorted({term.split('"')[1] for terms in source.conditions for term in terms})
            joined = " CROSS JOIN ".join(f"(SELECT {values}) AS {_name(alias)}" for alias in aliases)
            [(holds,)] = connection.execute(f"SELECT {either} FROM {joined}").fetchall()
            if holds is not False and holds is not None:
                kept.append(partition)
    return kept


def _select(source: Source, files: Sequence[Fetched]) -> str:
    """The table's columns that are read, each as the catalog types it."""
    table = source.table
    names = sorted(source.columns) or sorted(table.columns)[:1]
    parts = []
    for partition in dict.fromkeys(file.partition for file in files):
        paths = [str(file.path) for file in files if file.partition == partition]
        keys = dict(zip(table.keys, partition.values, strict=True))
        values = {name: _text(keys[name]) if name in keys else _read(table, name) for name in names}
        shown = ", ".join(f"CAST({value} AS {_type(table, name)}) AS {_name(name)}" for name, value in values.items())
        parts.append(f"SELECT {shown} FROM {_files(table, paths)}")
    if not parts:
        empty = ", ".join(f"CAST(NULL AS {_type(table, name)}) AS {_name(name)}" for name in names)
        return f"SELECT {empty} WHERE false"
    return " UNION ALL ".join(parts)


def _type(table: Table, name: str) -> str:
    """Athena's timestamps have milliseconds."""
    kind = table.kind(name)
    return "TIMESTAMP_MS" if kind.name == "timestamp" else kind.duckdb


def _read(table: Table, name: str) -> str:
    """A value that is not of the column's type is NULL in a text file, as LazySimpleSerDe has it."""
    if table.format != "text":
        return _name(name)
    raw = f"NULLIF({_name(name)}, '\\N')"
    return raw if table.kind(name).name == "varchar" else f"TRY_CAST({raw} AS {table.kind(name).duckdb})"


def _files(table: Table, paths: list[str]) -> str:
    several = "[" + ", ".join(map(_text, paths)) + "]"
    if table.format == "parquet":
        missing = _missing(table, paths)
        reader = f"read_parquet({several}, union_by_name = true, hive_partitioning = false)"
        return f"(SELECT *{missing} FROM {reader})" if missing else reader
    columns = "{" + ", ".join(f"{_text(name)}: 'VARCHAR'" for name in table.columns) + "}"
    if table.format == "json":
        return f"read_json({several}, columns = {columns}, format = 'newline_delimited', hive_partitioning = false)"
    if table.format == "text":
        delimiter = table.serde.get("field.delim", "\x01")
        skip = int(table.parameters.get("skip.header.line.count", "0") or 0)
        return (
            f"read_csv({several}, columns = {columns}, auto_detect = false, header = false, skip = {skip}, "
            f"delim = {_text(delimiter)}, quote = '', escape = '', null_padding = true, strict_mode = false, "
            "nullstr = '\\N', hive_partitioning = false)"
        )
    raise unsupported(f"Format {table.format}")


def _missing(table: Table, paths: list[str]) -> str:
    """Columns of the catalog that no file has: NULL."""
    import pyarrow.parquet as pq

    there = {name.lower() for path in paths for name in pq.read_schema(path).names}
    return "".join(f", NULL AS {_name(name)}" for name in table.columns if name not in there)


def _explained(error: duckdb.Error) -> QueryError:
    said = str(error).splitlines()[0]
    for code in ("DIVISION_BY_ZERO",):
        if code in said:
            return QueryError(code, said.partition(f"{code}: ")[2])
    if isinstance(error, duckdb.InterruptException):
        return QueryError("USER_CANCELED", "Query was canceled")
    if isinstance(error, (duckdb.ConversionException, duckdb.OutOfRangeException)):
        return QueryError("INVALID_CAST_ARGUMENT", said)
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError("EXCEEDED_LOCAL_MEMORY_LIMIT", said)
    return QueryError("GENERIC_USER_ERROR", said)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
