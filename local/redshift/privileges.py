"""Database roles: CREATE ROLE, GRANT and REVOKE, and what a session that has roles may read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from local.redshift.ddl import CreateTable
from local.redshift.errors import SqlError

# What everybody may read: the catalog.
_OPEN_SCHEMAS = ("information_schema", "pg_catalog")
_OPEN_VIEWS = ("pg_table_def", "svv_tables", "svv_columns", "svv_roles")
_LEADING = re.compile(r"\A(?:\s+|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"(?:CREATE\s+ROLE|DROP\s+ROLE|GRANT|REVOKE|ALTER\s+DEFAULT\s+PRIVILEGES)\b", re.IGNORECASE)
_NAME = r'"?[a-z_][a-z0-9_]*"?'
_PLACE = rf"{_NAME}\.{_NAME}"
_ROLE = re.compile(rf"(CREATE|DROP)\s+ROLE\s+({_NAME})(?:\s+(?:FORCE|RESTRICT))?", re.IGNORECASE)
_GRANT = re.compile(
    rf"(?:(GRANT)|(REVOKE))\s+(?:(USAGE)\s+ON\s+SCHEMA\s+({_NAME}(?:\s*,\s*{_NAME})*)"
    rf"|SELECT\s+ON\s+(?:ALL\s+TABLES\s+IN\s+SCHEMA\s+({_NAME})|(?:TABLE\s+)?({_PLACE}(?:\s*,\s*{_PLACE})*)))"
    rf"\s+(?:TO|FROM)\s+ROLE\s+({_NAME})",
    re.IGNORECASE,
)

_PUBLIC = re.compile(
    rf"(GRANT|REVOKE)\s+(?:(CREATE)\s+ON\s+SCHEMA\s+public|(TEMP)(?:ORARY)?\s+ON\s+DATABASE\s+{_NAME})\s+(?:TO|FROM)\s+PUBLIC",
    re.IGNORECASE,
)

# Roles and grants; a grant on a schema has no relation. As in Redshift, a relation's grants go with it. PUBLIC,
# which is everybody, may at first create tables in schema public and temporary ones:
# https://docs.aws.amazon.com/redshift/latest/dg/r_Schemas_and_tables.html
SYSTEM = """
CREATE TABLE IF NOT EXISTS main._role (role_name VARCHAR);
CREATE TABLE IF NOT EXISTS main._grant (role_name VARCHAR, privilege VARCHAR, schema_name VARCHAR, relation VARCHAR);
CREATE TABLE IF NOT EXISTS main._public_privilege AS
  SELECT privilege FROM (VALUES ('CREATE'), ('TEMP')) AS v (privilege);
CREATE OR REPLACE VIEW main.svv_roles AS SELECT CAST(rowid + 100 AS INTEGER) AS role_id, role_name,
  'admin' AS role_owner, CAST(NULL AS VARCHAR) AS external_id FROM main._role;
CREATE OR REPLACE VIEW main.svv_schema_privileges AS SELECT schema_name AS namespace_name,
  privilege AS privilege_type, role_name AS identity_name, 'role' AS identity_type
  FROM main._grant WHERE relation IS NULL;
CREATE OR REPLACE VIEW main.svv_relation_privileges AS SELECT schema_name AS namespace_name, relation AS relation_name,
  privilege AS privilege_type, role_name AS identity_name, 'role' AS identity_type
  FROM main._grant WHERE relation IS NOT NULL;
