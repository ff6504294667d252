"""How far each mapping is done with each shard, and which mappings run: durable in SQLite, safe against kill -9."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from local.kinesis_reader import AFTER, Position

_SCHEMA = """
CREATE TABLE IF NOT EXISTS shard (
    mapping TEXT NOT NULL, shard_id TEXT NOT NULL,
    kind TEXT NOT NULL, value TEXT NOT NULL, finished INTEGER NOT NULL DEFAULT 0, changed_at REAL NOT NULL,
    PRIMARY KEY (mapping, shard_id)
);
CREATE TABLE IF NOT EXISTS mapping (
    uuid TEXT PRIMARY KEY, function_name TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    last_result TEXT NOT NULL DEFAULT ''
);
"""


class ShardState(NamedTuple):
    """Where to continue reading a shard; `finished` once it has ended and all of it is done."""

    position: Position
    finished: bool


class Checkpoints:
    """One writer process; its threads share the connection."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # WAL with synchronous NORMAL: a killed process loses nothing; a power cut may lose the last checkpoints, and
        # the records after them are processed again.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        if "last_result" not in {row[1] for row in self._db.execute("PRAGMA table_info(mapping)")}:
            self._db.execute("ALTER TABLE mapping ADD COLUMN last_result TEXT NOT NULL DEFAULT ''")
        self._results: dict[str, str] = {}

    def shards(self, mapping: str) -> dict[str, ShardState]:
        """All shards a mapping has ever seen."""
        rows = self._run("SELECT shard_id, kind, value, finished FROM shard WHERE mapping = ?", (mapping,))
        return {shard: ShardState(Position(kind, value), bool(done)) for shard, kind, value, done in rows}

    def add(self, mapping: str, shard_id: str, position: Position) -> None:
        """Start a shard at a position, unless it is known already."""
        self._run(
            "INSERT OR IGNORE INTO shard (mapping, shard_id, kind, value, changed_at) VALUES (?, ?, ?, ?, ?)",
            (mapping, shard_id, position.kind, position.value, time.time()),
        )

    def advance(self, mapping: str, shard_id: str, sequence_number: str) -> None:
        """Everything up to this sequence number is done."""
        self._run(
            "UPDATE shard SET kind = ?, value = ?, changed_at = ? WHERE mapping = ? AND shard_id = ?",
            (AFTER, sequence_number, time.time(), mapping, shard_id),
        )

    def finish(self, mapping: str, shard_id: str) -> None:
        """The shard has ended and all of it is done: its children may start."""
        self._run("UPDATE shard SET finished = 1 WHERE mapping = ? AND shard_id = ?", (mapping, shard_id))

    def forget_shards(self, mapping: str, listed: Iterable[str]) -> None:
        """Forget the finished shards that the stream has no more."""
        gone = {shard_id for shard_id, state in self.shards(mapping).items() if state.finished} - set(listed)
        for shard_id in gone:
            self._run("DELETE FROM shard WHERE mapping = ? AND shard_id = ?", (mapping, shard_id))

    def report_mapping(self, uuid: str, function_name: str, state: str, reason: str = "") -> None:
        """What a mapping is at, for the people who look: `Running`, `Refused`, `Waiting`, with the reason."""
        self._run(
            "INSERT INTO mapping (uuid, function_name, state, reason) VALUES (?, ?, ?, ?) ON CONFLICT (uuid) DO UPDATE "
            "SET function_name = excluded.function_name, state = excluded.state, reason = excluded.reason",
            (uuid, function_name, state, reason),
        )

    def report_result(self, uuid: str, result: str) -> None:
        """The result of a mapping's last batch or read, in the words of Lambda's LastProcessingResult."""
        with self._lock:
            if self._results.get(uuid) == result:
                return
        self._run("UPDATE mapping SET last_result = ? WHERE uuid = ?", (result, uuid))
        with self._lock:
            self._results[uuid] = result

    def keep_only(self, uuids: Iterable[str]) -> None:
        """Forget the mappings that no longer exist."""
        keep = set(uuids)
        for (uuid,) in self._run("SELECT uuid FROM mapping"):
            if uuid not in keep:
                self._run("DELETE FROM mapping WHERE uuid = ?", (uuid,))
                self._run("DELETE FROM shard WHERE mapping = ?", (uuid,))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _run(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[str, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()
