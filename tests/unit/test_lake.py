"""A batch is one object whose name is its place in the stream and whose bytes are the same on every replay."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

from shared.sinks.consumer import Position
from shared.sinks.lake import object_key
from shared.transaction.schema import Transaction
from tests.unit.fakes.lake import object_body
from tests.unit.fakes.rows import transaction


def at(sequence_number: str, arrived_at: datetime) -> Position:
    return Position("shardId-000000000003", sequence_number, "07", arrived_at)


def test_the_key_is_the_date_of_arrival_in_utc_the_shard_and_the_padded_range() -> None:
    first = at(
        "49590338271490256608559692538361571095921575989136588898", datetime(2020, 6, 21, 23, 59, 59, tzinfo=UTC)
    )
    last = at("495903382714902566085596925383615710959215759891365888", datetime(2020, 6, 22, tzinfo=UTC))
    assert object_key(first, last) == (
        "transactions/ingest_date=2020-06-21/shardId-000000000003-"
        "49590338271490256608559692538361571095921575989136588898-"
        "00495903382714902566085596925383615710959215759891365888.ndjson.gz"
    )


def test_names_sort_as_numbers_do() -> None:
    day = datetime(2020, 6, 21, tzinfo=UTC)
    numbers = [9, 10, 99, 100, 10**55]
    keys = [object_key(at(str(number), day), at(str(number), day)) for number in numbers]
    assert keys == sorted(keys)


def test_the_body_is_one_json_object_per_transaction_with_the_amount_as_text() -> None:
    transactions = [transaction(0), transaction(1, is_fraud=None, amt="1000")]
    lines = gzip.decompress(object_body(transactions)).splitlines()
    rows = [json.loads(line) for line in lines]
    assert [list(row) for row in rows] == [list(Transaction._fields)] * 2
    assert rows[1]["amount"] == "1000.00"
    assert rows[1]["is_fraud"] is None
    assert rows[0] == transaction(0)._asdict() | {"amount": "2.86"}


def test_the_same_batch_gives_the_same_bytes() -> None:
    transactions = [transaction(number) for number in range(50)]
    assert object_body(transactions) == object_body(transactions)
    assert object_body(transactions)[4:8] == b"\0\0\0\0"  # no time in the gzip header
