"""Statements and their results, kept for 24 hours and across restarts, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.redshift.results import Result

TOKEN_SECONDS = 8 * 3600  # "idempotent ... for 8 hours"
_ADDED = ("session_id", "principal")  # columns that files of earlier versions lack
RETENTION_SECONDS = 24 * 3600  # "The Data API keeps statements and results for 24 hours"
ACTIVE = ("SUBMITTED", "PICKED", "STARTED")
_INTERRUPTED = "ERROR: The statement was interrupted by a restart of the server and rolled back."

_SCHEMA = """
CREATE TABLE IF NOT EXISTS statement (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, request TEXT, owner TEXT, token TEXT,
  status TEXT, error TEXT, created REAL, updated REAL, duration INTEGER, query_id INTEGER, pid INTEGER,
  session_id TEXT, principal TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS statement_token ON statement (owner, token);
CREATE INDEX IF NOT EXISTS statement_created ON statement (created);
CREATE TABLE IF NOT EXISTS part (id TEXT, number INTEGER, sql TEXT, status TEXT, error TEXT, created REAL,
  updated REAL, duration INTEGER, query_id INTEGER, rows INTEGER, columns TEXT, size INTEGER, PRIMARY KEY (id, number));
CREATE TABLE IF NOT EXISTS page (id TEXT, number INTEGER, page INTEGER, rows TEXT, PRIMARY KEY (id, number, page));
"""


@dataclass
class Part:
    """One SQL statement of a request. `columns` is None unless it has a result set; `rows` is -1 when not known."""

    number: int
    sql: str
    status: str = "SUBMITTED"
    error: str | None = None
    created: float = 0.0
    updated: float = 0.0
    duration: int = 0
    query_id: int = 0
    rows: int = -1
    columns: list[dict[str, Any]] | None = None
    size: int = -1


@dataclass
class Statement:
    """A request to execute: `request` is the API call's body, `owner` the ARN of its caller.

    `principal` is the ARN of the caller's own session, where `owner` is a role's.
    """

    id: str
    request: dict[str, Any]
    owner: str
    token: str | None
    created: float
    pid: int
    query_id: int
    parts: list[Part] = field(default_factory=list)
    status: str = "SUBMITTED"
    error: str | None = None
    updated: float = 0.0
    duration: int = 0
    seq: int = 0
    session_id: str | None = None
    principal: str | None = None

    @property
    def is_batch(self) -> bool:
        return "Sqls" in self.request

    @property
    def database(self) -> tuple[str, str]:
        """(workgroup, database)."""
        return self.request["WorkgroupName"], self.request["Database"]


class Store:
    """Thread-safe; every method is one SQLite transaction."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._now = now
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        known = {row["name"] for row in self._db.execute("PRAGMA table_info(statement)")}
        for name in _ADDED:
            if name not in known:
                self._db.execute(f"ALTER TABLE statement ADD COLUMN {name} TEXT")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _write(self, *statements: tuple[str, Iterable[Any]]) -> None:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for sql, values in statements:
                    self._db.execute(sql, tuple(values))
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def add(self, statement: Statement) -> None:
        """Keep a new statement and drop those past their retention."""
        self.expire()
        self._write(
            (
                "UPDATE statement SET token = NULL WHERE owner = ? AND token = ? AND created < ?",
                (statement.owner, statement.token, self._now() - TOKEN_SECONDS),
            ),
            (
                "INSERT INTO statement (id, request, owner, token, status, created, updated, duration, query_id, pid,"
                " session_id, principal) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
                (
                    statement.id,
                    json.dumps(statement.request),
                    statement.owner,
                    statement.token,
                    statement.status,
                    statement.created,
                    statement.created,
                    statement.query_id,
                    statement.pid,
                    statement.session_id,
                    statement.principal,
                ),
            ),
            *(
                (
                    "INSERT INTO part (id, number, sql, status, created, updated, duration, query_id, rows, size)"
                    " VALUES (?, ?, ?, ?, ?, ?, 0, ?, -1, -1)",
                    (statement.id, p.number, p.sql, p.status, p.created, p.created, p.query_id),
                )
                for p in statement.parts
            ),
        )

    def expire(self) -> None:
        before = self._now() - RETENTION_SECONDS
        old = "(SELECT id FROM statement WHERE created < ?)"
        self._write(
            (f"DELETE FROM page WHERE id IN {old}", (before,)),  # noqa: S608  a constant
            (f"DELETE FROM part WHERE id IN {old}", (before,)),  # noqa: S608  a constant
            ("DELETE FROM statement WHERE created < ?", (before,)),
        )

    def get(self, statement_id: str) -> Statement | None:
        with self._lock:
            row = self._db.execute(
                "SELECT * FROM statement WHERE id = ? AND created >= ?", (statement_id, self._now() - RETENTION_SECONDS)
            ).fetchone()
            return self._load(row) if row else None

    def by_token(self, owner: str, token: str) -> Statement | None:
        with self._lock:
            row = self._db.execute(
                "SELECT * FROM statement WHERE owner = ? AND token = ? AND created >= ?",
                (owner, token, self._now() - TOKEN_SECONDS),
            ).fetchone()
            return self._load(row) if row else None

    def active(self) -> list[Statement]:
        with self._lock:
            rows = self._db.execute("SELECT * FROM statement WHERE status IN ('SUBMITTED','PICKED','STARTED')")
            return [self._load(row) for row in rows.fetchall()]

    def active_count(self) -> int:
        with self._lock:
            query = "SELECT COUNT(*) FROM statement WHERE status IN ('SUBMITTED','PICKED','STARTED')"
            return int(self._db.execute(query).fetchone()[0])

    def newest(self, owner: str, before_seq: int, limit: int) -> list[Statement]:
        """The owner's statements, newest first, older than a sequence number."""
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM statement WHERE owner = ? AND seq < ? AND created >= ? ORDER BY seq DESC LIMIT ?",
                (owner, before_seq, self._now() - RETENTION_SECONDS, limit),
            ).fetchall()
            return [self._load(row) for row in rows]

    def _load(self, row: sqlite3.Row) -> Statement:
        names = ("id", "owner", "token", "created", "pid", "query_id", "status", "error", "updated", "duration", "seq")
        statement = Statement(request=json.loads(row["request"]), **{name: row[name] for name in (*names, *_ADDED)})
        parts = self._db.execute("SELECT * FROM part WHERE id = ? ORDER BY number", (row["id"],)).fetchall()
        for part in parts:
            values = {name: part[name] for name in part.keys() if name != "id"}  # noqa: SIM118  a sqlite3.Row
            values["columns"] = json.loads(values["columns"]) if values["columns"] else None
            statement.parts.append(Part(**values))
        return statement

    def set_status(self, statement_id: str, status: str, duration: int = 0, error: str | None = None) -> None:
        """Move a statement that isn't over yet; one that is over stays as it is."""
        self._write(
            (
                "UPDATE statement SET status = ?, updated = ?, duration = ?, error = ?"
                " WHERE id = ? AND status IN ('SUBMITTED','PICKED','STARTED')",
                (status, self._now(), duration, error, statement_id),
            )
        )

    def set_part(
        self, statement_id: str, number: int, status: str, duration: int = 0, error: str | None = None, rows: int = -1
    ) -> None:
        self._write(
            (
                "UPDATE part SET status = ?, updated = ?, duration = ?, error = ?, rows = ?"
                " WHERE id = ? AND number = ?",
                (status, self._now(), duration, error, rows, statement_id, number),
            )
        )

    def save_result(self, statement_id: str, number: int, result: Result) -> None:
        """Keep a result set. It is readable only once its part is FINISHED, that is, after the commit."""
        self._write(
            (
                "UPDATE part SET columns = ?, rows = ?, size = ? WHERE id = ? AND number = ?",
                (json.dumps(result.columns), result.rows, result.size, statement_id, number),
            ),
            *(
                ("INSERT OR REPLACE INTO page VALUES (?, ?, ?, ?)", (statement_id, number, index, page))
                for index, page in enumerate(result.pages)
            ),
        )

    def page(self, statement_id: str, number: int, page: int) -> tuple[list[list[dict[str, Any]]], bool]:
        """(rows of a page, whether another follows)."""
        with self._lock:
            rows = self._db.execute(
                "SELECT page, rows FROM page WHERE id = ? AND number = ? AND page IN (?, ?) ORDER BY page",
                (statement_id, number, page, page + 1),
            ).fetchall()
        found = {row["page"]: row["rows"] for row in rows}
        data = found.get(page, "[]")
        return json.loads(zlib.decompress(data) if isinstance(data, bytes) else data), page + 1 in found

    def close_parts(self, statement_id: str, status: str, error: str | None = None) -> None:
        """End the parts that didn't get their turn, or whose work was rolled back."""
        self._write(
            (
                "UPDATE part SET status = ?, error = COALESCE(error, ?), updated = ?"
                " WHERE id = ? AND status IN ('SUBMITTED','PICKED','STARTED')",
                (status, error, self._now(), statement_id),
            )
        )

    def recover(self, committed: Callable[[Statement], bool]) -> int:
        """After a crash: what was committed is FINISHED, the rest FAILED. Returns how many were found unfinished."""
        interrupted = self.active()
        for statement in interrupted:
            if committed(statement):
                self.close_parts(statement.id, "FINISHED")
                self.set_status(statement.id, "FINISHED")
            else:
                self.close_parts(statement.id, "FAILED", _INTERRUPTED)
                self.set_status(statement.id, "FAILED", error=_INTERRUPTED)
        return len(interrupted)
