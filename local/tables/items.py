"""What MiniStack takes for its dictionaries of tables and items, read from and written to the database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict

from local.project import current
from local.tables.database import Database
from local.tables.encoding import Item
from local.tables.keys import Key
from local.tables.rows import Rows

Table = dict[str, Any]


class Partition(Mapping[str, Item]):
    """The items of one partition by their sort key's text, in that order."""

    def __init__(self, rows: Rows, partition: str) -> None:
        self._rows, self._partition = rows, partition

    def get(self, key: str, default: Any = None) -> Any:
        return default if (found := self._rows.get(Key(self._partition, key))) is None else found

    def __getitem__(self, key: str) -> Item:
        found = self._rows.get(Key(self._partition, key))
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return self._rows.get(Key(self._partition, str(key))) is not None

    def __iter__(self) -> Iterator[str]:
        return iter([sort for sort, _ in self._rows.partition(self._partition)])

    def __len__(self) -> int:
        return len(self._rows.partition(self._partition))

    def items(self) -> Any:
        return self._rows.partition(self._partition)

    def values(self) -> Any:
        return [item for _, item in self._rows.partition(self._partition)]

    def __deepcopy__(self, memo: Any) -> dict[str, Item]:
        return dict(self._rows.partition(self._partition))


class StoredItems(Mapping[str, Partition]):
    """A table's items by partition, in the order of the partition keys' texts."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def get(self, key: str, default: Any = None) -> Any:
        return Partition(self.rows, key)

    def __getitem__(self, key: str) -> Partition:
        if not self.rows.has_partition(key):
            raise KeyError(key)
        return Partition(self.rows, key)

    def __contains__(self, key: object) -> bool:
        return self.rows.has_partition(str(key))

    def __iter__(self) -> Iterator[str]:
        return self.rows.partitions()

    def __len__(self) -> int:
        return self.rows.count

    def __deepcopy__(self, memo: Any) -> dict[str, Any]:
        return {}  # of MiniStack's state: the items are in the database


class Members:
    """Which items an index has: MiniStack's `_index_members` of a table."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, name: str) -> IndexMembers | None:
        index = self._rows.index(name)
        return IndexMembers(self._rows, name) if index else None


class IndexMembers:
    """The keys of an index's items by partition."""

    def __init__(self, rows: Rows, name: str) -> None:
        self._rows, self._name = rows, name

    def get(self, partition: str | tuple[str, ...], default: Any = ()) -> list[Key]:
        index = self._rows.index(self._name)
        text = json.dumps(list(partition)) if isinstance(partition, tuple) else partition
        return [key for _, key, _ in self._rows.ranged(index, text, None, None, True)]


class Tables(AccountRegionScopedDict):
    """MiniStack's tables by account, region and name; the items of each are in the database.

    A new table is empty, whatever was stored under its name. A table loaded with MiniStack's state finds its items.
    """

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def __setitem__(self, key: str, value: Table) -> None:
        account, region, name = self._scoped(key)
        self.set_scoped(account, region, name, value)

    def set_scoped(self, account_id: str, region: str, key: str, value: Table) -> None:
        if not isinstance(value.get("items"), StoredItems):
            self._drop(account_id, region, key)
            self._attach((account_id, region, key), value)
            self._database.commit()
        super().set_scoped(account_id, region, key, value)

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, other: Any) -> None:
        """Load tables. Ends the program when items of theirs are not there: MiniStack would continue without them."""
        loaded = AccountRegionScopedDict()
        loaded.update(other)
        for scoped, table in loaded.all_items():
            if table.get("ItemCount") and not table.get("items") and self._number(scoped) is None:
                raise SystemExit(
                    f"{self._database.path} is missing or damaged: {table['ItemCount']:,} items of table {scoped[2]} "
                    "are not in it. Nothing was changed but for an empty file of that name. Restore it from a backup, "
                    f"or start with an empty home: `{current().command} down --reset`"
                )
            self._attach(scoped, table)
            self._data[scoped] = table
        self._database.commit()

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def pop(self, key: str, *default: Any) -> Any:
        account, region, name = self._scoped(key)
        return self.pop_scoped(account, region, name, *default)

    def pop_scoped(self, account_id: str, region: str, key: str, *default: Any) -> Any:
        self._drop(account_id, region, key)
        self._database.commit()
        return super().pop_scoped(account_id, region, key, *default)

    def clear(self) -> None:
        for scoped in list(self._data):
            self._drop(*scoped)
        self._database.commit()
        super().clear()

    def _number(self, scope: tuple[str, str, str]) -> int | None:
        found = self._database.read("SELECT id FROM tables WHERE account = ? AND region = ? AND name = ?", scope)
        return int(found[0][0]) if found else None

    def _drop(self, account: str, region: str, name: str) -> None:
        number = self._number((account, region, name))
        if number is None:
            return
        for [found] in self._database.read("SELECT name FROM sqlite_master WHERE type = 'table'"):
            if found == f"items_{number}" or found.startswith(f"index_{number}_"):
                self._database.write(f"DROP TABLE {found}")
        self._database.write("DELETE FROM shapes WHERE table_id = ?", (number,))
        self._database.write("DELETE FROM tables WHERE id = ?", (number,))

    def _attach(self, scope: tuple[str, str, str], table: Table) -> None:
        """Give a table the items that are stored for it, or store those that it brings."""
        brought = table.get("items") or {}
        keys = json.dumps([table["pk_name"], table.get("sk_name")])
        number = self._number(scope)
        if number is None:
            number = self._create(scope, keys)
            rows = Rows(self._database, number)
            for partition, items in brought.items():
                for sort, item in items.items():
                    rows.put(Key(partition, sort), item)
        else:
            rows = Rows(self._database, number)
        rows.set_indexes(wanted_indexes(table))
        table["items"] = StoredItems(rows)
        set_counts(table)

    def _create(self, scope: tuple[str, str, str], keys: str) -> int:
        cursor = self._database.write(
            "INSERT INTO tables (account, region, name, keys, indexes) VALUES (?, ?, ?, ?, '[]')", (*scope, keys)
        )
        number = int(cursor.lastrowid or 0)
        self._database.write(
            f"CREATE TABLE items_{number} (id INTEGER PRIMARY KEY, pk TEXT NOT NULL, sk TEXT NOT NULL,"
            " shape INTEGER NOT NULL, body BLOB NOT NULL, expires REAL, UNIQUE (pk, sk))"
        )
        self._database.write(f"CREATE INDEX index_{number}_0 ON items_{number} (expires) WHERE expires IS NOT NULL")
        return number


def wanted_indexes(table: Table) -> list[tuple[str, list[str], list[str]]]:
    """Name, hash attributes and range attributes of each secondary index of a table."""
    found = []
    for index in [*(table.get("GlobalSecondaryIndexes") or []), *(table.get("LocalSecondaryIndexes") or [])]:
        schema = index.get("KeySchema") or []
        names = {
            kind: [one["AttributeName"] for one in schema if one.get("KeyType") == kind] for kind in ("HASH", "RANGE")
        }
        found.append((index["IndexName"], names["HASH"], names["RANGE"]))
    return found


def set_counts(table: Table) -> None:
    """How many items a table has, for DescribeTable; its size is measured when it is asked for (describing.py)."""
    table["ItemCount"] = len(table["items"])
