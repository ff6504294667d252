"""For any stream, any objects, any failures and kills of Firehose: core ends as the set of valid transactions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.consumer_world import TRANSACTIONS, UNREADABLE, MadeRecord, made_streams, on_the_stream, valid
from tests.property.delivery_world import OPERATIONS, Delivery, Trouble, Warehouse

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
    made_streams(UNREADABLE),
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
