"""Takes over a stream as earlier releases saved it: its records in MiniStack's state, numbers of 30 digits."""

from __future__ import annotations

import binascii
from typing import Any

from local.kinesis.sequence import sequence_number
from local.kinesis.shards import Shard
from local.kinesis.store import Row, Scope, Store, Stream


def is_old(stream: Stream) -> bool:
    """Whether an earlier release saved it."""
    return any("created" not in shard for shard in stream["shards"].values())


def take_over(store: Store, scope: Scope, stream: Stream) -> Stream:
    """Move a stream into the store; its consumers continue where they were. Give it in the form of this release."""
    old = stream["shards"]
    made = {**stream, "shards": {name: _shard(name, shard) for name, shard in old.items()}}
    store.save(scope, made)
    records = [
        (made["shards"][name]["table"], record["SequenceNumber"], _row(record))
        for name, shard in old.items()
        for record in shard["records"]
    ]
    store.take_over(sorted(records, key=lambda one: one[1]))
    return made


def _shard(name: str, old: dict[str, Any]) -> Shard:
    opened, number = _milliseconds(old["starting_sequence_number"]) * 1000, int(name.split("-")[1])
    created = opened // 1_000_000
    return old | {
        "records": [],
        "starting_sequence_number": sequence_number(created, number, 0, created),
        "ending_sequence_number": None,
        "number": number,
        "created": created,
        "opened_at": opened,
        "closed_at": None,
        "table": None,
    }


def _row(record: dict[str, Any]) -> Row:
    arrived = _milliseconds(record["SequenceNumber"]) * 1000
    return Row(arrived, record["PartitionKey"], binascii.a2b_base64(record["Data"]))


def _milliseconds(number: str) -> int:
    """When a record with such a number arrived: its first 20 digits."""
    return int(number[:20])
