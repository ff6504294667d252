"""The items of one table, and its indexes, in the database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from local.tables.database import Database
from local.tables.encoding import Item
from local.tables.keys import Index, Key, entry, expiry, key_text
from local.tables.shapes import Shapes

PAGE = 1_000  # rows fetched at a time while something walks over a table


class Rows:
    """One table's. An item is a row of `items_N`, and one of `index_N_M` for each index that it is in."""

    def __init__(self, database: Database, number: int) -> None:
        self.database, self.number = database, number
        self._items, self._row = f"items_{number}", 0
        self.keys: list[str] = []  # partition and sort key; the latter may be None
        self.key_names: frozenset[str] = frozenset()  # of the table and its indexes
        self.indexes: list[Index] = []
        self.ttl: str | None = None
        self._committed = self.count = 0
        self.shapes = Shapes(database, number)
        self._load()
        database.hear(self._note_count, self._load)

    def _load(self) -> None:
        """Read what the database says about the table; after a rollback, again."""
        found = self.database.read("SELECT keys, indexes, ttl, items FROM tables WHERE id = ?", (self.number,))
        if not found:  # dropped
            return
        [(keys, indexes, self.ttl, self.count)] = found
        self.keys, self.indexes = json.loads(keys), [Index(*one) for one in json.loads(indexes)]
        self._name_keys()
        self._committed = self.count
        self.shapes.load()
        [(last,)] = self.database.read(f"SELECT max(id) FROM {self._items}")
        self._row = last or 0

    def _name_keys(self) -> None:
        of_indexes = (name for one in self.indexes for name in (*one.hashes, *one.ranges))
        self.key_names = frozenset(name for name in (*self.keys, *of_indexes) if name)

    def _note_count(self) -> None:
        if self.count != self._committed:
            self.database.write("UPDATE tables SET items = ? WHERE id = ?", (self.count, self.number))
            self._committed = self.count

    # -- items ------------------------------------------------------------

    def get(self, key: Key) -> Item | None:
        """The item of a key."""
        found = self.database.read(f"SELECT shape, body FROM {self._items} WHERE pk = ? AND sk = ?", key)
        return self.shapes.decode(*found[0]) if found else None

    def find(self, key: Key) -> tuple[int, Item] | None:
        """Row and item of a key."""
        found = self.database.read(f"SELECT id, shape, body FROM {self._items} WHERE pk = ? AND sk = ?", key)
        return (found[0][0], self.shapes.decode(*found[0][1:])) if found else None

    def put(self, key: Key, item: Item) -> Item | None:
        """Store an item; give the one that was there."""
        with self.database.lock:
            found = self.find(key)
            if found is None:
                self.insert([(key, item, *self.shapes.encode(item))])
                return None
            self.change(*found, item)
            return found[1]

    def change(self, row: int, before: Item, item: Item) -> None:
        """Store an item in the place of another one of its key."""
        self.database.write(
            f"UPDATE {self._items} SET shape = ?, body = ?, expires = ? WHERE id = ?",
            (*self.shapes.encode(item), expiry(item, self.ttl), row),
        )
        for index in self.indexes:
            old, new = entry(index, before), entry(index, item)
            if old != new:
                self._remove_entry(index, old, row)
                if new:
                    self.database.write(f"INSERT INTO {self._index(index)} VALUES (?, ?, ?)", (*new, row))

    def insert_new(self, items: list[tuple[Key, Item, int, bytes]]) -> bool:
        """As :meth:`insert`; False, and nothing stored, when there is an item of one of the keys."""
        with self.database.lock:
            self.database.write("SAVEPOINT new")
            try:
                self.insert(items)
            except sqlite3.IntegrityError:
                self.database.write("ROLLBACK TO new")
                return False
            finally:
                self.database.write("RELEASE new")
            return True

    def insert(self, items: list[tuple[Key, Item, int, bytes]]) -> None:
        """Store encoded items, of keys that are not there. Raises sqlite3.IntegrityError when one is."""
        with self.database.lock:
            rows, ttl = [], self.ttl
            first = self._row + 1
            for number, (key, item, shape, body) in enumerate(items, first):
                rows.append((number, key[0], key[1], shape, body, expiry(item, ttl) if ttl else None))
            self.database.write_many(f"INSERT INTO {self._items} VALUES (?, ?, ?, ?, ?, ?)", rows)
            for index in self.indexes:
                entries = [
                    (*found, number)
                    for number, (_, item, _, _) in enumerate(items, first)
                    if (found := entry(index, item))
                ]
                if entries:
                    self.database.write_many(f"INSERT INTO {self._index(index)} VALUES (?, ?, ?)", entries)
            self._row += len(items)
            self.count += len(items)

    def remove(self, key: Key) -> Item | None:
        """Remove an item; give it."""
        with self.database.lock:
            found = self.find(key)
            if found is None:
                return None
            row, before = found
            self.database.write(f"DELETE FROM {self._items} WHERE id = ?", (row,))
            for index in self.indexes:
                self._remove_entry(index, entry(index, before), row)
            self.count -= 1
            return before

    def _remove_entry(self, index: Index, found: tuple[str, str] | None, row: int) -> None:
        if found:
            self.database.write(
                f"DELETE FROM {self._index(index)} WHERE hash = ? AND sort = ? AND item = ?", (*found, row)
            )

    def _index(self, index: Index) -> str:
        return f"index_{self.number}_{index.number}"

    # -- walking ----------------------------------------------------------

    def after(self, key: Key | None, most: int, belongs: Callable[[str], bool] | None = None) -> list[tuple[Key, Item]]:
        """Items in the order of their keys, from the one after `key`; of the partitions that belong, if not of all."""
        columns = f"SELECT pk, sk, shape, body FROM {self._items}"
        order = "ORDER BY pk, sk LIMIT ?"
        found: list[tuple[Any, ...]] = []
        if belongs is None:
            if key is None:
                found = self.database.read(f"{columns} {order}", (most,))
            else:
                found = self.database.read(f"{columns} WHERE (pk, sk) > (?, ?) {order}", (*key, most))
        else:
            partition, sort = (key.partition, key.sort) if key else (self._next_partition(None), "")
            while partition is not None and len(found) < most:
                if belongs(partition):
                    where = f"{columns} WHERE pk = ? AND sk > ? {order}"
                    found += self.database.read(where, (partition, sort, most - len(found)))
                partition, sort = self._next_partition(partition), ""
        return [(Key(pk, sk), self.shapes.decode(shape, body)) for pk, sk, shape, body in found]

    def index_after(
        self,
        index: Index,
        start: tuple[list[str], list[str], Key] | None,
        most: int,
        belongs: Callable[[str], bool] | None,
    ) -> list[tuple[Key, Item]]:
        """Items of an index in the order of its partitions, from the one after `start` (hashes, ranges and key)."""
        name = self._index(index)
        position: tuple[Any, ...] = ("", "", 0)
        if start is not None:
            hashes, ranges, key = start
            there = self.database.read(f"SELECT id FROM {self._items} WHERE pk = ? AND sk = ?", key)
            one = len(hashes) == 1
            text = hashes[0] if one else json.dumps(hashes)
            position = (text, ranges[0] if one and ranges else "", there[0][0] if there else 0)
        found: list[tuple[Key, Item]] = []
        while len(found) < most:
            rows = self.database.read(
                f"SELECT x.hash, x.sort, x.item, i.pk, i.sk, i.shape, i.body FROM {name} x"
                f" JOIN {self._items} i ON i.id = x.item WHERE (x.hash, x.sort, x.item) > (?, ?, ?)"
                " ORDER BY x.hash, x.sort, x.item LIMIT ?",
                (*position, most),
            )
            for hash_text, sort, row, pk, sk, shape, body in rows:
                position = (hash_text, sort, row)
                item = self.shapes.decode(shape, body)
                # MiniStack hashes the first attribute of the key.
                if belongs is None or belongs(key_text(item[index.hashes[0]])):
                    found.append((Key(pk, sk), item))
            if len(rows) < most:
                break
        return found[:most]

    def all(self) -> Iterator[tuple[Key, Item]]:
        """All items in the order of their keys, a page at a time: it may be written meanwhile."""
        page = self.after(None, PAGE)
        while page:
            yield from page
            page = self.after(page[-1][0], PAGE)

    def partition(self, partition: str) -> list[tuple[str, Item]]:
        """Sort key and item of each item of a partition, in the order of the sort keys' texts."""
        found = self.database.read(f"SELECT sk, shape, body FROM {self._items} WHERE pk = ? ORDER BY sk", (partition,))
        return [(sk, self.shapes.decode(shape, body)) for sk, shape, body in found]

    def has_partition(self, partition: str) -> bool:
        return bool(self.database.read(f"SELECT 1 FROM {self._items} WHERE pk = ? LIMIT 1", (partition,)))

    def _next_partition(self, after: str | None) -> str | None:
        where, parameters = ("", ()) if after is None else (" WHERE pk > ?", (after,))
        found = self.database.read(f"SELECT min(pk) FROM {self._items}{where}", parameters)
        return found[0][0] if found else None

    def partitions(self) -> Iterator[str]:
        """The partitions' keys in order: one look into the index for each."""
        partition = self._next_partition(None)
        while partition is not None:
            yield partition
            partition = self._next_partition(partition)

    def ranged(
        self, index: Index | None, partition: str, low: str | None, high: str | None, forward: bool
    ) -> Iterator[tuple[str, Key, Item]]:
        """Sort value, key and item from a partition of the table or an index, in the order of the sort values.

        `low` and `high` belong to what is given; None: no end. Equal sort values come in no order of their own.
        """
        if index is None:
            source, names = f"{self._items} i", ("i.pk", "i.sk")
        else:
            source, names = f"{self._index(index)} x JOIN {self._items} i ON i.id = x.item", ("x.hash", "x.sort")
        hash_column, sort = names
        where, parameters = f"{hash_column} = ?", [partition]
        for bound, comparison in ((low, ">="), (high, "<=")):
            if bound is not None:
                where += f" AND {sort} {comparison} ?"
                parameters.append(bound)
        order = f"{sort} {'ASC' if forward else 'DESC'}"
        statement = (
            f"SELECT {sort}, i.pk, i.sk, i.shape, i.body FROM {source} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
        )
        offset, size = 0, 64
        while True:
            found = self.database.read(statement, (*parameters, size, offset))
            for sort_value, pk, sk, shape, body in found:
                yield sort_value, Key(pk, sk), self.shapes.decode(shape, body)
            if len(found) < size:
                return
            offset, size = offset + size, PAGE

    # -- the table itself -------------------------------------------------

    def expired(self, now: float, most: int) -> list[Key]:
        """Keys of items whose time has come."""
        statement = f"SELECT pk, sk FROM {self._items} WHERE expires <= ? LIMIT ?"
        return [Key(*row) for row in self.database.read(statement, (now, most))]

    def set_ttl(self, attribute: str | None) -> None:
        """Have items expire by this attribute."""
        if attribute == self.ttl:
            return
        self.ttl = attribute
        self.database.write("UPDATE tables SET ttl = ? WHERE id = ?", (attribute, self.number))
        for key, item in self.all():
            self.database.write(
                f"UPDATE {self._items} SET expires = ? WHERE pk = ? AND sk = ?", (expiry(item, attribute), *key)
            )

    def set_indexes(self, wanted: list[tuple[str, list[str], list[str]]]) -> None:
        """Have these indexes (name, hash attributes, range attributes) and no others; a new one is filled."""
        if [(one.name, one.hashes, one.ranges) for one in self.indexes] == wanted:
            return
        kept = [one for one in self.indexes if (one.name, one.hashes, one.ranges) in wanted]
        for index in self.indexes:
            if index not in kept:
                self.database.write(f"DROP TABLE {self._index(index)}")
        number = max((one.number for one in self.indexes), default=0)
        by_name = {one.name: one for one in kept}
        fresh = []
        for name, hashes, ranges in wanted:
            if name not in by_name:
                number += 1
                by_name[name] = Index(number, name, hashes, ranges)
                fresh.append(by_name[name])
                self.database.write(
                    f"CREATE TABLE {self._index(by_name[name])} (hash TEXT, sort TEXT, item INTEGER,"
                    " PRIMARY KEY (hash, sort, item)) WITHOUT ROWID"
                )
        self.indexes = [by_name[name] for name, _, _ in wanted]
        self._name_keys()
        text = json.dumps(self.indexes)
        self.database.write("UPDATE tables SET indexes = ? WHERE id = ?", (text, self.number))
        self._fill(fresh)

    def _fill(self, fresh: list[Index]) -> None:
        last = 0
        while fresh:
            statement = f"SELECT id, shape, body FROM {self._items} WHERE id > ? ORDER BY id LIMIT ?"
            found = self.database.read(statement, (last, PAGE))
            if not found:
                return
            last = found[-1][0]
            for index in fresh:
                decoded = ((row, entry(index, self.shapes.decode(shape, body))) for row, shape, body in found)
                entries = [(*one, row) for row, one in decoded if one]
                self.database.write_many(f"INSERT INTO {self._index(index)} VALUES (?, ?, ?)", entries)

    def index(self, name: str) -> Index | None:
        return next((one for one in self.indexes if one.name == name), None)
