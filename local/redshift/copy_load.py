"""COPY: reads the files, converts all rows at once in DuckDB, keeps the good ones and explains the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pyarrow as pa

from local.redshift.catalog import TableColumn, table_columns
from local.redshift.copy_convert import cleaned, converted, literal, reason
from local.redshift.copy_json import auto_paths, lower_keys, read_jsonpaths
from local.redshift.copy_parquet import load_parquet
from local.redshift.copy_parse import CopyCommand
from local.redshift.copy_records import Chunk, delimited, json_lines, json_values
from local.redshift.copy_source import ObjectAccess, ObjectReader, blocks, files, read_small
from local.redshift.errors import SqlError

_REASONS = {
    1202: "Extra column(s) found",
    1214: "Delimiter not found",
    1216: "Invalid input line",
    1220: "String contains invalid or unsupported UTF8 codepoints",
}


@dataclass(frozen=True)
class LoadError:
    """A row of stl_load_errors."""

    query: int
    table: str
    database: str
    filename: str
    line_number: int
    column: str
    type: str
    length: str
    raw_line: str
    raw_field: str
    code: int
    reason: str


@dataclass
class Outcome:
    """`failed` is the error message when the load must be rolled back, else empty."""

    rows: int = 0
    errors: list[LoadError] = field(default_factory=list)
    failed: str = ""
    files: list[str] = field(default_factory=list)


@dataclass
class _Target:
    name: str
    columns: list[TableColumn]

    @property
    def column_list(self) -> str:
        return ", ".join(f'"{column.name}"' for column in self.columns)


def load(connection: Any, command: CopyCommand, objects: ObjectAccess, query_id: int, database: str) -> Outcome:
    """Run a COPY inside the caller's transaction. Raises SqlError when it can't be run at all."""
    reader = objects.reader(command.role or "", command.region)
    target = _target(connection, command)
    if command.format == "parquet":
        loaded = Outcome()
        for address, stream in files(reader, command):
            loaded.files.append(address)
            with stream:
                loaded.rows += load_parquet(connection, target.name, target.columns, stream, address)
        return loaded
    paths = _json_paths(reader, command, target) if command.format == "json" else []
    outcome = Outcome()
    for address, stream in files(reader, command):
        outcome.files.append(address)
        with stream:
            for chunk in _chunks(connection, blocks(stream, command.compression, address), command, target):
                _load_chunk(connection, command, target, paths, chunk, address, outcome, query_id, database)
                # "If the load returns the error_count number of errors or greater, the load fails"
                if outcome.errors and len(outcome.errors) >= command.max_error:
                    outcome.failed = (
                        f"Load into table '{command.table}' failed. "
                        "Check 'sys_load_error_detail' system table for details."
                    )
                    return outcome
    return outcome


def _target(connection: Any, command: CopyCommand) -> _Target:
    columns = table_columns(connection, command.table, command.schema)
    name = f'"{command.schema}"."{command.table}"' if command.schema else f'"{command.table}"'
    if command.columns is None:
        return _Target(name, columns)
    by_name = {column.name: column for column in columns}
    for wanted in command.columns:
        if wanted not in by_name:
            raise SqlError(f'column "{wanted}" of relation "{command.table}" does not exist')
    if len(set(command.columns)) != len(command.columns):
        raise SqlError("a column is named twice in COPY's column list")
    return _Target(name, [by_name[wanted] for wanted in command.columns])


def _json_paths(reader: ObjectReader, command: CopyCommand, target: _Target) -> list[str]:
    if command.json.startswith("s3://"):
        return read_jsonpaths(read_small(reader, command.json, "jsonpaths"), len(target.columns))
    return auto_paths([column.name for column in target.columns])


def _chunks(connection: Any, data: Iterable[bytes], command: CopyCommand, target: _Target) -> Iterator[Chunk]:
    if command.format != "json":
        yield from delimited(data, command, len(target.columns))
        return
    source = json_lines(data, command.invalid_character)
    for chunk in source:
        if command.json == "auto ignorecase":
            chunk.raw = [lower_keys(record) for record in chunk.raw]
        if _all_json(connection, chunk):
            yield chunk
        else:
            # Not one value per line, or bad lines: look value by value from here on.
            yield from json_values(chain([chunk], source))


def _all_json(connection: Any, chunk: Chunk) -> bool:
    _register(connection, chunk)
    row = connection.execute("SELECT bool_and(code <> 0 OR json_valid(raw)) FROM rs_copy_records").fetchone()
    return bool(row[0])


def _register(connection: Any, chunk: Chunk) -> None:
    columns = {"line": pa.array(chunk.line, pa.int64()), "raw": pa.array(chunk.raw, pa.string())}
    columns["code"] = pa.array(chunk.code, pa.int32())
    columns |= {f"f{i}": pa.array(values, pa.string()) for i, values in enumerate(chunk.fields)}
    connection.register("rs_copy_records", pa.table(columns))


def _load_chunk(
    connection: Any,
    command: CopyCommand,
    target: _Target,
    paths: list[str],
    chunk: Chunk,
    address: str,
    outcome: Outcome,
    query_id: int,
    database: str,
) -> None:
    _register(connection, chunk)
    conversion = _conversion(command, target, paths)
    values = ", ".join(f"c{i}" for i in range(len(target.columns)))
    # Names are quoted identifiers of the catalog, all else is this module's.
    insert = f"INSERT INTO {target.name} ({target.column_list}) SELECT {values} FROM ({conversion}) WHERE ok"  # noqa: S608
    loaded = connection.execute(insert).fetchone()[0]
    outcome.rows += loaded
    if loaded < len(chunk.raw):
        room = max(1, command.max_error - len(outcome.errors))
        bad = connection.execute(f"SELECT * FROM ({conversion}) WHERE NOT ok ORDER BY line LIMIT {room}")  # noqa: S608
        names = [column[0] for column in bad.description]
        for row in bad.fetchall():
            found = dict(zip(names, row, strict=True))
            outcome.errors.append(_explain(found, target, address, query_id, command, database))
    connection.unregister("rs_copy_records")


def _conversion(command: CopyCommand, target: _Target, paths: list[str]) -> str:
    """SELECT line, raw, code, ok, x0.. (text of each field), c0.. (its typed value) FROM rs_copy_records."""
    count = range(len(target.columns))
    default_null = None if command.format == "json" else "\\N"
    if command.format == "json":
        shape = "('ARRAY', 'OBJECT')" if command.json.startswith("s3://") else "('OBJECT')"
        listed = ", ".join(literal(path) for path in paths)
        source = (
            "SELECT line, raw, CASE WHEN code <> 0 THEN code WHEN NOT json_valid(raw) THEN 1216"  # noqa: S608
            f" WHEN json_type(raw) NOT IN {shape} THEN 1216 ELSE 0 END AS code,"
            f" CASE WHEN code = 0 AND json_valid(raw) THEN json_extract_string(raw, [{listed}]) END AS v"
            " FROM rs_copy_records"
        )
        fields = [f"v[{i + 1}]" for i in count]
    else:
        source, fields = "SELECT * FROM rs_copy_records", [f"f{i}" for i in count]
    kinds = [column.type for column in target.columns]
    texts = ", ".join(f"{cleaned(fields[i], kinds[i], command, default_null)} AS x{i}" for i in count)
    values = ", ".join(f"{converted(f'x{i}', kinds[i], command)} AS c{i}" for i in count)
    good = ["code = 0"]
    good += [
        f"(c{i} IS NOT NULL)" if target.columns[i].not_null else f"(x{i} IS NULL OR c{i} IS NOT NULL)" for i in count
    ]
    # Materialised, since DuckDB otherwise pushes the filter down and takes each record apart once per column.
    return (
        f"WITH source AS ({source}), texts AS MATERIALIZED (SELECT line, raw, code, {texts} FROM source),"  # noqa: S608
        f" vals AS MATERIALIZED (SELECT *, {values} FROM texts) SELECT *, {' AND '.join(good)} AS ok FROM vals"
    )


def _explain(
    row: dict[str, Any], target: _Target, address: str, query_id: int, command: CopyCommand, database: str
) -> LoadError:
    column, text, code, why = "", "", int(row["code"]), ""
    kind = length = ""
    if code:
        why = _REASONS[code]
    else:
        for index, candidate in enumerate(target.columns):
            x, c = row[f"x{index}"], row[f"c{index}"]
            if c is None and (x is not None or candidate.not_null):
                code, why = reason(candidate, x)
                column, text, kind = candidate.name, x or "", candidate.type.name
                length = str(candidate.type.length or candidate.type.precision or 0)
                break
    return LoadError(
        query_id,
        command.table,
        database,
        address,
        row["line"],
        column,
        kind,
        length,
        row["raw"][:1024],
        text[:1024],
        code,
        why,
    )
