"""Aggregates of the Kinesis Producer Library are opened; what only looks like one is an ordinary record."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.firehose.aggregate import opened
from shared.sinks.aggregate import MAGIC, UserRecord, open_aggregate
from shared.sinks.consumer import read_batch
from shared.transaction.codec import encode_line
from tests.unit.fakes.events import kinesis_event
from tests.unit.fakes.kpl import aggregate
from tests.unit.fakes.rows import transaction

GOOD = [encode_line(transaction(number)) for number in range(3)]
keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
hash_keys = st.none() | st.integers(0, 2**128 - 1).map(str)
records = st.lists(st.builds(UserRecord, keys, hash_keys, st.binary(max_size=300)), min_size=1, max_size=20)


@given(records)
def test_what_was_aggregated_comes_out_in_order_with_its_keys(made: list[UserRecord]) -> None:
    assert open_aggregate(aggregate(made)) == made


@given(records, st.data())
def test_a_damaged_aggregate_is_an_ordinary_record(made: list[UserRecord], data: st.DataObject) -> None:
    whole = bytearray(aggregate(made))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    assert open_aggregate(bytes(whole)) is None
    assert open_aggregate(aggregate(made)[:-1]) is None


def sealed(message: bytes) -> bytes:
    return MAGIC + message + hashlib.md5(message).digest()


messages = st.binary(max_size=200) | st.lists(
    st.builds(
        lambda tag, value: bytes([tag, len(value)]) + value, st.sampled_from(b"\x0a\x12\x1a\x08"), st.binary(max_size=9)
    )
).map(b"".join)


@given(messages | st.builds(lambda made: aggregate(made)[4:-16], records))
def test_the_functions_and_the_embedded_firehose_read_every_message_alike(message: bytes) -> None:
    ours, firehose = open_aggregate(sealed(message)), opened(sealed(message))
    assert (ours and [(one.partition_key, one.data) for one in ours]) == firehose


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x1a\x04\x08\x00\x1a\x00",  # a record whose partition key is not in the table
        b"\x0a\x01k\x1a\x02\x08\x00",  # no data
        b"\x0a\x01k\x12\x01x\x1a\x06\x08\x00\x10\x00\x1a\x00",  # a hash key that is no number
        b"\x0a\x7fk",  # ends too early
        b"\x0b",  # a wire type that is not in use
    ],
)
def test_a_message_that_is_none_is_an_ordinary_record(message: bytes) -> None:
    assert open_aggregate(sealed(message)) is None


def test_the_explicit_hash_key_counts_before_the_partition_key() -> None:
    assert UserRecord("k", "17", b"").hash_key == 17
    assert UserRecord("k", None, b"").hash_key == int(hashlib.md5(b"k").hexdigest(), 16)


def test_consumers_read_the_rows_in_an_aggregate_and_name_each_bad_line_once() -> None:
    inner = [
        UserRecord("07", None, GOOD[0] + b"junk"),
        UserRecord("09", "3", b"\xff\x00"),
        UserRecord("07", None, b"\n" + GOOD[1] + GOOD[2]),
    ]
    batch = read_batch(kinesis_event([("aggregated", aggregate(inner)), ("07", GOOD[0])]))
    assert [line.transaction for line in batch.lines] == [transaction(n) for n in (0, 1, 2, 0)]
    assert [line.position.partition_key for line in batch.lines] == ["07", "07", "07", "07"]
    assert [(bad.number, bad.bad.data, bad.position.partition_key) for bad in batch.unreadable] == [
        (1, b"junk", "07"),
        (2, b"\xff\x00", "09"),
    ]
    assert len(batch.positions) == 2
    assert {line.position.sequence_number for line in batch.lines[:3]} == {batch.first.sequence_number}
