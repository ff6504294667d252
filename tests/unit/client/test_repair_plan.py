"""What `swipeline repair` would put where, and what it leaves to a person."""

from __future__ import annotations

from decimal import Decimal

import pytest

from client.reconcile.differences import LAKE, TABLE, WAREHOUSE, Differences
from client.reconcile.records import Record
from client.repair.run import Repair, _sorted
from shared.transaction.content import texts
from shared.transaction.schema import Transaction
from tests.unit.fakes.rows import transaction

RIGHT = transaction(1)
WRONG = RIGHT._replace(amount=Decimal("99999.99"))


def plan(**stores: Transaction) -> Repair:
    done = Repair("local", acted=False)
    with Differences.on_disk() as found:
        for store, one in stores.items():
            found.add(store, [Record.of(texts(one))])
        _, cases = found.compare(frozenset(), 40)
        _sorted(list(cases), done)
    return done


@pytest.mark.parametrize("wrong", [TABLE, LAKE, WAREHOUSE])
def test_what_two_stores_agree_on_is_put_into_the_third(wrong: str) -> None:
    done = plan(**dict.fromkeys((TABLE, LAKE, WAREHOUSE), RIGHT) | {wrong: WRONG})
    assert [store for store, count in done.stores.items() if count] == [wrong]


def test_without_the_archive_table_against_warehouse_is_left_to_a_person() -> None:
    done = plan(dynamodb=WRONG, warehouse=RIGHT)
    assert (done.disputed, done.disputed_ids) == (1, [RIGHT.transaction_id])
    assert not any(done.stores.values())
    assert not done.clean


def test_what_the_archive_alone_lacks_is_put_there() -> None:
    done = plan(dynamodb=RIGHT, warehouse=RIGHT)
    assert (done.stores[LAKE], done.disputed) == (1, 0)
