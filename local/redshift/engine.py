"""One DuckDB file per workgroup and database: sessions, transactions, and Redshift's messages for DuckDB's errors."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from local.private import private_folder
from local.redshift import (
    alter,
    catalog,
    comments,
    database_users,
    dependencies,
    leader,
    lockdown,
    pg_catalog,
    privileges,
    variables,
)
from local.redshift.access import access_of
from local.redshift.copy_load import LoadError, load
from local.redshift.copy_parse import CopyCommand
from local.redshift.copy_source import ObjectAccess
from local.redshift.ddl import Column, CreateTable, CreateView
from local.redshift.dialect import macros
from local.redshift.dialect.relations_known import Known, declared_type
from local.redshift.dialect.scope import Columns
from local.redshift.dialect.types import Type
from local.redshift.errors import SqlError
from local.redshift.messages import redshift_error
from local.redshift.results import Result
from local.redshift.translate import Compiled

MEMORY_LIMIT = "1GB"
THREADS = 2
OWNER = "admin"  # the user whom the catalog gives as everything's owner


class Database:
    """A database file, opened once per process. Writers run one at a time (see runner.py), readers beside them."""

    def __init__(self, path: Path, memory_limit: str = MEMORY_LIMIT) -> None:
        private_folder(path.parent)
        self.name = path.stem
        config = {
            "memory_limit": memory_limit,
            "threads": str(THREADS),
            "temp_directory": str(path.with_suffix(".tmp")),
            **lockdown.CONFIG,
        }
        _replay_log(path)
        self._root = duckdb.connect(str(path), config=config)
        self._lock = threading.Lock()
        self.known = Known()
        macros.install(self._root)
        self._root.execute("BEGIN TRANSACTION")
        modules = (comments, database_users, privileges, dependencies, catalog, pg_catalog)
        for script in (module.SYSTEM for module in modules):
            for statement in script.split(";\n"):
                self._root.execute(statement)
        self._root.execute("COMMIT")
        lockdown.lock(self._root)

    def session(self, roles: Collection[str] | None = None, user: str = OWNER) -> Session:
        """Open a session: the database owner's, or one that may do what its database roles were granted.

        `user` is what current_user says.
        """
        with self._lock:
            return Session(self._root.cursor(), self.name, roles, user, self.known)

    def committed(self, statement_id: str) -> bool:
        query = "SELECT 1 FROM main._committed WHERE statement_id = ?"
        with self._lock:
            return self._root.execute(query, [statement_id]).fetchone() is not None

    def authenticates(self, user: str, password: str) -> bool:
        """Whether there is a user of that name, made by CREATE USER, with that password."""
        with self._lock:
            found = self._root.execute("SELECT password FROM main._user WHERE user_name = ?", [user]).fetchone()
        return found is not None and database_users.matches(user, found[0], password)

    def close(self) -> None:
        with self._lock:
            self._root.close()


def _replay_log(path: Path) -> None:
    """Bring a file that was not closed up to date: what was committed before a kill is in the log beside it.

    DuckDB 1.5 cannot replay an ALTER or COMMENT ON COLUMN of a table with a CHECK or a computed DEFAULT while it opens
    the file as its first database ("no default database set"): the warehouse would be lost. Attached to another one it
    can.
    """
    if not path.with_name(path.name + ".wal").exists():
        return
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS recovered")
        connection.execute("CHECKPOINT recovered")
        connection.execute("DETACH recovered")


class Session:
    """One connection, with its temporary tables. Use as a context manager; not shared between threads."""

    def __init__(
        self,
        connection: Any,
        database: str,
        roles: Collection[str] | None = None,
        user: str = OWNER,
        known: Known | None = None,
    ) -> None:
        self.connection = connection
        self.relations = (known or Known()).session(connection)
        self._roles, self._user = roles, user
        self.load_errors: list[LoadError] = []
        self._database = database
        # Whole-number division, UTC and the schema "public" are Redshift's ways.
        settings = "SET integer_division = true; SET TimeZone = 'UTC'; SET search_path = 'public,main'"
        connection.execute(f"{settings}; {leader.identity(user, roles)}")

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def interrupt(self) -> None:
        self.connection.interrupt()

    def begin(self) -> None:
        self.connection.execute("BEGIN TRANSACTION")

    def commit(self, statement_id: str) -> None:
        """Commit, with a mark in the same transaction by which a restart knows that the statement was committed."""
        self.connection.execute("DELETE FROM main._committed WHERE committed_at < now()::TIMESTAMP - INTERVAL 25 HOUR")
        self.connection.execute("INSERT INTO main._committed VALUES (?, now())", [statement_id])
        self.connection.execute("COMMIT")
        self.relations.committed()

    def _copy(self, command: CopyCommand, objects: ObjectAccess, query_id: int) -> int:
        """Load, and note it for sys_load_history in the same transaction: a load that is rolled back is not listed."""
        started = datetime.now(UTC).replace(tzinfo=None)
        outcome = load(self.connection, command, objects, query_id, self._database)
        self.load_errors.extend(outcome.errors)
        if outcome.failed:
            raise SqlError(outcome.failed)
        # As long as Redshift keeps its system views.
        self.connection.execute("DELETE FROM main._load WHERE ended < now()::TIMESTAMP - INTERVAL 7 DAY")
        self.connection.execute(
            "INSERT INTO main._load VALUES (?, ?, ?, ?, ?, ?, ?, ?, now()::TIMESTAMP, ?)",
            [
                *(query_id, command.table, self._database, command.source, command.format),
                *(outcome.rows, len(outcome.errors), started, outcome.files),
            ],
        )
        return outcome.rows

    def rollback(self) -> None:
        """Undo everything since begin(); harmless when DuckDB has done so itself."""
        try:
            self.connection.execute("ROLLBACK")
        except duckdb.TransactionException as error:
            if "no transaction is active" not in str(error):
                raise
        self.relations.rolled_back()

    def describe(self, compiled: Compiled) -> list[tuple[str, str]]:
        """(name, DuckDB type) of the columns a query will have, without running it. Raises SqlError."""
        self._permit(compiled)
        rows = self._checked(f"DESCRIBE {compiled.sql_for(self.relations)[0]}").fetchall()
        return [(str(row[0]), str(row[1])) for row in rows]

    def open(self, compiled: Compiled) -> Any:
        """Run a query: a DuckDB cursor to fetch from, good until the session's next statement. Raises SqlError."""
        self._permit(compiled)
        return self._checked(compiled.sql_for(self.relations)[0])

    def keep(self, compiled: Compiled, name: str) -> None:
        """Run a query into a temporary table of that name, to be read piece by piece. Raises SqlError."""
        self._permit(compiled)
        self._checked(f'CREATE TEMP TABLE "{name}" AS {compiled.sql_for(self.relations)[0]}')

    def _permit(self, compiled: Compiled) -> None:
        """Raises SqlError for what the session's roles may not do; the database's owner may do everything."""
        if self._roles is None or compiled.kind in ("set", "begin", "commit", "rollback"):
            return
        if compiled.kind in ("query", "nothing"):
            privileges.check_reads(self.connection, self._roles, self._user, compiled.named)
            return
        if compiled.create and compiled.create.temporary:
            privileges.check_temporary(self.connection)
            privileges.check_reads(self.connection, self._roles, self._user, compiled.named)
            return
        if compiled.copy:
            schema, relation = compiled.copy.schema or "", compiled.copy.table
            privileges.check_copy(self.connection, self._roles, self._user, schema, relation)
            return
        access = access_of(compiled.source)
        if access is None:
            raise SqlError(privileges.READ_ONLY)
        owned = privileges.owned_by(self.connection, self._user)
        for named, relation in access.targets:
            schema = privileges.resolve(self.connection, named, relation) or "public"
            if access.action == "insert" and privileges.may_insert(self.connection, self._roles, schema, relation):
                continue
            privileges.check_creates(self.connection, self._roles, schema)
            exists = catalog.relation_exists(self.connection, relation, schema)
            if exists and (schema, relation) not in owned:
                raise SqlError(f"must be owner of relation {relation}")
        privileges.check_reads(self.connection, self._roles, self._user, access.reads)

    def _remember(self, compiled: Compiled) -> None:
        """Who owns what was created, and what a renamed relation is called."""
        access = access_of(compiled.source) if compiled.kind in ("create", "view", "ddl") else None
        if access is None:
            return
        for named, relation in access.targets:
            creates = access.action == "create" and self._roles is not None
            if not (creates or access.renamed):
                continue
            schema = named.rpartition("\0")[2] or self._current_schema()
            if creates:
                privileges.own(self.connection, schema, relation, self._user)
            if access.renamed:
                privileges.rename(self.connection, schema, relation, access.renamed)

    def _current_schema(self) -> str:
        path = self.connection.execute("SELECT current_setting('search_path')").fetchone()
        return str(path[0]).split(",")[0] if path else "public"

    def _checked(self, sql: str) -> Any:
        try:
            return self.connection.execute(sql)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise redshift_error(error) from error

    def run(self, compiled: Compiled, query_id: int, objects: ObjectAccess | None) -> tuple[int, Result | None]:
        """Run one statement: (rows returned or affected, the result set if it has one). Raises SqlError."""
        try:
            done = self._run(compiled, query_id, objects)
            self._remember(compiled)
            return done
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise redshift_error(error) from error

    def _run(self, compiled: Compiled, query_id: int, objects: ObjectAccess | None) -> tuple[int, Result | None]:
        self._permit(compiled)
        if compiled.kind == "query":
            sql, _ = compiled.sql_for(self.relations)
            result = Result.of(self.connection.execute(sql))
            return result.rows, result
        if compiled.kind == "dml":
            sql, _ = compiled.sql_for(self.relations)
            row = self.connection.execute(sql).fetchone()
            return (int(row[0]) if row else 0), None
        if compiled.kind == "create" and compiled.create:
            return self._create(compiled), None
        if compiled.kind == "view" and compiled.view:
            return self._create_view(compiled, compiled.view), None
        if compiled.kind == "set" and compiled.variable:
            return self._set(compiled.variable), None
        if compiled.kind in ("begin", "commit", "rollback"):
            return self._transaction(compiled.kind), None
        if compiled.kind == "copy" and compiled.copy:
            if objects is None:
                raise SqlError("COPY needs access to S3, which this server was started without")
            return self._copy(compiled.copy, objects, query_id), None
        if compiled.kind == "lock":
            for name in compiled.tables:  # the writers' queue is the lock; only a missing table matters
                schema, _, table = name.replace('"', "").rpartition(".")
                if catalog.is_view(self.connection, self.relations(schema, table)[0]):
                    raise SqlError(f'"{table}" is not a table', "42809")
            return 0, None
        if compiled.kind == "truncate":
            self.connection.execute(compiled.sql)
            # TRUNCATE commits the transaction in which it is run.
            self._transaction("commit")
            return 0, None
        if compiled.alter:
            alter.apply(self.connection, compiled.alter)
            self.relations.changed(())
            return 0, None
        if compiled.comment:
            comments.put(self.connection, compiled.comment)
        if compiled.privilege:
            privileges.apply(self.connection, compiled.privilege)
        if compiled.user:
            database_users.apply(self.connection, compiled.user)
        # A temporary table has no comments, grants or views that need it, and may have the name of a table that does.
        dropped = self.relations.lasting(compiled.dropped)
        if dropped:
            dependencies.check(self.connection, dropped, compiled.cascade)
        if compiled.sql and compiled.kind != "maintenance":
            self._ddl(compiled.sql)
        if compiled.kind == "ddl":
            self.relations.changed(compiled.dropped)
        for schema, relation in dropped:
            comments.forget(self.connection, schema, relation)
            privileges.forget(self.connection, schema, relation)
        return 0, None

    def _transaction(self, action: str) -> int:
        """COMMIT and ROLLBACK inside a batch, which then has a new transaction. BEGIN does nothing: it is in one."""
        if action == "commit":
            self.connection.execute("COMMIT")
            self.relations.committed()
        elif action == "rollback":
            self.rollback()
        if action != "begin":
            self.begin()
        return 0

    def _set(self, variable: variables.SetVariable) -> int:
        if variable.name == "search_path":
            path = variables.schemas(variable.value)
            found = [name for name in path if catalog.schema_exists(self.connection, name)]
            self.connection.execute(f"SET search_path = '{','.join([*found, 'main'])}'")
            self.relations.search(found)
        return 0

    def _ddl(self, sql: str) -> None:
        """Redshift's ALTER TABLE takes views, too."""
        try:
            self.connection.execute(sql)
        except duckdb.CatalogException as error:
            if "ALTER VIEW" not in str(error) or not sql.startswith("ALTER TABLE"):
                raise
            self.connection.execute(sql.replace("ALTER TABLE", "ALTER VIEW", 1))

    def _create(self, compiled: Compiled) -> int:
        create = compiled.create
        assert create is not None
        if self.relations.has(create.schema or "", create.name, create.temporary):
            if create.exists_ok:
                return 0
            raise SqlError(f'Relation "{create.name}" already exists', "42P07")
        if create.query is not None:
            return self._create_as(compiled, create)
        columns = create.columns
        if create.like:
            columns = catalog.like_columns(self.connection, create.like, create.like_defaults) + columns
        for column in columns:
            self._identity(create, column)
        self.connection.execute(f"{create.head()} ({', '.join(column.definition() for column in columns)})")
        for column in columns:
            self._declare(create, column)
        self._know(create, tuple((column.name, declared_type(column.declared())) for column in columns))
        return 0

    def _create_as(self, compiled: Compiled, create: CreateTable) -> int:
        sql, columns = compiled.sql_for(self.relations)
        if create.names:
            if len(create.names) != len(columns):
                raise SqlError("CREATE TABLE AS specifies too many or too few column names", "42601")
            columns = tuple((name, kind) for name, (_, kind) in zip(create.names, columns, strict=True))
        names = [name for name, _ in columns]
        if len(set(names)) != len(names):
            raise SqlError(f'column "{next(n for n in names if names.count(n) > 1)}" specified more than once', "42701")
        listed = f" ({', '.join(chr(34) + name + chr(34) for name in create.names)})" if create.names else ""
        row = self.connection.execute(f"{create.head()}{listed} AS {sql}").fetchone()
        columns = tuple((name, _stored(kind)) for name, kind in columns)
        if not create.temporary:
            for name, kind in columns:
                if kind.is_text:
                    self._declare(create, Column(name, catalog.text_type(kind)))
        self._know(create, columns)
        return int(row[0]) if row else 0

    def _know(self, create: CreateTable, columns: Columns) -> None:
        self.relations.created(create.name, create.schema, create.temporary, columns)

    def _declare(self, create: CreateTable, column: Column) -> None:
        comment = column.comment().replace("'", "''")
        self.connection.execute(f"COMMENT ON COLUMN {create.qualified}.\"{column.name}\" IS '{comment}'")

    def _identity(self, create: CreateTable, column: Column) -> None:
        """A sequence for an IDENTITY column."""
        identity = column.attributes.get("identity")
        if not isinstance(identity, list):
            return
        name = f"rs_identity_{'temp' if create.temporary else create.schema or 'public'}_{create.name}_{column.name}"
        place = f'temp."{name}"' if create.temporary else f'main."{name}"'
        self.connection.execute(
            f"CREATE OR REPLACE {'TEMP ' if create.temporary else ''}SEQUENCE {place}"
            f" START {identity[0]} INCREMENT {identity[1]} MINVALUE -9223372036854775807"
        )
        column.default = f"nextval('{place}')".replace('"', "")
        column.attributes["identity"] = identity

    def _create_view(self, compiled: Compiled, view: CreateView) -> int:
        sql, columns = compiled.sql_for(self.relations)
        names = [*view.names, *(name for name, _ in columns[len(view.names) :])]
        if len(set(names)) != len(names):
            raise SqlError("a view names a column twice", "42701")
        self.connection.execute(f"{view.head()} {sql}")
        dependencies.record(self.connection, view, compiled.named)
        columns = tuple((name, _stored(kind)) for name, (_, kind) in zip(names, columns, strict=True))
        self.relations.created(view.name, view.schema, False, columns)
        return 0


def _stored(kind: Type) -> Type:
    """The type that CREATE TABLE AS gives a column."""
    if kind.is_counted:
        return Type(kind.kind)
    return Type("varchar", max(kind.size, 1)) if kind.kind in ("unknown", "null") else kind
