"""What the stores hold of the buckets that differ, on disk: memory stays small however much differs."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from client.reconcile.records import SEPARATOR, Record, counting_record

API, TABLE, LAKE, WAREHOUSE, BATCH = "api", "dynamodb", "lake", "warehouse", "batch"
STORES = (TABLE, LAKE, WAREHOUSE)
_SCHEMA = """
CREATE TABLE record (
    id TEXT NOT NULL, store TEXT NOT NULL, digest TEXT NOT NULL, records INTEGER NOT NULL, texts TEXT, beside TEXT,
    PRIMARY KEY (id, store, digest)
) WITHOUT ROWID
"""
_ADD = "INSERT INTO record VALUES (?, ?, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET records = records + 1"
_BATCH = 10_000


class Difference(NamedTuple):
    """A content that is not the one that counts: in which store, and which fields differ."""

    identity: str
    store: str
    fields: list[str]
    digest: str = ""


@dataclass
class Found:
    """What a store has of the ids that any store has, in these buckets."""

    distinct: int = 0
    missing: int = 0
    duplicates: int = 0
    copies: int = 0  # exact ones in the lake
    others: int = 0  # contents in the lake that do not count, and are known not to
    different: int = 0
    missing_ids: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


class Case(NamedTuple):
    """One id that is not the same in all stores: what it should be, and what is wrong where."""

    identity: str
    counts: Record | None  # None: only the API's journal knows the id
    missing: list[str]
    wrong: list[Difference]
    doubled: dict[str, list[Record]]  # what a store has more than once, by store
    disputed: bool = False  # table and warehouse differ, and no archive says which of them is right


class Differences:
    """Contents by id and store, each with how often it is there."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

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
        self._add((r.identity, store, r.digest, SEPARATOR.join(r.texts), r.beside) for r in records)

    def acknowledged(self, identities: Iterable[str]) -> None:
        """Add ids that the API accepted."""
        self._add((identity, API, "", None, "") for identity in identities)

    def _add(self, rows: Iterable[tuple[str | None, ...]]) -> None:
        rest = iter(rows)
        while batch := list(islice(rest, _BATCH)):
            self._database.execute("BEGIN")
            self._database.executemany(_ADD, batch)
            self._database.execute("COMMIT")

    def compare(self, known: frozenset[str], most: int) -> tuple[dict[str, Found], Iterator[Case]]:
        """Give what each store has (complete once the cases are read), and the ids that differ, by id.

        ``known`` are the digests of contents that do not count, of which the lake keeps every one.
        """
        found = {store: Found() for store in (*STORES, BATCH)}

        def cases() -> Iterator[Case]:
            rows = self._database.execute("SELECT id, store, digest, records, texts, beside FROM record ORDER BY id")
            for identity, of_id in groupby(rows, key=itemgetter(0)):
                case = _case(identity, list(of_id), known, found, most)
                if case.missing or case.wrong or case.doubled:
                    yield case

        return found, cases()


def _case(
    identity: str,
    rows: list[tuple[str, str, str, int, str, str]],
    known: frozenset[str],
    found: dict[str, Found],
    most: int,
) -> Case:
    stores: dict[str, list[tuple[Record, int]]] = {}
    for _, store, _, records, texts, beside in rows:
        if store != API:
            stores.setdefault(store, []).append((Record.of(texts.split(SEPARATOR), beside), records))
    best = {store: counting_record(one for one, _ in contents) for store, contents in stores.items()}
    counts = _reference(best)
    # What the batch path has brought is in the warehouse, and in no other store unless the stream brought it too.
    batch_only = BATCH in stores and not {TABLE, LAKE} & set(stores) and not any(row[1] == API for row in rows)
    wanted = (WAREHOUSE,) if batch_only else STORES
    missing = [store for store in wanted if store not in stores]
    wrong: list[Difference] = []
    doubled: dict[str, list[Record]] = {}
    for store, contents in stores.items():
        total = found[store]
        total.distinct += 1
        records = sum(count for _, count in contents)
        if store in (LAKE, BATCH):
            total.copies += records - len(contents)
            for one, _ in contents:
                if counts and one.digest != counts.digest:
                    if one.digest in known:
                        total.others += 1
                    else:
                        wrong.append(Difference(identity, store, one.differs_from(counts), one.digest))
        else:
            total.duplicates += records - 1
            if counts and best[store].digest != counts.digest:
                wrong.append(Difference(identity, store, best[store].differs_from(counts), best[store].digest))
            if records > 1:
                doubled[store] = [one for one, _ in contents]
    for store in missing:
        found[store].missing += 1
        if len(found[store].missing_ids) < most:
            found[store].missing_ids.append(identity)
    for difference in wrong:
        total = found[difference.store]
        total.different += 1
        if len(total.differences) < most:
            total.differences.append(difference)
    disputed = not {LAKE, BATCH} & set(stores) and len({one.digest for one in best.values()}) > 1
    return Case(identity, counts, missing, wrong, doubled, disputed)


def _reference(best: dict[str, Record]) -> Record | None:
    """Give what an id should be: what two stores agree on, else what the lake has, the archive."""
    for store in (LAKE, TABLE, WAREHOUSE, BATCH):
        if store in best and any(best[store].digest == one.digest for name, one in best.items() if name != store):
            return best[store]
    return next((best[store] for store in (LAKE, BATCH, TABLE, WAREHOUSE) if store in best), None)
