"""For any stream, any objects, any failures and kills of Firehose: core ends as the set of valid transactions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.kinesis_reader import Record
from shared.sinks.aggregate import UserRecord
from shared.sinks.consumer import read_batch, read_lines
from shared.sinks.lake import Body
from shared.transaction.codec import decode_line, encode_line
from shared.transaction.schema import Transaction
from tests.property.consumer_world import (
    TRANSACTIONS,
    UNREADABLE,
    WRONG_SCHEMA,
    MadeRecord,
    made_streams,
    on_the_stream,
    valid,
)
from tests.property.delivery_world import OPERATIONS, Delivery, Trouble, Warehouse
from tests.unit.fakes.events import kinesis_event
from tests.unit.fakes.kpl import aggregate

Troubles = dict[str, list[Trouble]]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("local.firehose.copier.backoff", lambda *_: 0.0)
        yield warehouse
    warehouse.close()


@settings(max_examples=40)
@given(
    made_streams(UNREADABLE + WRONG_SCHEMA),
    st.fixed_dictionaries({operation: st.lists(st.sampled_from(Trouble), max_size=4) for operation in OPERATIONS}),
    st.lists(st.integers(0, 2), max_size=12),
    st.sampled_from([200, 700, 3000, 1_000_000]),
)
def test_core_ends_as_the_set_of_valid_transactions(
    warehouse: Warehouse, made: list[MadeRecord], troubles: Troubles, steps: list[int], buffer_bytes: int
) -> None:
    warehouse.clear()
    delivery = Delivery(warehouse, on_the_stream(made), troubles, buffer_bytes)
    try:
        for step in steps:
            delivery.step(step)
        delivery.finish()
    finally:
        delivery.close()
    expected = [TRANSACTIONS[number] for number in sorted(valid(made))]
    found = warehouse.column("SELECT transaction_id FROM core.transaction ORDER BY transaction_id")
    assert found == [one.transaction_id for one in expected]
    assert set(warehouse.column("SELECT customer_id FROM core.customer")) == {one.customer_id for one in expected}
    assert set(warehouse.column("SELECT merchant_id FROM core.merchant")) == {one.merchant_id for one in expected}
    assert warehouse.column("SELECT COUNT(*) FROM staging.transaction") == [0]


_good = st.integers(0, len(TRANSACTIONS) - 1).map(lambda number: encode_line(TRANSACTIONS[number]))
_pieces = (
    _good | _good.map(lambda line: line[:-1]) | st.binary(max_size=40) | st.sampled_from([b"\n", b"\r\n", b"", b"[2"])
)
_content = st.lists(_pieces, min_size=1, max_size=5).map(b"".join)
_aggregated = st.lists(
    st.builds(UserRecord, st.sampled_from(["00", "07"]), st.none() | st.just("5"), _content), min_size=1, max_size=4
).map(aggregate)


@settings(max_examples=60, deadline=None)
@given(st.lists(_content | _aggregated, min_size=1, max_size=10), st.sampled_from([100, 1000, 1_000_000]))
def test_whatever_a_producer_puts_ends_the_same_in_table_lake_and_warehouse(
    warehouse: Warehouse, data: list[bytes], buffer_bytes: int
) -> None:
    event = kinesis_event([("07", one) for one in data])
    table = read_batch(event)
    body = Body()
    lake = read_lines(event, body.add)
    warehouse.clear()
    records = [Record(str(number), "07", one, 1592741665.25) for number, one in enumerate(data, 1)]
    delivery = Delivery(warehouse, records, {}, buffer_bytes)
    try:
        delivery.finish()
    finally:
        delivery.close()
    expected = sorted({line.transaction.transaction_id for line in table.lines})
    assert warehouse.column("SELECT transaction_id FROM core.transaction ORDER BY transaction_id") == expected
    assert len(lake.lines) == len(table.lines)
    assert lake.unreadable == table.unreadable, "what is no row is in quarantine, once, with its bytes"
    for bad in table.unreadable:
        assert not isinstance(decode_line(bad.bad.data), Transaction)
