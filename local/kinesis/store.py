"""Streams and their records in SQLite: each put is on disk before its answer, reads take what they ask for and no more.

Every shard has a table of its own, ordered by the records' position: a put appends to its end, a read is one range, and
an expired shard is one table dropped. Memory holds the last position of each shard, and no record.

A put is handed to the kernel (WAL, synchronous NORMAL): it outlives the process; a power cut may take the last ones.
Each row carries a checksum, since SQLite has none: damage is found by `check`, before the file is opened to be written.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stream (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (account, region, name)
);
CREATE TABLE IF NOT EXISTS taken_over (number TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
"""
_CACHED_STATEMENTS = 2048  # two for each shard that is in use
_CHECKPOINT_PAGES = 4000
_MOST_EXPIRED_AT_ONCE = 200

Scope = tuple[str, str, str]  # account, region, name of a stream
Stream = dict[str, Any]


class DamagedStoreError(RuntimeError):
    """The file is damaged or gone: what is in it cannot be trusted. The message names it and what is lost."""


class Row(NamedTuple):
    """A record; `position` is its arrival in microseconds since 1970, and unique in the store."""

    position: int
    partition_key: str
    data: bytes


class Put(NamedTuple):
    """A record to append to a shard's table."""

    table: int
    partition_key: str
    data: bytes


