"""What Redshift's catalog knows: declared column types, system tables, and the lists of the Data API."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from local.redshift.ddl import Column
from local.redshift.errors import SqlError
from local.redshift.types import ColumnType, parse_type

HIDDEN_SCHEMAS = ("main",)
_META = "CASE WHEN c.comment IS NULL THEN NULL ELSE c.comment::JSON END"

# FROM_BASE is what sqlglot makes of Redshift's STRTOL.
SYSTEM = f"""
CREATE SCHEMA IF NOT EXISTS public;
CREATE TABLE IF NOT EXISTS main._committed (statement_id VARCHAR, committed_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS main._load_error (userid INTEGER, slice INTEGER, tbl INTEGER, starttime TIMESTAMP,
  session INTEGER, query BIGINT, filename VARCHAR, line_number BIGINT, colname VARCHAR, type VARCHAR,
  col_length VARCHAR, position INTEGER, raw_line VARCHAR, raw_field_value VARCHAR, err_code INTEGER,
  err_reason VARCHAR, database_name VARCHAR, table_name VARCHAR);
CREATE OR REPLACE VIEW main.stl_load_errors AS SELECT * EXCLUDE (database_name, table_name) FROM main._load_error;
CREATE OR REPLACE VIEW main.sys_load_error_detail AS SELECT userid AS user_id, query AS query_id,
  query AS transaction_id, session AS session_id, database_name, tbl AS table_id, table_name, starttime AS start_time,
  filename AS file_name, line_number, colname AS column_name, type AS column_type, col_length AS column_length,
  position, err_code AS error_code, err_reason AS error_message FROM main._load_error;
CREATE OR REPLACE VIEW main.pg_table_def AS SELECT c.schema_name AS schemaname, c.table_name AS tablename,
  c.column_name AS "column", COALESCE({_META}->>'type', lower(c.data_type)) AS type,
  COALESCE({_META}->>'encoding', 'none') AS encoding, COALESCE(CAST({_META}->>'distkey' AS BOOLEAN), false) AS distkey,
  COALESCE(CAST({_META}->>'sortkey' AS INTEGER), 0) AS sortkey, NOT c.is_nullable AS "notnull"
  FROM duckdb_columns() c WHERE NOT c.internal AND c.schema_name <> 'main' AND c.database_name = current_database();
CREATE OR REPLACE VIEW main.svv_tables AS SELECT t.table_catalog, t.table_schema, t.table_name, t.table_type,
  r.remarks FROM information_schema.tables t LEFT JOIN main._comment r ON r.schema_name = t.table_schema
  AND r.relation = t.table_name AND r.column_name IS NULL
  WHERE t.table_schema <> 'main' AND t.table_catalog = current_database();
CREATE OR REPLACE VIEW main.svv_columns AS SELECT c.table_catalog, c.table_schema, c.table_name, c.column_name,
  c.ordinal_position, c.is_nullable, lower(c.data_type) AS data_type, r.remarks FROM information_schema.columns c
  LEFT JOIN main._comment r ON r.schema_name = c.table_schema AND r.relation = c.table_name
  AND r.column_name = c.column_name WHERE c.table_schema <> 'main' AND c.table_catalog = current_database();
CREATE OR REPLACE MACRO main.from_base(digits, base) AS CASE WHEN base = 16 THEN ('0x' || digits)::BIGINT
  ELSE error('STRTOL of a base other than 16 is not supported by this server') END;
CREATE OR REPLACE MACRO main.rs_cut(s, n) AS CASE WHEN strlen(s) <= n THEN s
  ELSE left(s, len(list_filter(range(1, n + 1), lambda i: strlen(left(s, i)) <= n))::BIGINT) END;
"""  # noqa: S608  a constant


@dataclass(frozen=True)
class TableColumn:
    """A column of an existing table. `default` is DuckDB SQL."""

    name: str
    type: ColumnType
    not_null: bool
    default: str | None


def find_table(connection: Any, table: str, schema: str | None) -> tuple[str, str] | None:
    """(database, schema) of a table as an unqualified or qualified name finds it; temporary tables come first."""
    rows = connection.execute(
        "SELECT database_name, schema_name FROM duckdb_tables() WHERE table_name = ?"
        " AND (database_name = 'temp' OR database_name = current_database())"
        " AND (schema_name = ? OR (? IS NULL AND (database_name = 'temp' OR schema_name = 'public')))"
        " ORDER BY database_name <> 'temp'",
        [table, schema, schema],
    ).fetchall()
    return (rows[0][0], rows[0][1]) if rows else None


def table_columns(connection: Any, table: str, schema: str | None) -> list[TableColumn]:
    """The columns of a table in order. Raises SqlError when there is no such table."""
    place = find_table(connection, table, schema)
    if not place:
        if schema and not schema_exists(connection, schema):
            raise SqlError(f'schema "{schema}" does not exist')
        raise SqlError(f'relation "{f"{schema}." if schema else ""}{table}" does not exist')
    rows = connection.execute(
        "SELECT column_name, comment, data_type, is_nullable, column_default FROM duckdb_columns()"
        " WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [*place, table],
    ).fetchall()
    return [TableColumn(n, _declared(comment, kind), not nullable, d) for n, comment, kind, nullable, d in rows]


def _declared(comment: str | None, duckdb_type: str) -> ColumnType:
    if comment:
        return parse_type(json.loads(comment)["type"])
    if duckdb_type in ("VARCHAR", "JSON"):
        return parse_type("VARCHAR(65535)")
    if duckdb_type == "HUGEINT":
        return ColumnType("bigint", "HUGEINT")
    return parse_type(duckdb_type)


def like_columns(connection: Any, like: str, with_defaults: bool) -> list[Column]:
    """The columns CREATE TABLE (LIKE x) makes: types and NOT NULL, defaults only with INCLUDING DEFAULTS."""
    schema, _, table = like.rpartition(".")
    return [
        Column(c.name, c.type, c.default if with_defaults else None, c.not_null)
        for c in table_columns(connection, table, schema or None)
    ]


def relation_exists(connection: Any, name: str, schema: str) -> bool:
    """Whether there is a table or view of the name."""
    query = (
        "SELECT 1 FROM information_schema.tables"
        " WHERE table_catalog = current_database() AND table_schema = ? AND table_name = ?"
    )
    return connection.execute(query, [schema, name]).fetchone() is not None


def schema_exists(connection: Any, schema: str) -> bool:
    query = "SELECT 1 FROM duckdb_schemas() WHERE schema_name = ? AND database_name = current_database()"
    return connection.execute(query, [schema]).fetchone() is not None


def list_schemas(connection: Any, pattern: str) -> list[str]:
    rows = connection.execute(
        "SELECT DISTINCT schema_name FROM duckdb_schemas() WHERE database_name IN (current_database(), 'system')"
        " AND schema_name NOT IN ('main') AND schema_name LIKE ? ESCAPE '\\' ORDER BY 1",
        [pattern],
    ).fetchall()
    return [row[0] for row in rows]


def list_tables(connection: Any, schema_pattern: str, table_pattern: str) -> list[dict[str, str]]:
    rows = connection.execute(
        "SELECT table_name, table_type, table_schema FROM information_schema.tables"
        " WHERE table_catalog = current_database() AND table_schema NOT IN ('main')"
        " AND table_schema LIKE ? ESCAPE '\\' AND table_name LIKE ? ESCAPE '\\' ORDER BY 3, 1",
        [schema_pattern, table_pattern],
    ).fetchall()
    return [{"name": n, "type": "VIEW" if t == "VIEW" else "TABLE", "schema": s} for n, t, s in rows]


def describe_columns(connection: Any, table: str, schema: str) -> list[dict[str, Any]]:
    """ColumnMetadata of a table's columns, as DescribeTable gives it."""
    names = {"character varying": "varchar", "character": "char", "double precision": "float8", "real": "float4"}
    names |= {"integer": "int4", "smallint": "int2", "bigint": "int8", "boolean": "bool"}
    described = []
    for column in table_columns(connection, table, schema):
        kind = column.type
        described.append(
            {
                "name": column.name,
                "label": column.name,
                "typeName": names.get(
                    kind.name, re.sub(r" with(out)? time zone", lambda m: "" if m[1] else "tz", kind.name)
                ),
                "length": kind.length or kind.precision,
                "precision": kind.length or kind.precision,
                "scale": kind.scale,
                "nullable": 0 if column.not_null else 1,
                "isCaseSensitive": kind.is_text,
                "isCurrency": False,
                "isSigned": kind.name in ("smallint", "integer", "bigint", "real", "double precision", "numeric"),
                "schemaName": schema,
                "tableName": table,
                **({"columnDefault": column.default} if column.default else {}),
            }
        )
    return described
