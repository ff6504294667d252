"""Database roles: CREATE ROLE, GRANT and REVOKE, and what a session that has roles, or is a user's, may do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlglot import exp

from local.redshift import database_users
from local.redshift.errors import SqlError

# What everybody may read: the catalog.
_OPEN_SCHEMAS = ("information_schema", "pg_catalog")
_OPEN_VIEWS = ("pg_table_def", "svv_tables", "svv_columns", "svv_roles")
READ_ONLY = "permission denied: the session's roles may only read"
_LEADING = re.compile(r"\A(?:\s+|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"(?:CREATE\s+ROLE|DROP\s+ROLE|GRANT|REVOKE|ALTER\s+DEFAULT\s+PRIVILEGES)\b", re.IGNORECASE)
_NAME = r'"?[a-z_][a-z0-9_]*"?'
_PLACE = rf"{_NAME}\.{_NAME}"
_ROLE = re.compile(rf"(CREATE|DROP)\s+ROLE\s+({_NAME})(?:\s+(?:FORCE|RESTRICT))?", re.IGNORECASE)
_ON_SCHEMA = r"(?:USAGE|CREATE)(?:\s*,\s*(?:USAGE|CREATE))*|ALL(?:\s+PRIVILEGES)?"
_GRANT = re.compile(
    rf"(?:(GRANT)|(REVOKE))\s+(?:({_ON_SCHEMA})\s+ON\s+SCHEMA\s+({_NAME}(?:\s*,\s*{_NAME})*)"
    rf"|(SELECT|INSERT)\s+ON\s+(?:ALL\s+TABLES\s+IN\s+SCHEMA\s+({_NAME})|(?:TABLE\s+)?({_PLACE}(?:\s*,\s*{_PLACE})*)))"
    rf"\s+(?:TO|FROM)\s+(ROLE\s+)?(?!PUBLIC\b)({_NAME})",
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
CREATE TABLE IF NOT EXISTS main._owner (schema_name VARCHAR, relation VARCHAR, owner VARCHAR);
CREATE TABLE IF NOT EXISTS main._grant (role_name VARCHAR, privilege VARCHAR, schema_name VARCHAR, relation VARCHAR);
CREATE TABLE IF NOT EXISTS main._public_privilege AS
  SELECT privilege FROM (VALUES ('CREATE'), ('TEMP')) AS v (privilege);
CREATE OR REPLACE VIEW main.svv_roles AS SELECT CAST(rowid + 100 AS INTEGER) AS role_id, role_name,
  'admin' AS role_owner, CAST(NULL AS VARCHAR) AS external_id FROM main._role;
CREATE OR REPLACE VIEW main.svv_schema_privileges AS SELECT schema_name AS namespace_name,
  privilege AS privilege_type, split_part(role_name, ' ', -1) AS identity_name,
  CASE WHEN role_name LIKE 'user %' THEN 'user' ELSE 'role' END AS identity_type
  FROM main._grant WHERE relation IS NULL;
CREATE OR REPLACE VIEW main.svv_relation_privileges AS SELECT schema_name AS namespace_name, relation AS relation_name,
  privilege AS privilege_type, split_part(role_name, ' ', -1) AS identity_name,
  CASE WHEN role_name LIKE 'user %' THEN 'user' ELSE 'role' END AS identity_type
  FROM main._grant WHERE relation IS NOT NULL;
"""


