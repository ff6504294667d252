"""A bad line is kept with its bytes, reason and place, once however often it is replayed, and a flood stays bounded."""

from __future__ import annotations

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from shared.sinks.consumer import read_batch
from shared.sinks.quarantine import MAX_OBJECTS_PER_RECORD, QuarantineObject, quarantine_objects
from shared.transaction.codec import encode_line
from tests.unit.fakes.events import FIRST_SEQUENCE_NUMBER, SHARD, kinesis_event
from tests.unit.fakes.rows import transaction


def objects_of(*records: bytes) -> list[QuarantineObject]:
    batch = read_batch(kinesis_event([("07", record) for record in records]))
    return quarantine_objects("write-to-s3", batch.unreadable)


def original(one: QuarantineObject) -> bytes:
    return base64.b64decode(json.loads(one.body)["data"])


def test_the_object_says_what_where_and_why() -> None:
    (one,) = objects_of(encode_line(transaction(0)) + b"\xffnot a transaction\n")
    assert one.key == f"quarantine/write-to-s3/date=2020-06-21/{SHARD}-{FIRST_SEQUENCE_NUMBER}-0001.json"
    body = json.loads(one.body)
    assert original(one) == b"\xffnot a transaction"
    assert body["reason"]
    assert {name: body[name] for name in body if name not in ("reason", "data", "arrived_at", "quarantined_at")} == {
        "function": "write-to-s3",
        "shard_id": SHARD,
        "sequence_number": str(FIRST_SEQUENCE_NUMBER),
        "line": 1,
        "lines": 1,
        "partition_key": "07",
    }
    assert body["arrived_at"] == "2020-06-21T12:14:25.250000+00:00"
    assert body["quarantined_at"] > body["arrived_at"]


def test_a_replay_gives_the_same_keys() -> None:
    assert [one.key for one in objects_of(b"a\nb\n", b"c\n")] == [one.key for one in objects_of(b"a\nb\n", b"c\n")]


def test_a_flood_of_bad_lines_is_one_object_per_record_with_all_bytes() -> None:
    flood = b"\n".join(b"bad %d" % n for n in range(100_000))
    objects = objects_of(flood, b"one\n")
    assert [one.lines for one in objects] == [100_000, 1]
    assert original(objects[0]) == flood
    assert "99999 more" in json.loads(objects[0].body)["reason"]


@given(st.lists(st.lists(st.binary(max_size=8).filter(lambda b: b"\n" not in b), max_size=60), min_size=1, max_size=5))
def test_every_bad_line_is_in_exactly_one_object(records: list[list[bytes]]) -> None:
    data = [b"".join(line + b"\n" for line in lines) for lines in records]
    objects = objects_of(*(b"\n" + record for record in data))
    assert len({one.key for one in objects}) == len(objects)
    assert sum(one.lines for one in objects) == sum(max(1, len(lines)) for lines in records)
    assert b"".join(original(one) + b"\n" for one in objects) == b"".join(record or b"\n" for record in data)
    assert len(objects) <= MAX_OBJECTS_PER_RECORD * len(records)
