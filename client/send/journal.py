"""What was acknowledged of one file: an SQLite file per stage and content, written only after the acknowledgement.

A row of the file is in at most one batch of the journal. What is recorded replaces whatever was known of the same rows,
and batches that overlap it are cut down to their other rows: sending a file again, with batches of any size, leaves the
counts as they were, and a second run that is killed takes nothing away from the first.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from client.errors import ClientError

VERSION = 1
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE batch (
    first_row INTEGER PRIMARY KEY,  -- from 0
    rows INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    ids BLOB NOT NULL,              -- zlib of the rows' ids, one a line, empty for a rejected row
    findings BLOB NOT NULL,         -- zlib of JSON: [row in the batch, field, reason]...
    acknowledged_at REAL NOT NULL   -- seconds since 1970
);
"""

Findings = list[tuple[str, str]]  # field, reason


class Totals(NamedTuple):
    """Counts over a journal, in rows."""

    rows: int
    accepted: int
    rejected: int


class Journal:
    """An open journal; safe to use from the thread that opened it, and beside other processes."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Journal]:
        """Open or make a journal, readable by its owner only. Raises ClientError if it is broken or too new."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
                _prepare(path, database)
                yield cls(path, database)
        except (sqlite3.Error, OSError) as error:
            raise ClientError(
                f"The journal {path} cannot be used: {error}. Remove it to send from the start."
            ) from error

    def record(self, first_row: int, ids: Sequence[str | None], findings: Sequence[Findings]) -> None:
        """Note what became of consecutive rows; on return it outlives a killed process."""
        with self._transaction():
            for other in self._overlapping(first_row, first_row + len(ids)):
                self._cut(other, first_row, first_row + len(ids))
            self._insert(first_row, ids, findings)

    def describe(self, **values: str) -> None:
        """Keep facts about the file: its name, its number of rows."""
        with self._transaction():
            self._database.executemany("REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def facts(self) -> dict[str, str]:
        """What :meth:`describe` kept."""
        return dict(self._database.execute("SELECT key, value FROM meta"))

    def totals(self) -> Totals:
        """Counts of all rows known."""
        query = "SELECT coalesce(sum(rows), 0), coalesce(sum(accepted), 0), coalesce(sum(rejected), 0) FROM batch"
        return Totals(*self._database.execute(query).fetchone())

    def adopt(self, other: Journal) -> None:
        """Take over all that another journal of the same content knows."""
        for first, rows, ids, findings in other._database.execute("SELECT first_row, rows, ids, findings FROM batch"):
            found = _unpack_findings(findings)
            self.record(first, _unpack_ids(ids), [found.get(i, []) for i in range(rows)])
        self.describe(**other.facts())

    def covered(self) -> Iterator[tuple[int, int]]:
        """Ranges of known rows in order: first, and one past the last."""
        for first, rows in self._database.execute("SELECT first_row, rows FROM batch ORDER BY first_row"):
            yield first, first + rows

    def ids(self) -> Iterator[str]:
        """The id of every accepted row, in the order of the file."""
        for (packed,) in self._database.execute("SELECT ids FROM batch ORDER BY first_row"):
            yield from filter(None, _unpack_ids(packed))

    def rejected(self) -> Iterator[tuple[int, Findings]]:
        """Every rejected row and why, in the order of the file."""
        query = "SELECT first_row, findings FROM batch WHERE rejected > 0 ORDER BY first_row"
        for first, packed in self._database.execute(
            query
        ).fetchall():  # packed, and as it is now: it will be written to
            yield from ((first + row, found) for row, found in sorted(_unpack_findings(packed).items()))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _overlapping(self, begin: int, end: int) -> list[int]:
        query = "SELECT first_row FROM batch WHERE first_row < ? AND first_row + rows > ?"
        return [row[0] for row in self._database.execute(query, (end, begin))]

    def _cut(self, first: int, begin: int, end: int) -> None:
        """Leave of the batch at `first` only the rows outside of begin..end."""
        query = "SELECT ids, findings FROM batch WHERE first_row = ?"
        packed_ids, packed_findings = self._database.execute(query, (first,)).fetchone()
        ids, found = _unpack_ids(packed_ids), _unpack_findings(packed_findings)
        self._database.execute("DELETE FROM batch WHERE first_row = ?", (first,))
        for low, high in ((0, begin - first), (end - first, len(ids))):
            if 0 <= low < high:
                self._insert(first + low, ids[low:high], [found.get(i, []) for i in range(low, high)])

    def _insert(self, first_row: int, ids: Sequence[str | None], findings: Sequence[Findings]) -> None:
        accepted = sum(1 for identity in ids if identity)
        flat = [(i, field, reason) for i, found in enumerate(findings) for field, reason in found]
        values = (
            first_row,
            len(ids),
            accepted,
            len(ids) - accepted,
            zlib.compress("\n".join(identity or "" for identity in ids).encode()),
            zlib.compress(json.dumps(flat).encode()),
            time.time(),
        )
        self._database.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def _prepare(path: Path, database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")  # survives a killed process; a power cut may cost the last batches
    database.execute("BEGIN IMMEDIATE")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in _SCHEMA.split(";\n"):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")
    if version > VERSION:
        raise ClientError(f"The journal {path} was written by a newer version of swipeline: update this one.")


def _unpack_ids(packed: bytes) -> list[str | None]:
    return [identity or None for identity in zlib.decompress(packed).decode().split("\n")]


def _unpack_findings(packed: bytes) -> dict[int, Findings]:
    found: dict[int, Findings] = {}
    for row, field, reason in json.loads(zlib.decompress(packed)):
        found.setdefault(row, []).append((field, reason))
    return found
