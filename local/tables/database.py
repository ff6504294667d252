"""The database of the embedded DynamoDB: one connection, one transaction for all requests of a moment.

A request is answered when its transaction is committed. SQLite's write-ahead log hands a commit to the kernel, so it
outlives the process; the log is moved into the database, and forced to the disk, by a thread with a connection of its
own, so that no request waits for it.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

CACHE_KIB = 32 * 1024
CHECKPOINT_AFTER_BYTES = 32 * 1024 * 1024
# While requests keep coming, the log does not start over by itself; past this size they wait until it does.
MOST_LOG_BYTES = 256 * 1024 * 1024
KEPT_LOG_BYTES = 64 * 1024 * 1024  # of the file, when the log starts over
CHECKPOINT_SECONDS = 1.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS tables (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    keys TEXT NOT NULL,     -- JSON: names of the table's key attributes
    indexes TEXT NOT NULL,  -- JSON: [number, name, hash attributes, range attributes] of each index
    ttl TEXT,               -- name of the attribute that says when an item expires
    items INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account, region, name)
);
CREATE TABLE IF NOT EXISTS shapes (
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL, shape TEXT NOT NULL, UNIQUE (table_id, shape)
);
"""


class Database:
    """A SQLite file. Its methods may be called from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = self._connect()
        self._connection.executescript(SCHEMA)
        self._before_commit: list[Callable[[], None]] = []
        self._after_rollback: list[Callable[[], None]] = []
        self.rollbacks = 0  # a caller that waits for a commit sees by it that what it wrote is gone
        self._in_part = False  # a savepoint is not committed in its middle
        self._closing = threading.Event()
        self._checkpoints = threading.Thread(target=self._checkpoint_forever, name="tables-checkpoint", daemon=True)
        self._checkpoints.start()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=512
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA journal_size_limit = {KEPT_LOG_BYTES}")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        return connection

    def hear(self, before_commit: Callable[[], None], after_rollback: Callable[[], None]) -> None:
        """Call these at the end of a transaction."""
        self._before_commit.append(before_commit)
        self._after_rollback.append(after_rollback)

    @property
    def pending(self) -> bool:
        """Whether something was written that is not committed."""
        return self._connection.in_transaction

    def read(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self.lock:
            return self._connection.execute(statement, parameters).fetchall()

    def write(self, statement: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Carry out a statement in the transaction of the moment."""
        with self.lock:
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            return self._connection.execute(statement, parameters)

    def write_many(self, statement: str, rows: list[tuple[Any, ...]]) -> int:
        """Carry out a statement for each row; give how many rows it changed."""
        with self.lock:
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            return self._connection.executemany(statement, rows).rowcount

    def commit(self) -> None:
        """Keep what was written since the last commit; without room for it, nothing of it. Raises sqlite3.Error."""
        with self.lock:
            if not self._connection.in_transaction or self._in_part:
                return
            try:
                for call in self._before_commit:
                    call()
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                self.roll_back()
                raise
            if self._log_bytes() > MOST_LOG_BYTES:
                self._connection.execute("PRAGMA wal_checkpoint(RESTART)")

    def roll_back(self) -> None:
        """Forget what was written since the last commit."""
        with self.lock:
            self.rollbacks += 1
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for call in self._after_rollback:
                call()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that :meth:`roll_back_to_savepoint` takes back."""
        with self.lock:
            for call in self._before_commit:
                call()
            self.write("SAVEPOINT part")
            self._in_part = True
            try:
                yield
            finally:
                self._in_part = False
            self.write("RELEASE part")

    def roll_back_to_savepoint(self) -> None:
        """Forget what was written since the savepoint began."""
        with self.lock:
            self.write("ROLLBACK TO part")
            for call in self._after_rollback:
                call()

    def close(self) -> None:
        """Commit, and move the log into the database."""
        self._closing.set()
        self._checkpoints.join()
        with self.lock:
            self.commit()
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()

    def _log_bytes(self) -> int:
        try:
            return self.path.with_name(self.path.name + "-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def _checkpoint_forever(self) -> None:
        connection = self._connect()
        done = 0
        while not self._closing.wait(CHECKPOINT_SECONDS):
            version = int(connection.execute("PRAGMA data_version").fetchone()[0])
            if version == done or self._log_bytes() < CHECKPOINT_AFTER_BYTES:
                continue
            try:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                done = version
            except sqlite3.Error as error:  # a full disk: the log stays, and is moved later
                log.warning("the log of the tables is not moved into the database: %s", error)
        connection.close()
