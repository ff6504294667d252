"""What Redshift's catalog knows: declared column types, system tables, and the lists of the Data API."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from local.redshift.ddl import Column
from local.redshift.dialect.types import Type
from local.redshift.errors import SqlError
from local.redshift.types import ColumnType, parse_type

HIDDEN_SCHEMAS = ("main",)
_META = "CASE WHEN c.comment IS NULL THEN NULL ELSE c.comment::JSON END"

SYSTEM = f"""
CREATE SCHEMA IF NOT EXISTS public;
CREATE TABLE IF NOT EXISTS main._committed (statement_id VARCHAR, committed_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS main._load_error (userid INTEGER, slice INTEGER, tbl INTEGER, starttime TIMESTAMP,
  session INTEGER, query BIGINT, filename VARCHAR, line_number BIGINT, colname VARCHAR, type VARCHAR,
  col_length VARCHAR, position INTEGER, raw_line VARCHAR, raw_field_value VARCHAR, err_code INTEGER,
  err_reason VARCHAR, database_name VARCHAR, table_name VARCHAR);
CREATE TABLE IF NOT EXISTS main._load (query BIGINT, table_name VARCHAR, database_name VARCHAR, data_source VARCHAR,
  file_format VARCHAR, loaded_rows BIGINT, error_count BIGINT, started TIMESTAMP, ended TIMESTAMP, files VARCHAR[]);
CREATE OR REPLACE VIEW main.sys_load_history AS SELECT 100 AS user_id, query AS query_id, query AS transaction_id,
  database_name, 'completed' AS status, table_name, started AS start_time, ended AS end_time,
  CAST(date_diff('microsecond', started, ended) AS BIGINT) AS duration, data_source, file_format, loaded_rows,
  CAST(len(files) AS INTEGER) AS source_file_count, CAST(len(files) AS INTEGER) AS file_count_scanned, error_count,
  CAST(0 AS BIGINT) AS copy_job_id FROM main._load;
CREATE OR REPLACE VIEW main.sys_load_detail AS SELECT 100 AS user_id, query AS query_id, unnest(files) AS file_name,
  ended AS record_time, started AS start_time, ended AS end_time FROM main._load;
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
CREATE OR REPLACE VIEW main._column AS SELECT c.database_name AS table_catalog, c.schema_name AS table_schema,
  c.table_name, c.column_name, c.column_index AS ordinal_position, c.column_default,
  CASE WHEN c.is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable, COALESCE({_META}->>'type', CASE c.data_type
    WHEN 'VARCHAR' THEN 'character varying(65535)' WHEN 'DOUBLE' THEN 'double precision' WHEN 'FLOAT' THEN 'real'
    WHEN 'HUGEINT' THEN 'numeric(38,0)' WHEN 'TIMESTAMP' THEN 'timestamp without time zone' WHEN 'JSON' THEN 'super'
    WHEN 'TIME' THEN 'time without time zone'
    ELSE replace(lower(c.data_type), 'decimal', 'numeric') END) AS declared,
  COALESCE({_META}->>'encoding', 'none') AS encoding, COALESCE(CAST({_META}->>'distkey' AS BOOLEAN), false) AS distkey,
  COALESCE(CAST({_META}->>'sortkey' AS INTEGER), 0) AS sortkey
  FROM duckdb_columns() c WHERE NOT c.internal AND c.schema_name <> 'main' AND c.database_name = current_database();
CREATE OR REPLACE VIEW main.svv_tables AS SELECT t.table_catalog, t.table_schema, t.table_name, t.table_type,
  r.remarks FROM information_schema.tables t LEFT JOIN main._comment r ON r.schema_name = t.table_schema
  AND r.relation = t.table_name AND r.column_name IS NULL
  WHERE t.table_schema <> 'main' AND t.table_catalog = current_database();
CREATE OR REPLACE VIEW main.svv_columns AS SELECT c.table_catalog, c.table_schema, c.table_name, c.column_name,
  c.ordinal_position, c.column_default, c.is_nullable, regexp_replace(c.declared, '\\(.*', '') AS data_type,
  CASE WHEN c.declared LIKE 'character%' THEN CAST(regexp_extract(c.declared, '\\((\\d+)', 1) AS INTEGER)
    END AS character_maximum_length,
  CASE WHEN c.declared LIKE 'numeric%' THEN CAST(regexp_extract(c.declared, '\\((\\d+)', 1) AS INTEGER)
    WHEN c.declared = 'smallint' THEN 16 WHEN c.declared = 'integer' THEN 32 WHEN c.declared = 'bigint' THEN 64
    END AS numeric_precision,
  CASE WHEN c.declared LIKE 'numeric%' THEN CAST(regexp_extract(c.declared, ',(\\d+)', 1) AS INTEGER)
    WHEN c.declared IN ('smallint', 'integer', 'bigint') THEN 0 END AS numeric_scale, r.remarks
  FROM main._column c LEFT JOIN main._comment r ON r.schema_name = c.table_schema AND r.relation = c.table_name
  AND r.column_name = c.column_name;
CREATE OR REPLACE VIEW main.information_schema_columns AS SELECT * EXCLUDE (remarks) FROM main.svv_columns;
CREATE OR REPLACE VIEW main.information_schema_tables AS SELECT table_catalog, table_schema, table_name, table_type
  FROM main.svv_tables;
CREATE OR REPLACE VIEW main.svv_redshift_columns AS SELECT c.table_catalog AS database_name,
  c.table_schema AS schema_name, c.table_name, c.column_name, c.ordinal_position, c.declared AS data_type,
  c.column_default, c.is_nullable, c.encoding, c.distkey, c.sortkey, CAST(NULL AS VARCHAR) AS column_acl, r.remarks
  FROM main._column c LEFT JOIN main._comment r ON r.schema_name = c.table_schema AND r.relation = c.table_name
  AND r.column_name = c.column_name;
CREATE OR REPLACE VIEW main.svv_redshift_tables AS SELECT table_catalog AS database_name, table_schema AS schema_name,
  table_name, CASE table_type WHEN 'VIEW' THEN 'VIEW' ELSE 'TABLE' END AS table_type,
  CAST(NULL AS VARCHAR) AS table_acl, remarks FROM main.svv_tables;
CREATE OR REPLACE VIEW main.svv_redshift_schemas AS SELECT catalog_name AS database_name, schema_name,
  100 AS schema_owner, 'local' AS schema_type, CAST(NULL AS VARCHAR) AS schema_acl,
  CAST(NULL AS VARCHAR) AS schema_option FROM information_schema.schemata
  WHERE catalog_name = current_database() AND schema_name NOT IN ('main', 'information_schema', 'pg_catalog');
CREATE OR REPLACE VIEW main.svv_redshift_databases AS SELECT current_database() AS database_name,
  100 AS database_owner, 'local' AS database_type, CAST(NULL AS VARCHAR) AS database_acl,
  CAST(NULL AS VARCHAR) AS database_options, 'Snapshot Isolation' AS database_isolation_level;
CREATE OR REPLACE VIEW main.svv_table_info AS SELECT t.database_name AS "database", t.schema_name AS "schema",
  CAST(t.table_oid AS INTEGER) AS table_id, t.table_name AS "table", 'Y' AS encoded,
  COALESCE((SELECT 'KEY(' || c.column_name || ')' FROM main._column c WHERE c.table_schema = t.schema_name
    AND c.table_name = t.table_name AND c.distkey), 'AUTO(ALL)') AS diststyle,
  (SELECT c.column_name FROM main._column c WHERE c.table_schema = t.schema_name
    AND c.table_name = t.table_name AND c.sortkey = 1) AS sortkey1, CAST(1 AS BIGINT) AS "size",
  CAST(t.estimated_size AS DECIMAL(38,0)) AS tbl_rows FROM duckdb_tables() t
  WHERE t.database_name = current_database() AND t.schema_name <> 'main' AND t.estimated_size > 0;
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


def text_type(kind: Type) -> ColumnType:
    """A text's type as it is declared."""
    return parse_type(f"{'CHAR' if kind.kind == 'char' else 'VARCHAR'}({max(min(kind.size, 65535), 1)})")


def relation_exists(connection: Any, name: str, schema: str) -> bool:
    """Whether there is a table or view of the name."""
    query = (
        "SELECT 1 FROM information_schema.tables"
        " WHERE table_catalog = current_database() AND table_schema = ? AND table_name = ?"
    )
    return connection.execute(query, [schema, name]).fetchone() is not None


def is_view(connection: Any, place: str) -> bool:
    """Whether a relation, by its name in DuckDB, is a view."""
    query = "SELECT 1 FROM duckdb_views() WHERE schema_name || '.' || view_name = ?"
    return connection.execute(query, [place.replace('"', "")]).fetchone() is not None


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
