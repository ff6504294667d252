"""What a delivery stream must not forget: how far it has stored its source, and which objects are not yet copied."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from local.kinesis_reader import AFTER, Position

_SCHEMA = """
CREATE TABLE IF NOT EXISTS shard (
    stream TEXT NOT NULL, shard_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (stream, shard_id)
);
CREATE TABLE IF NOT EXISTS object (
    key TEXT PRIMARY KEY, stream TEXT NOT NULL, number INTEGER NOT NULL, manifest TEXT
);
CREATE INDEX IF NOT EXISTS object_by_stream ON object (stream, manifest, number);
CREATE TABLE IF NOT EXISTS copy (
    manifest TEXT PRIMARY KEY, stream TEXT NOT NULL, token TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, started_at REAL NOT NULL, statement_id TEXT
);
CREATE TABLE IF NOT EXISTS delivery (
    stream TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL
);
"""
# One COPY reads any number of objects; this many keep a manifest small.
MOST_OBJECTS_A_COPY = 200


class Copy(NamedTuple):
    """A COPY under way: its manifest, the objects in it, the token of its first attempt and when that began."""

    manifest: str
    keys: tuple[str, ...]
    token: str
    attempts: int
    started_at: float
    statement_id: str | None


class Store:
    """SQLite, one writer process; its threads share the connection. Every method is one transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def positions(self, stream: str) -> dict[str, Position]:
        """Where to continue reading each shard this stream has seen."""
        with self._transaction() as db:
            rows = db.execute("SELECT shard_id, kind, value FROM shard WHERE stream = ?", (stream,)).fetchall()
        return {shard_id: Position(kind, value) for shard_id, kind, value in rows}

    def add_shard(self, stream: str, shard_id: str, position: Position) -> None:
        """Start a shard at a position, unless it is known already."""
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO shard VALUES (?, ?, ?, ?)", (stream, shard_id, *position))

    def stored(self, stream: str, key: str, last: Mapping[str, str]) -> None:
        """An object is in S3: it waits for its COPY, and its records are not read again."""
        with self._transaction() as db:
            number = db.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM object").fetchone()[0]
            db.execute("INSERT INTO object VALUES (?, ?, ?, NULL)", (key, stream, number))
            _advance(db, stream, last)

    def passed_over(self, stream: str, last: Mapping[str, str]) -> None:
        """Nothing of these records is to be stored: they are not read again."""
        with self._transaction() as db:
            _advance(db, stream, last)

    def waiting(self, stream: str) -> int:
        """How many stored objects wait for their COPY."""
        with self._transaction() as db:
            return int(db.execute("SELECT COUNT(*) FROM object WHERE stream = ?", (stream,)).fetchone()[0])

    def current_copy(self, stream: str) -> Copy | None:
        """The COPY that was started and not finished, if there is one."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT manifest, token, attempts, started_at, statement_id FROM copy WHERE stream = ?", (stream,)
            ).fetchone()
            if row is None:
                return None
            keys = db.execute("SELECT key FROM object WHERE manifest = ? ORDER BY number", (row[0],)).fetchall()
        return Copy(row[0], tuple(key for (key,) in keys), *row[1:])

    def begin_copy(self, stream: str, manifest: str, token: str, now: float) -> Copy | None:
        """Put the waiting objects under a new manifest; None when there are none."""
        with self._transaction() as db:
            keys = db.execute(
                "SELECT key FROM object WHERE stream = ? AND manifest IS NULL ORDER BY number LIMIT ?",
                (stream, MOST_OBJECTS_A_COPY),
            ).fetchall()
            if not keys:
                return None
            db.executemany("UPDATE object SET manifest = ? WHERE key = ?", [(manifest, key) for (key,) in keys])
            db.execute("INSERT INTO copy VALUES (?, ?, ?, 0, ?, NULL)", (manifest, stream, token, now))
        return Copy(manifest, tuple(key for (key,) in keys), token, 0, now, None)

    def executing(self, manifest: str, statement_id: str) -> None:
        """The COPY runs as this statement."""
        with self._transaction() as db:
            db.execute("UPDATE copy SET statement_id = ? WHERE manifest = ?", (statement_id, manifest))

    def failed_once(self, manifest: str) -> None:
        """An attempt failed; the next one is a new statement."""
        with self._transaction() as db:
            db.execute("UPDATE copy SET attempts = attempts + 1, statement_id = NULL WHERE manifest = ?", (manifest,))

    def end_copy(self, manifest: str) -> None:
        """The COPY is over, copied or given up: its objects wait no longer."""
        with self._transaction() as db:
            db.execute("DELETE FROM object WHERE manifest = ?", (manifest,))
            db.execute("DELETE FROM copy WHERE manifest = ?", (manifest,))

    def report(self, stream: str, state: str, reason: str = "") -> None:
        """What a delivery stream is at, for the people who look: `Running`, `Refused`, `Waiting`, with the reason."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO delivery VALUES (?, ?, ?)", (stream, state, reason))

    def keep_only(self, streams: Iterable[str]) -> None:
        """Forget the delivery streams that no longer exist."""
        keep = set(streams)
        with self._transaction() as db:
            for (name,) in db.execute("SELECT stream FROM delivery").fetchall():
                if name not in keep:
                    for table in ("shard", "object", "copy", "delivery"):
                        db.execute(f"DELETE FROM {table} WHERE stream = ?", (name,))  # noqa: S608  fixed names

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _advance(db: sqlite3.Connection, stream: str, last: Mapping[str, str]) -> None:
    for shard_id, sequence_number in last.items():
        db.execute(
            "UPDATE shard SET kind = ?, value = ? WHERE stream = ? AND shard_id = ?",
            (AFTER, sequence_number, stream, shard_id),
        )
