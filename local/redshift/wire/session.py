"""What a connection has in the warehouse: a transaction, parameters, cursors; and the running of its statements."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
from sqlglot import exp

from local.redshift import catalog, leader
from local.redshift.errors import SqlError
from local.redshift.messages import redshift_error
from local.redshift.runner import Runner, record_load_errors
from local.redshift.translate import Compiled
from local.redshift.wire import statements
from local.redshift.wire.codec import Field, field_of
from local.redshift.wire.settings import Parameters
from local.redshift.wire.users import Login

FETCH_ROWS = 1000
LOCK_POLL_SECONDS = 0.1
_COMMANDS = (
    *("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SET", "RESET", "SHOW", "DISCARD", "DEALLOCATE"),
    *("DECLARE", "FETCH", "CLOSE"),
)
_DECLARE = re.compile(
    r"DECLARE\s+\"?(\w+)\"?\s+(?:(?:BINARY|INSENSITIVE|NO\s+SCROLL)\s+)*CURSOR\s+(?:WITH(?:OUT)?\s+HOLD\s+)?FOR\s+(.*)",
    re.IGNORECASE | re.DOTALL,
)
_FETCH = re.compile(
    r"FETCH\s+(?:(NEXT|ALL|(?:FORWARD\s+)?(?:ALL|\d+)?|FORWARD)\s+)?(?:FROM\s+|IN\s+)?\"?(\w+)\"?", re.IGNORECASE
)
_CONFLICT = re.compile(r"Transaction conflict|write-write conflict|Conflict on", re.IGNORECASE)


class FailedTransactionError(SqlError):
    """A statement in a transaction that has failed before."""

    sqlstate = "25P02"


class QueryCanceledError(SqlError):
    """The client canceled the statement, or its time was over."""

    sqlstate = "57014"


@dataclass
class Outcome:
    """The result of a statement. `rows` come in blocks, when there are `fields`; `tag` takes the count of them."""

    tag: Callable[[int], str]
    fields: list[Field] | None = None
    rows: Iterator[list[tuple[Any, ...]]] = field(default_factory=lambda: iter(()))
    changed: tuple[str, str] | None = None  # a parameter that is sent to the client
    notice: str = ""


@dataclass
class Cursor:
    """A query's rows in a temporary table, and how far they have been read."""

    table: str
    fields: list[Field]
    total: int
    position: int = 0


