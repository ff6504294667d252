"""The merchants table: each merchant's names, found by prefix, and the months in which it sold anything.

Both kinds of entry are pure functions of a transaction, so that a replay writes what is there already:

- ``name#<first character>`` / ``<folded name>\\x1f<spelling>``: how a merchant is found by the start of its name;
- ``months#<merchant_id>`` / ``2020-06``: which buckets of the index merchant-time hold anything of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from shared.retry import Budget
from shared.sinks.bulk_write import THREADS, BulkWriter, TableClient
from shared.sinks.consumer import Line
from shared.sinks.item import Item
from shared.transaction.schema import Transaction

KNOWN_ENTRIES = 65_536  # bounds what a warm function remembers: about 10 MB
_CACHED_NAMES = 8192
SEPARATOR = "\x1f"  # sorts before every character that a name may hold

EntryKey = tuple[str, str]


def folded(name: str) -> str:
    """Give a name as it is sorted and searched: case and the width of white space make no difference."""
    return unicodedata.normalize("NFC", " ".join(name.casefold().split()))


def name_part(folded_prefix: str) -> str:
    """Give the partition of the names that start as this one does; it takes at least one character."""
    return f"name#{folded_prefix[0]}"


@lru_cache(_CACHED_NAMES)
def _name_key(merchant: str) -> EntryKey:
    name = folded(merchant)
    return name_part(name), f"{name}{SEPARATOR}{merchant}"


def months_part(merchant_id: str) -> str:
    """Give the partition of a merchant's months."""
    return f"months#{merchant_id}"


def entry_keys(transaction: Transaction) -> Iterator[EntryKey]:
    """Give the keys of the two entries that a transaction asks for."""
    yield _name_key(transaction.merchant)
    yield months_part(transaction.merchant_id), transaction.occurred_at[:7]


class Merchants:
    """Lists merchants that this container has not seen yet: a handful of writes per container, none per transaction."""

    def __init__(self, client: TableClient, name: str, threads: int = THREADS, most_known: int = KNOWN_ENTRIES) -> None:
        self._writer = BulkWriter(client, name, threads)
        self._known: dict[EntryKey, None] = {}
        self._most_known = most_known

    def unlisted(self, lines: Iterable[Line], budget: Budget) -> tuple[list[Line], int]:
        """List the lines' merchants; give the lines whose merchant could not be listed in time, not to be written yet.

        With them, how many entries were retried. A transaction is written after its merchant's entries, so that
        a reader that finds it in a bucket finds the bucket.
        Raises ClientError on terminal errors.
        """
        wanted: dict[EntryKey, Transaction] = {}
        asking: dict[EntryKey, list[Line]] = {}
        for line in lines:
            for key in entry_keys(line.transaction):
                if key in self._known:
                    continue
                asking.setdefault(key, []).append(line)
                wanted.setdefault(key, line.transaction)
        if not wanted:
            return [], 0
        left, retried = self._writer.write(list(wanted.items()), _entry, budget)
        missing = {(item["part"]["S"], item["sort"]["S"]) for item in left}
        for key in wanted:
            if key not in missing:
                self._remember(key)
        return [line for key in missing for line in asking[key]], retried

    def _remember(self, key: EntryKey) -> None:
        if len(self._known) >= self._most_known:
            del self._known[next(iter(self._known))]  # the oldest: to write an entry again is harmless
        self._known[key] = None


def _entry(listed: tuple[EntryKey, Transaction]) -> Item:
    key, t = listed
    item: Item = {"part": {"S": key[0]}, "sort": {"S": key[1]}, "merchant_id": {"S": t.merchant_id}}
    if key[0].startswith("name#"):
        item["merchant"] = {"S": t.merchant}
    return item