@dataclass(frozen=True)
class PrivilegeCommand:
    """`action` is create, drop, grant or revoke; `relations` is None for all tables of `schemas`.

    `role` is "" for PUBLIC, and for a user what database_users.grantee() gives. `privilege` is SELECT, INSERT, or USAGE
    and CREATE with a comma between them.
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
    """Read a statement. Raises SqlError for what this server does not do: other privileges, groups."""
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
    action, name = "grant" if found[1] else "revoke", _plain(found[9])
    if not found[8]:
        name = database_users.grantee(name)
    if found[3]:
        privileges = "USAGE,CREATE" if found[3].upper().startswith("ALL") else "".join(found[3].upper().split())
        return PrivilegeCommand(action, name, privileges, tuple(map(_plain, found[4].split(","))))
    privilege = found[5].upper()
    if found[6]:
        return PrivilegeCommand(action, name, privilege, (_plain(found[6]),), None)
    places = [tuple(map(_plain, place.split("."))) for place in found[7].split(",")]
    return PrivilegeCommand(action, name, privilege, (), tuple((schema, table) for schema, table in places))


def apply(connection: Any, command: PrivilegeCommand) -> None:
    """Carry out a statement, within the session's transaction. Raises SqlError for what is missing."""
    if not command.role:
        connection.execute("DELETE FROM main._public_privilege WHERE privilege = ?", [command.privilege])
        if command.action == "grant":
            connection.execute("INSERT INTO main._public_privilege VALUES (?)", [command.privilege])
        return
    kind, _, user = command.role.rpartition(" ")
    if kind:
        known: object = database_users.exists(connection, user)
    else:
        kind = "role"
        known = connection.execute("SELECT 1 FROM main._role WHERE role_name = ?", [command.role]).fetchone()
    if command.action == "create":
        if known:
            raise SqlError(f'role "{command.role}" already exists')
        connection.execute("INSERT INTO main._role VALUES (?)", [command.role])
        return
    if not known:
        raise SqlError(f'{kind} "{user}" does not exist')
    if command.action == "drop":
        connection.execute("DELETE FROM main._role WHERE role_name = ?", [command.role])
        connection.execute("DELETE FROM main._grant WHERE role_name = ?", [command.role])
        return
    places = list(_objects(connection, command))
    for (schema, relation), privilege in product(places, command.privilege.split(",")):
        row = [command.role, privilege, schema, relation]
        connection.execute(
            "DELETE FROM main._grant WHERE role_name = ? AND privilege = ? AND schema_name = ?"
            " AND relation IS NOT DISTINCT FROM ?",
            row,
        )
        if command.action == "grant":
            connection.execute("INSERT INTO main._grant VALUES (?, ?, ?, ?)", row)


def forget(connection: Any, schema: str | None, relation: str) -> None:
    """Drop the grants and the owner of a relation that is dropped."""
    for table in ("_grant", "_owner"):
        query = f"DELETE FROM main.{table} WHERE schema_name = ? AND relation = ?"  # noqa: S608  one of the two
        connection.execute(query, [schema or "public", relation])


def own(connection: Any, schema: str, relation: str, owner: str) -> None:
    """Remember who has created a relation; without a record it is the database's owner's."""
    forget(connection, schema, relation)
    connection.execute("INSERT INTO main._owner VALUES (?, ?, ?)", [schema or "public", relation, owner])


def rename(connection: Any, schema: str, relation: str, new: str) -> None:
    """Grants, owner and comments go with a relation that gets another name."""
    for table in ("_grant", "_owner", "_comment"):
        query = f"UPDATE main.{table} SET relation = ? WHERE schema_name = ? AND relation = ?"  # noqa: S608
        connection.execute(query, [new, schema or "public", relation])


def _objects(connection: Any, command: PrivilegeCommand) -> Iterable[tuple[str, str | None]]:
    for schema in command.schemas:
        query = "SELECT 1 FROM duckdb_schemas() WHERE schema_name = ? AND database_name = current_database()"
        if not connection.execute(query, [schema]).fetchone():
            raise SqlError(f'schema "{schema}" does not exist')
        if command.relations is not None:
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
        if not isinstance(table.this, exp.Identifier):
            found.add(("()", table.name))
        elif table.db or table.name not in within:
            found.add(place(table))
    return frozenset(found)


def place(table: exp.Table) -> tuple[str, str]:
    """(schema, relation) of a table; a database's name stands before the schema, with a NUL between."""
    return (f"{table.catalog}\0{table.db}" if table.catalog else table.db), table.name