class WireSession:
    """Used by one thread; `cancel` may be called from another."""

    def __init__(self, runner: Runner, workgroup: str, database: str, login: Login, pid: int) -> None:
        self.login, self.database, self.pid = login, database, pid
        self._runner = runner
        self._database = runner.database(workgroup, database)
        self._write_lock = runner.write_lock(workgroup, database)
        self._session = self._database.session(login.roles, login.user)
        self._session.connection.execute(f"SET VARIABLE login_pid = {pid}")
        self.parameters = Parameters(login.user)
        self.state = "I"  # as in ReadyForQuery: I, T or E
        self._implicit = False  # a transaction that ends with the message or the Sync
        self._open = False  # whether DuckDB has a transaction
        self._locked = False
        self._cursors: dict[str, Cursor] = {}
        self._numbers = iter(range(1, 2**31))
        self._busy = threading.Lock()
        self._cancelled = False
        self._running = False

    # -- transactions

    def begin(self, implicit: bool) -> None:
        """Enter a transaction block; DuckDB's begins with the first statement in it."""
        self._implicit = implicit
        self.state = "T"

    def finish(self) -> None:
        """The end of a message or a Sync: commits the transaction that it was. Raises SqlError."""
        if self._implicit and self.state != "I":
            self.commit()

    def commit(self) -> None:
        try:
            if self._open:
                self._session.connection.execute("COMMIT")
                self._session.relations.committed()
        except duckdb.Error as error:
            raise self._sql_error(error) from error
        finally:
            self._end()

    def rollback(self) -> None:
        self._end(undo=True)

    def fail(self) -> None:
        """After an error: everything since the beginning is undone; a block stays failed until it is ended."""
        implicit = self._implicit or self.state == "I"
        self._end(undo=True)
        if not implicit:
            self.state = "E"

    def _end(self, undo: bool = False) -> None:
        if undo:
            self._session.rollback()
        self._open = self._implicit = False
        self.state = "I"
        for cursor in self._cursors.values():
            self._session.connection.execute(f'DROP TABLE IF EXISTS temp."{cursor.table}"')
        self._cursors.clear()
        if self._locked:
            self._locked = False
            self._write_lock.release()

    def close(self) -> None:
        """The connection ends: what is not committed is undone."""
        self.rollback()
        self._session.connection.close()

    # -- canceling

    def cancel(self) -> None:
        """Interrupt the statement that runs now, if one does."""
        with self._busy:
            if self._running:
                self._cancelled = True
                self._session.interrupt()

    def timed(self) -> threading.Timer | None:
        """A timer that cancels at statement_timeout."""
        seconds = self.parameters.timeout_seconds
        if seconds is None:
            return None
        timer = threading.Timer(seconds, self.cancel)
        timer.daemon = True
        timer.start()
        return timer

    def start_statement(self) -> None:
        with self._busy:
            self._cancelled, self._running = False, True

    def end_statement(self) -> None:
        with self._busy:
            self._running = False

    def _raise_if_cancelled(self) -> None:
        if self._cancelled:
            raise QueryCanceledError("Query cancelled on user's request")

    # -- statements

    def is_command(self, sql: str) -> bool:
        """Whether the session itself answers: transactions, parameters, cursors."""
        return (statements.words(sql, 1) or [""])[0] in _COMMANDS

    def compile(self, sql: str, parameters: list[exp.Expression] | None = None) -> Compiled:
        """Raises SqlError."""
        return leader.compile_any(sql, parameters)

    def describe(self, sql: str, parameters: list[exp.Expression] | None = None) -> list[Field] | None:
        """The columns that a statement will have, None when it returns no rows. Raises SqlError."""
        self._refuse_if_failed(sql)
        if self.is_command(sql):
            return self._describe_command(sql)
        compiled = self.compile(sql, parameters)
        if compiled.kind != "query":
            return None
        self._enter(writes=False)
        try:
            return [field_of(*column) for column in self._session.describe(compiled)]
        except duckdb.Error as error:
            raise self._sql_error(error) from error

    def execute(self, sql: str, parameters: list[exp.Expression] | None = None) -> Outcome:
        """Run a statement. Its rows are good until the next one. Raises SqlError; the caller calls fail()."""
        self._refuse_if_failed(sql)
        if self.is_command(sql):
            return self._command(sql)
        compiled = self.compile(sql, parameters)
        self._enter(compiled.writes and not (compiled.create and compiled.create.temporary))
        try:
            if compiled.kind == "query":
                result = self._session.open(compiled)
                fields = [field_of(str(column[0]), str(column[1])) for column in result.description]
                return Outcome(lambda count: statements.tag(sql, count), fields, self._blocks(result))
            rows, _ = self._session.run(compiled, random.getrandbits(31), self._runner.objects)
        except duckdb.Error as error:
            raise self._sql_error(error) from error
        except SqlError as error:
            raise self._sql_error(error) from error
        finally:
            self._record_load_errors()
        notice = f"Load into table completed, {rows} record(s) loaded successfully." if compiled.kind == "copy" else ""
        return Outcome(lambda _: statements.tag(sql, rows), notice=notice)

    def _refuse_if_failed(self, sql: str) -> None:
        if self.state == "E" and (statements.words(sql, 1) or [""])[0] not in ("ROLLBACK", "ABORT", "COMMIT", "END"):
            raise FailedTransactionError(
                "current transaction is aborted, commands ignored until end of transaction block"
            )

    def _enter(self, writes: bool) -> None:
        """Be in a transaction, with the write lock for a statement that writes."""
        if self.state == "I":
            self.begin(implicit=True)
        if writes and not self._locked:
            while not self._write_lock.acquire(timeout=LOCK_POLL_SECONDS):
                self._raise_if_cancelled()
            self._locked = True
        if not self._open:
            self._session.begin()
            self._open = True

    def _blocks(self, result: Any) -> Iterator[list[tuple[Any, ...]]]:
        try:
            while block := result.fetchmany(FETCH_ROWS):
                yield block
        except duckdb.Error as error:
            raise self._sql_error(error) from error

    def _sql_error(self, error: Exception) -> SqlError:
        if self._cancelled or isinstance(error, duckdb.InterruptException):
            return QueryCanceledError("Query cancelled on user's request")
        if _CONFLICT.search(str(error)):
            return SqlError("1023 DETAIL: Serializable isolation violation on table")
        return error if isinstance(error, SqlError) else redshift_error(error)

    def _record_load_errors(self) -> None:
        errors, self._session.load_errors = self._session.load_errors, []
        if errors:
            record_load_errors(self._database, self.pid, errors)

    # -- the session's own commands

    def _describe_command(self, sql: str) -> list[Field] | None:
        first = statements.words(sql, 1)[0]
        if first == "SHOW":
            return self._show(sql).fields
        if first == "FETCH":
            return self._cursor(sql)[0].fields
        return None

    def _command(self, sql: str) -> Outcome:
        first, second = (*statements.words(sql), "", "")[:2]
        done = Outcome(lambda _: statements.tag(sql, 0))
        if first in ("BEGIN", "START"):
            if self.state == "T" and not self._implicit:
                done.notice = "there is already a transaction in progress"
            self._implicit, self.state = False, "T"
        elif first in ("COMMIT", "END"):
            if self.state == "E":
                self.rollback()
                return Outcome(lambda _: "ROLLBACK")
            self.commit()
        elif first in ("ROLLBACK", "ABORT"):
            if second == "TO":
                raise SqlError("SAVEPOINT is not supported")
            self.rollback()
        elif first == "SET":
            done.changed = self._set(sql)
        elif first == "RESET":
            self.parameters.reset(re.sub(r"^RESET\s+", "", statements.bare(sql), flags=re.IGNORECASE))
            self._apply_search_path()
        elif first == "SHOW":
            return self._show(sql)
        elif first == "DECLARE":
            self._declare(sql)
        elif first == "FETCH":
            return self._fetch(sql)
        elif first == "CLOSE":
            self._close_cursor(sql)
        elif first == "DISCARD":
            self.rollback()
            self.parameters.reset("all")
            self._apply_search_path()
        return done

    def _set(self, sql: str) -> tuple[str, str] | None:
        changed = self.parameters.set(statements.bare(sql))
        if changed and changed[0] == "search_path":
            self._apply_search_path()
        return changed

    def _apply_search_path(self) -> None:
        known = catalog.list_schemas(self._session.connection, "%")
        path = [name for name in self.parameters.search_path if name in known] or ["public"]
        names = ",".join([*path, "main"]).replace("'", "''")
        self._session.connection.execute(f"SET search_path = '{names}'")
        self._session.relations.search(path)

    def _show(self, sql: str) -> Outcome:
        name = re.sub(r"^SHOW\s+", "", statements.bare(sql), flags=re.IGNORECASE).strip().strip('"')
        if name.lower() == "all":
            fields = [field_of("name", "VARCHAR"), field_of("setting", "VARCHAR")]
            return Outcome(lambda _: "SHOW", fields, iter([self.parameters.everything()]))
        rows: list[tuple[Any, ...]] = [(self.parameters.show(name),)]
        return Outcome(lambda _: "SHOW", [field_of(name.lower(), "VARCHAR")], iter([rows]))

    # -- cursors: as Redshift's, whole on the leader node before the first row is fetched

    def materialize(self, sql: str, parameters: list[exp.Expression] | None = None) -> Cursor:
        """Run a query into a cursor. Raises SqlError."""
        self._refuse_if_failed(sql)
        compiled = self.compile(sql, parameters)
        if compiled.kind != "query":
            raise SqlError("a cursor must be for a SELECT statement")
        self._enter(writes=False)
        fields = [field_of(*column) for column in self._session.describe(compiled)]
        table = f"_cursor_{next(self._numbers)}"
        try:
            self._session.keep(compiled, table)
            total = self._session.connection.execute(f'SELECT COUNT(*) FROM temp."{table}"').fetchone()[0]  # noqa: S608
        except (duckdb.Error, SqlError) as error:
            raise self._sql_error(error) from error
        cursor = Cursor(table, fields, int(total))
        self._cursors[table] = cursor
        return cursor

    def read(self, cursor: Cursor, count: int | None) -> list[tuple[Any, ...]]:
        """The next rows of a cursor, all that are left without a count."""
        end = cursor.total if count is None else min(cursor.total, cursor.position + count)
        query = f'SELECT * FROM temp."{cursor.table}" LIMIT ? OFFSET ?'  # noqa: S608  in the order of insertion
        rows = self._session.connection.execute(query, [end - cursor.position, cursor.position]).fetchall()
        cursor.position = end
        return list(rows)

    def release(self, cursor: Cursor) -> None:
        if self._cursors.pop(cursor.table, None):
            self._session.connection.execute(f'DROP TABLE IF EXISTS temp."{cursor.table}"')

    def _declare(self, sql: str) -> None:
        found = _DECLARE.fullmatch(statements.bare(sql))
        if not found:
            raise SqlError('syntax error at or near "DECLARE"')
        if self.state == "I" or self._implicit:
            raise SqlError("DECLARE CURSOR may only be used in transaction blocks")
        name = found[1].lower()
        if name in self._cursors:
            raise SqlError(f'cursor "{name}" already exists')
        cursor = self.materialize(found[2])
        del self._cursors[cursor.table]
        self._cursors[name] = cursor

    def _cursor(self, sql: str) -> tuple[Cursor, int | None]:
        found = _FETCH.fullmatch(" ".join(statements.bare(sql).split()))
        if not found:
            raise SqlError("only FETCH NEXT, ALL and FORWARD are supported")
        name, how = found[2].lower(), (found[1] or "NEXT").upper().removeprefix("FORWARD").strip()
        if name not in self._cursors:
            raise SqlError(f'cursor "{name}" does not exist')
        count = None if how == "ALL" else int(how) if how.isdigit() else 1
        return self._cursors[name], count

    def _fetch(self, sql: str) -> Outcome:
        cursor, count = self._cursor(sql)
        return Outcome(lambda n: f"FETCH {n}", cursor.fields, iter([self.read(cursor, count)]))

    def _close_cursor(self, sql: str) -> None:
        name = statements.bare(sql).split()[-1].strip('"').lower()
        for key in list(self._cursors) if name == "all" else [name]:
            if key not in self._cursors:
                raise SqlError(f'cursor "{key}" does not exist')
            cursor = self._cursors.pop(key)
            self._session.connection.execute(f'DROP TABLE IF EXISTS temp."{cursor.table}"')
