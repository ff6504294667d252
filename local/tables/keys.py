"""Keys of items and indexes, as texts: what the database sorts by."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from local.tables.encoding import Item


class Index(NamedTuple):
    """A secondary index: its number in the database, its name and its key attributes."""

    number: int
    name: str
    hashes: list[str]
    ranges: list[str]


class Key(NamedTuple):
    """A key as MiniStack has it: texts; a table without a sort key has `__no_sort__`."""

    partition: str
    sort: str


def key_text(attribute: Any) -> str:
    """The text of a key attribute's value, as MiniStack's `_extract_key_val` gives it."""
    for kind in ("S", "N", "B"):
        if kind in attribute:
            return str(attribute[kind])
    return str(attribute)


def expiry(item: Item, attribute: str | None) -> float | None:
    """When the item expires, in seconds since 1970; None: never."""
    value = item.get(attribute) if attribute else None
    try:
        return float(value["N"]) if value else None
    except (KeyError, TypeError, ValueError):
        return None


def entry(index: Index, item: Item) -> tuple[str, str] | None:
    """Partition and sort value of an item in an index; None when it is not in it."""
    hashes, ranges = index.hashes, index.ranges
    if len(hashes) == 1 and len(ranges) == 1:  # nearly all
        partition, sort = item.get(hashes[0]), item.get(ranges[0])
        return None if partition is None or sort is None else (key_text(partition), key_text(sort))
    if not hashes or any(name not in item for name in (*hashes, *ranges)):
        return None
    if len(hashes) == 1:
        return key_text(item[hashes[0]]), key_text(item[ranges[0]]) if ranges else ""
    # The partition of a key of several attributes is all of them together.
    return json.dumps([key_text(item[name]) for name in hashes]), ""