def check_reads(connection: Any, roles: Collection[str], user: str, named: Iterable[tuple[str, str]]) -> None:
    """Raises SqlError, in Redshift's words, unless a session with these roles may read the relations.

    It may read what its roles were granted, what it has created, and the catalog.
    """
    granted, owned = _granted(connection, roles, ("USAGE", "SELECT")), owned_by(connection, user)
    for named_schema, relation in sorted(named):
        schema = resolve(connection, named_schema, relation)
        if schema in _OPEN_SCHEMAS or (not named_schema and relation in _OPEN_VIEWS):
            continue
        if schema in ("", "()") or (schema == "main" and not named_schema):
            raise SqlError(f"permission denied for {'function' if schema == '()' else 'relation'} {relation}")
        if (schema, None) not in granted:
            raise SqlError(f"permission denied for schema {schema}")
        if (schema, relation) not in granted | owned:
            raise SqlError(f"permission denied for relation {relation}")


def check_copy(connection: Any, roles: Collection[str], user: str, named: str, relation: str) -> None:
    """Raises SqlError, in Redshift's words, unless a session may COPY into a relation: that takes INSERT on it."""
    schema = resolve(connection, named, relation)
    if schema != "public" and (schema, None) not in _granted(connection, roles, ("USAGE",)):
        raise SqlError(f"permission denied for schema {schema}")
    if not may_insert(connection, roles, schema, relation) and (schema, relation) not in owned_by(connection, user):
        raise SqlError(f"permission denied for relation {relation}")


def may_insert(connection: Any, roles: Collection[str], schema: str, relation: str) -> bool:
    """Whether a session was granted to INSERT into a relation, and to use its schema."""
    return {(schema, None), (schema, relation)} <= _granted(connection, roles, ("USAGE", "INSERT"))


def check_creates(connection: Any, roles: Collection[str], schema: str) -> None:
    """Raises SqlError unless the roles, or everybody, may create relations in a schema."""
    if (schema, None) in _granted(connection, roles, ("CREATE",)):
        return
    if schema != "public":
        raise SqlError(READ_ONLY)
    if not _is_public(connection, "CREATE"):
        raise SqlError("permission denied for schema public")


def check_temporary(connection: Any) -> None:
    """Raises SqlError unless everybody may create temporary tables."""
    if not _is_public(connection, "TEMP"):
        raise SqlError("permission denied to create temporary tables in database")


def _is_public(connection: Any, privilege: str) -> bool:
    query = "SELECT 1 FROM main._public_privilege WHERE privilege = ?"
    return connection.execute(query, [privilege]).fetchone() is not None


def resolve(connection: Any, schema: str, relation: str) -> str:
    """The schema that a name means: search_path decides without one. Raises SqlError for another database."""
    database, _, rest = schema.rpartition("\0")
    if database:
        if (database,) != connection.execute("SELECT current_database()").fetchone():
            raise SqlError(f"permission denied for database {database}")
        return rest
    if schema:
        return schema
    query = (
        "SELECT table_schema FROM information_schema.tables WHERE table_catalog = current_database() AND table_name = ?"
        " AND list_contains(string_split(current_setting('search_path'), ','), table_schema)"
        " ORDER BY list_position(string_split(current_setting('search_path'), ','), table_schema) LIMIT 1"
    )
    found = connection.execute(query, [relation]).fetchone()
    return str(found[0]) if found else ""


def owned_by(connection: Any, user: str) -> set[tuple[str, str]]:
    """The (schema, relation) pairs that a user has created."""
    return set(connection.execute("SELECT schema_name, relation FROM main._owner WHERE owner = ?", [user]).fetchall())


def _granted(connection: Any, roles: Collection[str], privileges: Collection[str]) -> set[tuple[str, str | None]]:
    query = (
        "SELECT schema_name, relation FROM main._grant"
        " WHERE list_contains(?::VARCHAR[], role_name) AND list_contains(?::VARCHAR[], privilege)"
    )
    return set(connection.execute(query, [list(roles), list(privileges)]).fetchall())


def _plain(name: str) -> str:
    return name.strip().strip('"').lower()
