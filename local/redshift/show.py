"""SHOW: a parameter, or a list of the catalog."""

from __future__ import annotations

import re

from local.redshift.errors import NotSupported, SqlError
from local.redshift.variables import DEFAULTS

_NAME = r'"?([\w$]+)"?'
_LIKE = r"(?:\s+LIKE\s+'((?:[^']|'')*)')?(?:\s+LIMIT\s+(\d+))?"


def show_query(text: str) -> str:
    """What follows SHOW, as a query of DuckDB. Raises SqlError. https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW.html"""
    plain = text.lower().rstrip(";").strip()
    if plain in DEFAULTS:
        value = DEFAULTS[plain].replace("'", "''")
        return f"SELECT '{value}' AS \"{plain}\""
    tables = re.fullmatch(rf"tables\s+from\s+schema\s+(?:{_NAME}\.)?{_NAME}{_LIKE}", plain)
    if tables:
        return _listed(
            "SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, CASE table_type"
            " WHEN 'VIEW' THEN 'VIEW' ELSE 'TABLE' END AS table_type, CAST(NULL AS VARCHAR) AS table_acl, remarks"
            f" FROM main.svv_tables WHERE table_schema = '{tables[2]}'",
            "table_name",
            tables[3],
            tables[4],
        )
    columns = re.fullmatch(rf"columns\s+from\s+table\s+(?:{_NAME}\.)?{_NAME}\.{_NAME}{_LIKE}", plain)
    if columns:
        return _listed(
            "SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, column_name,"
            " ordinal_position, column_default, is_nullable, data_type, character_maximum_length, numeric_precision,"
            f" numeric_scale, remarks FROM main.svv_columns WHERE table_schema = '{columns[2]}'"
            f" AND table_name = '{columns[3]}'",
            "column_name",
            columns[4],
            columns[5],
            "ordinal_position",
        )
    schemas = re.fullmatch(rf"schemas\s+from\s+database\s+{_NAME}{_LIKE}", plain)
    if schemas:
        return _listed(
            "SELECT catalog_name AS database_name, schema_name, 100 AS schema_owner, 'local' AS schema_type"
            " FROM information_schema.schemata WHERE catalog_name = current_database()"
            " AND schema_name NOT IN ('main', 'information_schema', 'pg_catalog')",
            "schema_name",
            schemas[2],
            schemas[3],
        )
    if re.fullmatch(r"\w+", plain):
        raise SqlError(f'unrecognized configuration parameter "{plain}"', "42704")
    raise NotSupported(f"SHOW {' '.join(plain.split()[:3]).upper()}")


def _listed(query: str, name: str, like: str | None, limit: str | None, order: str = "") -> str:
    return (
        query
        + (f" AND {name} LIKE '{like}'" if like else "")
        + f" ORDER BY {order or name}"
        + (f" LIMIT {limit}" if limit else "")
    )
