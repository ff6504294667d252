"""The shards of a stream: who owns which hash keys, splitting and merging, scaling to a number of equal shards. Pure.

A shard is a dictionary in MiniStack's form, with some more keys: `number`, `created` (seconds, part of its sequence
numbers), `opened_at` and `closed_at` (microseconds), `table` (of the store). A stream's `shards` are by shard id.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from local.kinesis.sequence import LAST_POSITION, sequence_number

HASH_KEYS = 2**128
_SECOND = 1_000_000

Shard = dict[str, Any]
Shards = dict[str, Shard]


def shard_id(number: int) -> str:
    """shardId-000000000007"""
    return f"shardId-{number:012d}"


def boundaries(count: int) -> list[int]:
    """The starting hash keys of equal shards."""
    return [HASH_KEYS // count * at for at in range(count)]


def new_shards(count: int, start: int = 0) -> Shards:
    """The shards of a new stream."""
    now = time.time_ns() // 1000
    starts = [*boundaries(count), HASH_KEYS]
    made = [_shard(start + at, starts[at], starts[at + 1] - 1, now // _SECOND, now) for at in range(count)]
    return {shard_id(one["number"]): one for one in made}


def is_open(shard: Shard) -> bool:
    """Whether the shard still takes records."""
    return shard["closed_at"] is None


def open_shards(shards: Shards) -> list[tuple[str, Shard]]:
    """The open shards, ordered by their hash keys."""
    found = [(name, shard) for name, shard in shards.items() if is_open(shard)]
    return sorted(found, key=lambda one: int(one[1]["starting_hash_key"]))


def children(shards: Shards, parent: str) -> list[tuple[str, Shard]]:
    """What came out of a closed shard."""
    return [(name, shard) for name, shard in sorted(shards.items()) if parent in parents(shard)]


def parents(shard: Mapping[str, Any]) -> list[str]:
    """The one or two shards that a shard came out of."""
    return [shard[name] for name in ("parent_shard_id", "adjacent_parent_shard_id") if shard.get(name)]


def hash_range(shard: Shard) -> range:
    """The hash keys of a shard."""
    return range(int(shard["starting_hash_key"]), int(shard["ending_hash_key"]) + 1)


class Routes:
    """Which open shard a hash key belongs to; rebuilt when the shards change."""

    def __init__(self, shards: Shards) -> None:
        self._shards = open_shards(shards)
        self._starts = [int(shard["starting_hash_key"]) for _, shard in self._shards]

    def find(self, hash_key: int) -> tuple[str, Shard]:
        """The open shard of a hash key from 0 to 2^128-1."""
        return self._shards[bisect_right(self._starts, hash_key) - 1]


def split(shards: Shards, name: str, at: int, now: int) -> None:
    """Close a shard; its hash keys below `at` go to one new shard, the others to another."""
    old = shards[name]
    keys = hash_range(old)
    _close(old, now)
    for start, end in ((keys.start, at - 1), (at, keys.stop - 1)):
        _add_child(shards, start, end, [name], now)


def merge(shards: Shards, name: str, adjacent: str, now: int) -> str:
    """Close two shards of adjacent hash keys; give the id of the new one that has all of them."""
    one, other = hash_range(shards[name]), hash_range(shards[adjacent])
    _close(shards[name], now)
    _close(shards[adjacent], now)
    start, end = min(one.start, other.start), max(one.stop, other.stop) - 1
    return _add_child(shards, start, end, [name, adjacent], now)


def scale(shards: Shards, count: int, now: int) -> None:
    """Split and merge open shards until there are `count`, equal ones, as UNIFORM_SCALING does."""
    wanted = boundaries(count)
    for start in wanted:
        name, shard = Routes(shards).find(start)
        if hash_range(shard).start != start:
            split(shards, name, start, now)
    for start, stop in zip(wanted, [*wanted[1:], HASH_KEYS], strict=True):
        pieces = [name for name, shard in open_shards(shards) if start <= hash_range(shard).start < stop]
        while len(pieces) > 1:
            pieces[:2] = [merge(shards, pieces[0], pieces[1], now)]


def forget_expired(shards: Shards, cutoff: int) -> list[Shard]:
    """Remove the shards that were closed before `cutoff`: no record of theirs is within the retention any more."""
    gone = [name for name, shard in shards.items() if not is_open(shard) and shard["closed_at"] < cutoff]
    return [shards.pop(name) for name in gone]


def _close(shard: Shard, now: int) -> None:
    shard["closed_at"] = now
    shard["ending_sequence_number"] = sequence_number(shard["created"], shard["number"], LAST_POSITION, now // _SECOND)


def _add_child(shards: Shards, start: int, end: int, of: Iterable[str], now: int) -> str:
    of = list(of)
    # Its creation is part of its sequence numbers: later than its parents', so that a key's numbers increase.
    created = max(now // _SECOND, *(shards[name]["created"] for name in of)) + 1
    made = _shard(1 + max(shard["number"] for shard in shards.values()), start, end, created, now)
    made["parent_shard_id"] = of[0]
    made["adjacent_parent_shard_id"] = of[1] if len(of) > 1 else None
    shards[shard_id(made["number"])] = made
    return shard_id(made["number"])


def _shard(number: int, start: int, end: int, created: int, now: int) -> Shard:
    return {
        "records": [],  # MiniStack's own poller looks here; the records are in the store
        "starting_hash_key": str(start),
        "ending_hash_key": str(end),
        "starting_sequence_number": sequence_number(created, number, 0, created),
        "ending_sequence_number": None,
        "parent_shard_id": None,
        "adjacent_parent_shard_id": None,
        "number": number,
        "created": created,
        "opened_at": now,
        "closed_at": None,
        "table": None,
    }
