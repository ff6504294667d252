"""Runs statements: readers on a small pool, writers of a database one after another, as Redshift's locks make them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb

from local.redshift.copy_load import LoadError
from local.redshift.copy_source import ObjectAccess
from local.redshift.engine import OWNER, Database, Session
from local.redshift.errors import Cancelled, SqlError
from local.redshift.sessions import Sessions
from local.redshift.store import Part, Statement, Store
from local.redshift.translate import Compiled

READERS = 4
_CANCEL_SECONDS = 10.0
Work = list[Compiled | SqlError]  # one per part; a statement that couldn't be compiled fails when its turn comes


class Running:
    """A statement on its way: whether it was cancelled, and the session to interrupt."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.session: Session | None = None
        self.done = threading.Event()
        self.future: Future[None] | None = None
        self.session_id: str | None = None


class Runner:
    def __init__(
        self,
        store: Store,
        home: Path,
        objects: ObjectAccess | None = None,
        exists: Callable[[str, str], bool] = lambda workgroup, database: True,
    ) -> None:
        """`exists` says whether there is such a workgroup and database; one that is used first is made then."""
        self._store, self._home, self._objects, self._exists = store, home, objects, exists
        self.sessions = Sessions()
        self._lock = threading.Lock()
        self._databases: dict[tuple[str, str], Database] = {}
        self._writers: dict[tuple[str, str], ThreadPoolExecutor] = {}
        self._write_locks: dict[tuple[str, str], threading.Lock] = {}
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._running: dict[str, Running] = {}

    def database(self, workgroup: str, name: str) -> Database:
        """The database, opened (and made, the first time) on demand. Raises SqlError when there is none."""
        with self._lock:
            key = (workgroup, name)
            if key not in self._databases:
                if not self._exists(workgroup, name) and not (self._home / workgroup / f"{name}.duckdb").exists():
                    raise SqlError(f'FATAL: database "{name}" does not exist')
                self._databases[key] = Database(self._home / workgroup / f"{name}.duckdb")
            return self._databases[key]

    def write_lock(self, workgroup: str, name: str) -> threading.Lock:
        """What a transaction holds from its first write to its end: writers of a database run one at a time."""
        with self._lock:
            return self._write_locks.setdefault((workgroup, name), threading.Lock())

    @property
    def objects(self) -> ObjectAccess | None:
        return self._objects

    def names(self, workgroup: str) -> list[str]:
        """The workgroup's databases."""
        with self._lock:
            opened = {name for group, name in self._databases if group == workgroup}
        return sorted(opened | {path.stem for path in (self._home / workgroup).glob("*.duckdb")})

    def recover(self) -> int:
        """Settle the statements that a crash left unfinished. Call once, before the first submit."""
        return self._store.recover(lambda statement: self.database(*statement.database).committed(statement.id))

    def submit(
        self, statement: Statement, work: Work, roles: Collection[str] | None = None, user: str = OWNER
    ) -> Running:
        """Store a statement and queue it. `work` has one entry per part; `roles` and `user` as Database.session has."""
        self._store.add(statement)
        writes = any(isinstance(item, Compiled) and item.writes for item in work)
        running = Running()
        running.session_id = statement.session_id
        with self._lock:
            self._running[statement.id] = running
            pool = self._readers
            if writes:
                pool = self._writers.setdefault(statement.database, ThreadPoolExecutor(1, thread_name_prefix="writer"))
            running.future = pool.submit(self._run, statement, work, running, roles, user)
        return running

    def wait(self, statement_id: str, seconds: float) -> None:
        """Until the statement is over, or the time is."""
        with self._lock:
            running = self._running.get(statement_id)
        if running:
            running.done.wait(seconds)

    def cancel(self, statement_id: str) -> bool:
        """Stop a statement that is queued or running; False when it was over before."""
        with self._lock:
            running = self._running.get(statement_id)
        if running is None:
            return False
        running.cancelled.set()
        if running.future and running.future.cancel():
            self._finish(statement_id, running, "ABORTED", 0, None)
            return True
        deadline = time.monotonic() + _CANCEL_SECONDS
        while not running.done.wait(0.02) and time.monotonic() < deadline:
            session = running.session
            if session:
                session.interrupt()
        return True

    def stop(self, grace_seconds: float = 5.0) -> None:
        """Let running statements end, then interrupt them; what is queued is found FAILED by the next start."""
        with self._lock:
            pools = [self._readers, *self._writers.values()]
            running = list(self._running.values())
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + grace_seconds
        for item in running:
            if (
                item.future
                and not item.future.cancelled()
                and not item.done.wait(max(0.0, deadline - time.monotonic()))
            ):
                item.cancelled.set()
                if item.session:
                    item.session.interrupt()
                item.done.wait(_CANCEL_SECONDS)
        self.sessions.close()
        for database in self._databases.values():
            database.close()

    def _run(
        self, statement: Statement, compiled: Work, running: Running, roles: Collection[str] | None, user: str
    ) -> None:
        self._store.set_status(statement.id, "PICKED")
        started = time.perf_counter_ns()
        status, message = "FAILED", None
        errors: list[LoadError] = []
        try:
            database = self.database(*statement.database)
            with self._turn(statement, compiled, running), self._session(database, statement, roles, user) as session:
                self._store.set_status(statement.id, "STARTED")
                running.session = session
                try:
                    status, message = self._execute(statement, compiled, running, session)
                finally:
                    running.session = None
                    errors, session.load_errors = session.load_errors, []
            if errors:
                record_load_errors(database, statement.pid, errors)
        except Cancelled:
            status = "ABORTED"
        except (SqlError, duckdb.Error) as error:
            message = str(error) if isinstance(error, SqlError) else f"ERROR: {error}"
        except Exception as error:
            message = f"ERROR: internal error of the server: {type(error).__name__}: {error}"
            raise
        finally:
            self._finish(statement.id, running, status, time.perf_counter_ns() - started, message)

    @contextmanager
    def _session(
        self, database: Database, statement: Statement, roles: Collection[str] | None, user: str
    ) -> Iterator[Session]:
        """A session for the statement alone, or the one that it was sent to."""
        kept = self.sessions.get(statement.session_id) if statement.session_id else None
        if kept is None:
            with database.session(roles, user) as session:
                yield session
            return
        if kept.session is None:
            kept.session = database.session(roles, user)
        yield kept.session

    @contextmanager
    def _turn(self, statement: Statement, work: Work, running: Running) -> Iterator[None]:
        """Holds the database's write lock for a statement that writes: a session of the wire may have it."""
        if not any(isinstance(item, Compiled) and item.writes for item in work):
            yield
            return
        lock = self.write_lock(*statement.database)
        while not lock.acquire(timeout=0.05):
            if running.cancelled.is_set():
                raise Cancelled
        try:
            yield
        finally:
            lock.release()

    def _execute(
        self, statement: Statement, compiled: Work, running: Running, session: Session
    ) -> tuple[str, str | None]:
        if statement.request.get("ExecutionMode") == "AUTO_COMMIT":
            return self._each_alone(statement, compiled, running, session)
        session.begin()
        for part, item in zip(statement.parts, compiled, strict=True):
            failure = self._part(statement, part, item, running, session)
            if failure:
                session.rollback()
                status, message = failure
                if status == "FAILED" and statement.is_batch:
                    message = f"Query #{part.number} failed with {message}"
                return status, message
        if all(isinstance(item, Compiled) and not item.writes for item in compiled):
            session.rollback()
        else:
            session.commit(statement.id)
        return "FINISHED", None

    def _each_alone(
        self, statement: Statement, compiled: Work, running: Running, session: Session
    ) -> tuple[str, str | None]:
        first: str | None = None
        for part, item in zip(statement.parts, compiled, strict=True):
            session.begin()
            failure = self._part(statement, part, item, running, session)
            if not failure:
                session.commit(f"{statement.id}:{part.number}")
                continue
            session.rollback()
            if failure[0] == "ABORTED":
                return failure
            first = first or f"Query #{part.number} failed with {failure[1]}"
        return ("FAILED", first) if first else ("FINISHED", None)

    def _part(
        self, statement: Statement, part: Part, item: Compiled | SqlError, running: Running, session: Session
    ) -> tuple[str, str | None] | None:
        """Run one part; None when it went well, else the status and error it ended with."""
        started = time.perf_counter_ns()
        self._store.set_part(statement.id, part.number, "STARTED")
        try:
            if running.cancelled.is_set():
                raise Cancelled
            if isinstance(item, SqlError):
                raise item
            if item.alter and item.alter.runs_alone and len(statement.parts) > 1:
                raise SqlError("ALTER TABLE ALTER COLUMN cannot run inside a transaction block")
            rows, result = session.run(item, part.query_id, self._objects)
        except (Cancelled, duckdb.InterruptException):
            self._store.set_part(statement.id, part.number, "ABORTED", time.perf_counter_ns() - started)
            return "ABORTED", None
        except SqlError as error:
            self._store.set_part(statement.id, part.number, "FAILED", time.perf_counter_ns() - started, str(error))
            return "FAILED", str(error)
        self._store.set_part(statement.id, part.number, "FINISHED", time.perf_counter_ns() - started, rows=rows)
        if result:
            self._store.save_result(statement.id, part.number, result)
        return None

    def _finish(self, statement_id: str, running: Running, status: str, duration: int, message: str | None) -> None:
        if running.session_id:
            self.sessions.release(running.session_id)
        self._store.close_parts(statement_id, "ABORTED")
        self._store.set_status(statement_id, status, duration, message)
        with self._lock:
            self._running.pop(statement_id, None)
        running.done.set()


def record_load_errors(database: Database, pid: int, errors: list[LoadError]) -> None:
    """Keep load errors in a transaction of their own: they outlive the COPY's rollback."""
    with database.session() as session:
        session.connection.executemany(
            "INSERT INTO main._load_error VALUES (100, 0, (SELECT max(table_oid) FROM duckdb_tables()"
            " WHERE table_name = ?), now()::TIMESTAMP, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(e.table, pid, e.query, e.filename, e.line_number, e.column, e.type, e.length),
                    *(e.raw_line, e.raw_field, e.code, e.reason, e.database, e.table),
                )
                for e in errors
            ],
        )
