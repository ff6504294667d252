"""What was acknowledged of one file: an SQLite file per stage and content, written only after the acknowledgment.

A row of the file is in at most one batch of the journal. What is recorded replaces whatever was known of the same rows,
and batches that overlap it are cut down to their other rows: sending a file again, with batches of any size, leaves the
counts as they were, and a second run that is killed loses nothing of the first.
"""

from __future__ import annotations

import errno
import heapq
import json
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from client.errors import ClientError

VERSION = 2
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
# Version 2: workers have a card each, so a batch need not be of consecutive rows.
_SECOND = """
ALTER TABLE batch ADD COLUMN gaps BLOB;  -- zlib of the distances between the rows; NULL: they are consecutive
ALTER TABLE batch ADD COLUMN last_row INTEGER NOT NULL DEFAULT 0;
UPDATE batch SET last_row = first_row + rows - 1;
CREATE INDEX batch_last_row ON batch (last_row);
"""

Findings = list[tuple[str, str]]  # field, reason


class Totals(NamedTuple):
    """Counts over a journal, in rows."""

    rows: int
    accepted: int
    rejected: int


_FULL_CODES = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
_BROKEN_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _unusable(path: Path, error: sqlite3.Error | OSError) -> str:
    """Why a journal cannot be used, and what to do: only a broken one is worth removing, it knows what was stored."""
    code = getattr(error, "sqlite_errorcode", None)
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or code in _FULL_CODES:
        return (
            f"disk full: the journal {path} cannot be written ({error}). Make room and send again with --resume. Keep "
            "the journal: it is the record of what the API has acknowledged."
        )
    if code is not None and code & 0xFF in _BROKEN_CODES:
        return f"The journal {path} is damaged: {error}. Remove it to send from the start; nothing is stored twice."
    return f"The journal {path} cannot be used: {error}."


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
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            os.fchmod(handle, 0o600)  # SQLite gives its other files the same mode
            os.close(handle)
            # Its opener may hand it to a thread that sends: one thread uses it at a time.
            with closing(sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)) as database:
                _prepare(path, database)
                yield cls(path, database)
        except (sqlite3.Error, OSError) as error:
            raise ClientError(_unusable(path, error)) from error

    def record(self, numbers: Sequence[int], ids: Sequence[str | None], findings: Mapping[int, Findings]) -> None:
        """Record the outcome of rows, by their numbers, ascending; on return it outlives a killed process.

        ``findings`` has, by position in ``numbers``, why a row was rejected.
        """
        if not numbers:
            return
        taken = set(numbers)
        with self._transaction():
            for other in self._near(numbers[0], numbers[-1]):
                self._cut(other, taken)
            self._insert(numbers, ids, findings)

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
        query = "SELECT first_row, rows, gaps, ids, findings FROM batch"
        for first, rows, gaps, ids, findings in other._database.execute(query):
            self.record(_numbers(first, rows, gaps), _unpack_ids(ids), _unpack_findings(findings))
        self.describe(**other.facts())

    def covered(self) -> Iterator[tuple[int, int]]:
        """Ranges of known rows in order, as long as they go: first, and one past the last."""
        begin = end = -1
        for number, _ in self._in_order("rows", lambda rows: range(rows)):
            if number != end:
                if end > begin:
                    yield begin, end
                begin = number
            end = number + 1
        if end > begin:
            yield begin, end

    def ids(self) -> Iterator[str]:
        """The id of every accepted row, in the order of the file."""
        for _, identity in self._in_order("ids", _unpack_ids):
            if identity:
                yield identity

    def rejected(self) -> Iterator[tuple[int, Findings]]:
        """Every rejected row and why, in the order of the file, as it is now: the journal may be written to."""
        query = "SELECT first_row, rows, gaps, findings FROM batch WHERE rejected > 0 ORDER BY first_row"
        found: list[tuple[int, Findings]] = []
        for first, rows, gaps, packed in self._database.execute(query).fetchall():
            numbers = _numbers(first, rows, gaps)
            found += [(numbers[row], reasons) for row, reasons in _unpack_findings(packed).items()]
        yield from sorted(found)

    def _in_order(self, column: str, unpack: Callable[[Any], Iterable[Any]]) -> Iterator[tuple[int, Any]]:
        """Every row's number and value in the order of the file; only batches that overlap are in memory at once."""
        query = f"SELECT first_row, rows, gaps, {column} FROM batch ORDER BY first_row"  # noqa: S608
        # Each pending batch: its next row's number, the batch's first row (no two are equal), the rest.
        pending: list[tuple[int, int, Any, Iterator[tuple[int, Any]]]] = []
        for first, rows, gaps, packed in self._database.execute(query):
            yield from _until(pending, first)
            values = iter(zip(_numbers(first, rows, gaps), unpack(packed), strict=True))
            heapq.heappush(pending, (*_next(values, first), values))
        yield from _until(pending, None)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._database.in_transaction:  # SQLite itself has rolled back when the disk is full
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _near(self, first: int, last: int) -> list[int]:
        """The batches that may hold some of the rows."""
        query = "SELECT first_row FROM batch WHERE first_row <= ? AND last_row >= ?"
        return [row[0] for row in self._database.execute(query, (last, first))]

    def _cut(self, first: int, taken: set[int]) -> None:
        """Leave of the batch at `first` only the rows that are not taken."""
        query = "SELECT rows, gaps, ids, findings FROM batch WHERE first_row = ?"
        rows, gaps, packed_ids, packed_findings = self._database.execute(query, (first,)).fetchone()
        numbers = _numbers(first, rows, gaps)
        if taken.isdisjoint(numbers):
            return
        self._database.execute("DELETE FROM batch WHERE first_row = ?", (first,))
        ids, found = _unpack_ids(packed_ids), _unpack_findings(packed_findings)
        kept = [i for i, number in enumerate(numbers) if number not in taken]
        if kept:
            reasons = {new: found[old] for new, old in enumerate(kept) if old in found}
            self._insert([numbers[i] for i in kept], [ids[i] for i in kept], reasons)

    def _insert(self, numbers: Sequence[int], ids: Sequence[str | None], findings: Mapping[int, Findings]) -> None:
        accepted = sum(1 for identity in ids if identity)
        flat = [(i, field, reason) for i, found in findings.items() for field, reason in found]
        consecutive = numbers[-1] - numbers[0] + 1 == len(numbers)
        gaps = None if consecutive else " ".join([str(after - before) for before, after in pairwise(numbers)])
        values = (
            numbers[0],
            len(ids),
            accepted,
            len(ids) - accepted,
            zlib.compress("\n".join([identity or "" for identity in ids]).encode(), 1),
            zlib.compress(json.dumps(flat).encode()),
            time.time(),
            None if gaps is None else zlib.compress(gaps.encode(), 1),
            numbers[-1],
        )
        self._database.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _numbers(first: int, rows: int, gaps: bytes | None) -> Sequence[int]:
    if gaps is None:
        return range(first, first + rows)
    return list(accumulate(map(int, zlib.decompress(gaps).split()), initial=first))


def _next(values: Iterator[tuple[int, Any]], first: int) -> tuple[int, int, Any]:
    number, value = next(values)
    return number, first, value


def _until(
    pending: list[tuple[int, int, Any, Iterator[tuple[int, Any]]]], end: int | None
) -> Iterator[tuple[int, Any]]:
    """The pending batches' rows in order, up to a number; None: all of them."""
    while pending and (end is None or pending[0][0] < end):
        number, first, value, values = pending[0]
        yield number, value
        try:
            heapq.heapreplace(pending, (*_next(values, first), values))
        except StopIteration:
            heapq.heappop(pending)


def _prepare(path: Path, database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")  # survives a killed process; a power cut may cost the last batches
    database.execute("BEGIN IMMEDIATE")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in _SCHEMA.split(";\n"):
            database.execute(statement)
    if version < VERSION:
        for statement in _SECOND.split("\n"):
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