class Store:
    """One writer process; its threads share the connection. Every method is one transaction."""

    def __init__(self, path: Path) -> None:
        """Open or create it. Raises DamagedStoreError when SQLite does not take the file."""
        self.path = path
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None, cached_statements=_CACHED_STATEMENTS
            )
            self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a new file: expired records give their room back
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
            self._db.executescript(_SCHEMA)
            self._last = {table: self._last_position(table) for table in self._tables()}
        except sqlite3.DatabaseError as error:
            raise DamagedStoreError(f"{path} is damaged ({error}): the streams' records cannot be read") from error
        self._next_table = max(self._last, default=0)
        self._newest = max(self._last.values(), default=0)

    def streams(self) -> list[tuple[Scope, Stream]]:
        """All streams. Raises ValueError for one whose description is damaged."""
        with self._lock:
            return list(_streams(self._db))

    def save(self, scope: Scope, stream: Stream, dropped: Iterable[int] = ()) -> None:
        """Store a stream's description; make the tables its shards lack, drop those of `dropped` shards."""
        made = []
        with self._transaction() as db:
            for shard in stream["shards"].values():
                if shard["table"] is None:
                    self._next_table += 1
                    shard["table"] = self._next_table
                    made.append(self._next_table)
                    db.execute(
                        f"CREATE TABLE record_{self._next_table} (number INTEGER PRIMARY KEY,"
                        " partition_key TEXT NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL)"
                    )
            self._drop(db, dropped)
            content = json.dumps(stream)
            checksum = _checksum(" ".join((*scope, content)).encode())
            db.execute("INSERT OR REPLACE INTO stream VALUES (?, ?, ?, ?, ?)", (*scope, content, checksum))
        self._last |= dict.fromkeys(made, 0)

    def delete(self, scope: Scope, tables: Iterable[int]) -> None:
        """Forget a stream and its records."""
        with self._transaction() as db:
            db.execute("DELETE FROM stream WHERE account = ? AND region = ? AND name = ?", scope)
            self._drop(db, tables)

    def append(self, puts: Sequence[Put]) -> range:
        """Append records, all or none; give their positions, above all that were given before.

        Raises sqlite3.OperationalError when they cannot be kept, e.g. on a full disk.
        """
        with self._lock:
            first = max(self._newest + 1, time.time_ns() // 1000)
            positions = range(first, first + len(puts))
            with self._transaction() as db:
                for position, (table, partition_key, data) in zip(positions, puts, strict=True):
                    checksum = _checksum(data, _checksum(partition_key.encode(), position))
                    db.execute(
                        f"INSERT INTO record_{table} VALUES (?, ?, ?, ?)", (position, partition_key, data, checksum)
                    )
            self._newest = positions[-1] if puts else self._newest
            self._last |= {put.table: position for position, put in zip(positions, puts, strict=True)}
        return positions

    def take_over(self, records: Iterable[tuple[int, str, Row]]) -> None:
        """Append an earlier release's records: table, sequence number as it was, row; in the order of their numbers."""
        with self._transaction() as db:
            for table, number, (arrived, partition_key, data) in records:
                self._newest = position = max(self._newest + 1, arrived)
                checksum = _checksum(data, _checksum(partition_key.encode(), position))
                db.execute(f"INSERT INTO record_{table} VALUES (?, ?, ?, ?)", (position, partition_key, data, checksum))
                db.execute("INSERT INTO taken_over VALUES (?, ?)", (number, position))
                self._last[table] = position

    def taken_over(self, number: str) -> int:
        """The position behind which a reader continues whose checkpoint is a sequence number of an earlier release."""
        with self._lock:
            sql = "SELECT MAX(position) FROM taken_over WHERE number <= ?"
            (position,) = self._db.execute(sql, (number,)).fetchone()
        return int(position or 0)

    def last(self, table: int) -> int:
        """The position of a shard's newest record, 0 if it never had one."""
        return self._last.get(table, 0)

    def read(self, table: int, after: int, limit: int, most_bytes: int) -> list[Row]:
        """The records behind a position, in order: at most `limit`, and no more bytes, but one record at least."""
        if self.last(table) <= after:
            return []
        rows: list[Row] = []
        size = 0
        with self._lock:
            found = self._db.execute(
                f"SELECT number, partition_key, data FROM record_{table} WHERE number > ? ORDER BY number LIMIT ?",
                (after, limit),
            )
            for row in map(Row._make, found):
                size += len(row.data) + len(row.partition_key)
                if rows and size > most_bytes:
                    break
                rows.append(row)
            found.close()
        return rows

    def expire(self, table: int, before: int) -> int:
        """Delete records that arrived before a position, a bounded number at a time; give how many."""
        with self._transaction() as db:
            gone = db.execute(
                f"DELETE FROM record_{table} WHERE number IN"
                f" (SELECT number FROM record_{table} WHERE number < ? LIMIT {_MOST_EXPIRED_AT_ONCE})",
                (before,),
            ).rowcount
        return int(gone)

    def release_pages(self) -> None:
        """Give free pages back to the file system."""
        with self._lock:
            self._db.executescript("PRAGMA incremental_vacuum(2000)")  # `execute` takes one step, that is one page

    def close(self) -> None:
        """Close the file; what is in the write-ahead log goes into it."""
        with self._lock:
            self._db.close()

    def _drop(self, db: sqlite3.Connection, tables: Iterable[int]) -> None:
        for table in tables:
            db.execute(f"DROP TABLE IF EXISTS record_{table}")
            self._last.pop(table, None)

    def _tables(self) -> list[int]:
        rows = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'record_*'")
        return [int(name.rpartition("_")[2]) for (name,) in rows]

    def _last_position(self, table: int) -> int:
        (last,) = self._db.execute(f"SELECT MAX(number) FROM record_{table}").fetchone()
        return int(last or 0)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def check(path: Path) -> None:
    """Read a store as a whole, and change nothing. Raises DamagedStoreError that names what is damaged."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise ValueError(found)
            for scope, stream in _streams(db):
                for shard_id, shard in stream["shards"].items():
                    _check_records(db, f"{shard_id} of stream {scope[2]}", shard["table"])
    except (sqlite3.DatabaseError, ValueError) as error:
        raise DamagedStoreError(f"{path} is damaged: {error}") from error


def _streams(db: sqlite3.Connection) -> Iterator[tuple[Scope, Stream]]:
    for account, region, name, content, checksum in db.execute(
        "SELECT account, region, name, content, checksum FROM stream"
    ):
        if _checksum(f"{account} {region} {name} {content}".encode()) != checksum:
            raise ValueError(f"the description of stream {name}")
        yield (account, region, name), json.loads(content)


def _check_records(db: sqlite3.Connection, named: str, table: int) -> None:
    rows = db.execute(f"SELECT number, partition_key, data, checksum FROM record_{table}")
    for position, partition_key, data, checksum in rows:
        if _checksum(data, _checksum(partition_key.encode(), position)) != checksum:
            raise ValueError(f"record {position} in {named}")


def _checksum(data: bytes, start: int = 0) -> int:
    return zlib.crc32(data, start & 0xFFFFFFFF)
