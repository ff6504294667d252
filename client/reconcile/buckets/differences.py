"""The ids of the buckets that differ, on disk: memory stays small however much differs."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

_SCHEMA = """
CREATE TABLE record (
    id TEXT NOT NULL, store INTEGER NOT NULL, version BLOB NOT NULL, records INTEGER NOT NULL,
    PRIMARY KEY (id, store, version)
) WITHOUT ROWID
"""
_ADD = "INSERT INTO record VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET records = records + 1"
_BATCH = 10_000


class Record(NamedTuple):
    """A transaction as a store has it. `version` distinguishes contents where copies are allowed."""

    identity: str
    version: bytes = b""


class Found(NamedTuple):
    """What a store has of the ids that any store has, in these buckets."""

    distinct: int
    missing: int
    duplicates: int
    copies: int  # exact ones, of stores that distinguish versions
    missing_ids: list[str]


class Differences:
    """Ids by store, each with how often it is there."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._stores: dict[str, int] = {}

    @classmethod
    @contextmanager
    def on_disk(cls) -> Iterator[Differences]:
        """Open one that is gone afterwards."""
        with (
            tempfile.TemporaryDirectory(prefix="swipeline-reconcile-") as folder,
            closing(sqlite3.connect(Path(folder) / "ids.sqlite", isolation_level=None)) as database,
        ):
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.execute(_SCHEMA)
            yield cls(database)

    def add(self, store: str, records: Iterable[Record]) -> None:
        """Add a store's records."""
        number = self._stores.setdefault(store, len(self._stores))
        rest = iter(records)
        while batch := list(islice(rest, _BATCH)):
            self._database.execute("BEGIN")
            self._database.executemany(_ADD, [(r.identity, number, r.version) for r in batch])
            self._database.execute("COMMIT")

    def of(self, store: str, copies_allowed: bool, most: int, unless: tuple[str, str] | None = None) -> Found:
        """Compare a store with all that was added; name missing IDs up to a limit.

        `unless` names two stores: what only those two have, the second of them among them, this store need not have.
        """
        number = self._stores.setdefault(store, len(self._stores))
        distinct, versions, records = self._database.execute(
            "SELECT COUNT(DISTINCT id), COUNT(*), COALESCE(SUM(records), 0) FROM record WHERE store = ?", (number,)
        ).fetchone()
        one, two = (self._stores.setdefault(name, len(self._stores)) for name in unless or (store, store))
        lacking = (
            "FROM (SELECT id FROM record GROUP BY id HAVING SUM(store = ?1) = 0 "
            "AND (SUM(store = ?3) = 0 OR SUM(store NOT IN (?2, ?3)) > 0))"
        )
        ((missing,),) = self._database.execute(f"SELECT COUNT(*) {lacking}", (number, one, two))
        named = self._database.execute(
            f"SELECT id {lacking} ORDER BY id LIMIT ?4",
            (number, one, two, most),
        ).fetchall()
        counted = versions if copies_allowed else records
        return Found(distinct, missing, counted - distinct, records - counted, [row[0] for row in named])