"""


@dataclass(frozen=True)
class PrivilegeCommand:
    """`action` is create, drop, grant or revoke; `relations` is None for all tables of `schemas`.

    `role` is "" for PUBLIC.
    """

    action: str
    role: str
    privilege: str = ""
    schemas: tuple[str, ...] = ()
    relations: tuple[tuple[str, str], ...] | None = ()


def is_privilege(sql: str) -> bool:
    """Whether this module reads the statement."""
    return _WORD.match(sql, _LEADING.match(sql).end()) is not None  # type: ignore[union-attr]  # matches nothing, too


def parse_privilege(sql: str) -> PrivilegeCommand:
    """Read a statement. Raises SqlError for what this server does not do: other privileges, users, groups."""
    text = re.sub(r"--[^\n]*", " ", _LEADING.sub("", sql, count=1)).strip().rstrip(";").strip()
    public = _PUBLIC.fullmatch(text)
    if public:
        return PrivilegeCommand(public[1].lower(), "", (public[2] or public[3]).upper())
    role = _ROLE.fullmatch(text)
    if role:
        return PrivilegeCommand(role[1].lower(), _plain(role[2]))
    found = _GRANT.fullmatch(text)
    if not found:
        raise SqlError(f'"{" ".join(text.split())}" is not supported by this server')
    action, name = "grant" if found[1] else "revoke", _plain(found[7])
    if found[3]:
        return PrivilegeCommand(action, name, "USAGE", tuple(map(_plain, found[4].split(","))))
    if found[5]:
        return PrivilegeCommand(action, name, "SELECT", (_plain(found[5]),), None)
    places = [tuple(map(_plain, place.split("."))) for place in found[6].split(",")]
    return PrivilegeCommand(action, name, "SELECT", (), tuple((schema, table) for schema, table in places))


def apply(connection: Any, command: PrivilegeCommand) -> None:
    """Carry out a statement, within the session's transaction. Raises SqlError for what is missing."""
    if not command.role:
        connection.execute("DELETE FROM main._public_privilege WHERE privilege = ?", [command.privilege])
        if command.action == "grant":
            connection.execute("INSERT INTO main._public_privilege VALUES (?)", [command.privilege])
        return
    known = connection.execute("SELECT 1 FROM main._role WHERE role_name = ?", [command.role]).fetchone()
    if command.action == "create":
        if known:
            raise SqlError(f'role "{command.role}" already exists')
        connection.execute("INSERT INTO main._role VALUES (?)", [command.role])
        return
    if not known:
        raise SqlError(f'role "{command.role}" does not exist')
    if command.action == "drop":
        connection.execute("DELETE FROM main._role WHERE role_name = ?", [command.role])
        connection.execute("DELETE FROM main._grant WHERE role_name = ?", [command.role])
        return
    for schema, relation in _objects(connection, command):
        row = [command.role, command.privilege, schema, relation]
        connection.execute(
            "DELETE FROM main._grant WHERE role_name = ? AND privilege = ? AND schema_name = ?"
            " AND relation IS NOT DISTINCT FROM ?",
            row,
        )
        if command.action == "grant":
            connection.execute("INSERT INTO main._grant VALUES (?, ?, ?, ?)", row)


def forget(connection: Any, schema: str | None, relation: str) -> None:
    """Drop the grants of a relation that is dropped."""
    connection.execute("DELETE FROM main._grant WHERE schema_name = ? AND relation = ?", [schema or "public", relation])


def _objects(connection: Any, command: PrivilegeCommand) -> Iterable[tuple[str, str | None]]:
    for schema in command.schemas:
        query = "SELECT 1 FROM duckdb_schemas() WHERE schema_name = ? AND database_name = current_database()"
        if not connection.execute(query, [schema]).fetchone():
            raise SqlError(f'schema "{schema}" does not exist')
        if command.privilege == "USAGE":
            yield schema, None
        else:
            yield from ((schema, name) for name in _relations(connection, schema))
    for schema, name in command.relations or ():
        if name not in _relations(connection, schema):
            raise SqlError(f'relation "{schema}.{name}" does not exist')
        yield schema, name


def _relations(connection: Any, schema: str) -> list[str]:
    query = (
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() AND table_schema = ?"
    )
    return [row[0] for row in connection.execute(query, [schema]).fetchall()]


def reads(node: exp.Expression) -> frozenset[tuple[str, str]]:
    """The (schema, relation) pairs that a query names, "" for no schema; a function in FROM has the schema "()"."""
    within = {cte.alias for cte in node.find_all(exp.CTE)}
    found = set()
    for table in node.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.catalog:
            found.add(("()", table.name))
        elif table.db or table.name not in within:
            found.add((table.db, table.name))
    return frozenset(found)


def check(
    connection: Any,
    roles: Collection[str],
    kind: str,
    named: Iterable[tuple[str, str]],
    create: CreateTable | None = None,
) -> None:
    """Raises SqlError, in Redshift's words, unless a session with these roles alone may run the statement.

    It may read what its roles were granted and the catalog, and may write nothing but tables where PUBLIC may create.
    """
    if create and (create.temporary or create.schema in (None, "public")):
        privilege = "TEMP" if create.temporary else "CREATE"
        query = "SELECT 1 FROM main._public_privilege WHERE privilege = ?"
        if not connection.execute(query, [privilege]).fetchone():
            place = "to create temporary tables in database" if create.temporary else "for schema public"
            raise SqlError(f"permission denied {place}")
    elif kind not in ("query", "nothing"):
        raise SqlError("permission denied: the session's roles may only read")
    marks = ", ".join("?" * len(roles)) or "NULL"
    query = f"SELECT schema_name, relation FROM main._grant WHERE role_name IN ({marks})"  # noqa: S608  only marks
    granted = set(connection.execute(query, list(roles)).fetchall())
    for schema, relation in sorted(named):
        if schema in _OPEN_SCHEMAS or (not schema and relation in _OPEN_VIEWS):
            continue
        if schema in ("", "()"):
            raise SqlError(f"permission denied for {'function' if schema else 'relation'} {relation}")
        if (schema, None) not in granted:
            raise SqlError(f"permission denied for schema {schema}")
        if (schema, relation) not in granted:
            raise SqlError(f"permission denied for relation {relation}")


def _plain(name: str) -> str:
    return name.strip().strip('"').lower()
