"""Merchants are listed once per container, before their transactions, and what could not be listed is not forgotten."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.sinks.consumer import Line, Position
from shared.sinks.merchants import Merchants, entry_keys, folded
from shared.sinks.table import Table
from shared.transaction.schema import Transaction
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.dynamodb import inserted
from tests.unit.fakes.query_table import FakeTables
from tests.unit.fakes.rows import transaction

JUNE = transaction(1)
JULY = transaction(2, trans_date_trans_time="2020-07-01 00:00:00")
OTHER = transaction(3, merchant="Birch Café")


class Counting(FakeTables):
    """Counts the items put into the merchants table, and leaves them unprocessed while ``away``."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[tuple[str, str]] = []
        self.away = False

    def batch_write_item(self, *, RequestItems):  # type: ignore[no-untyped-def]
        if "merchants" in RequestItems:
            if self.away:
                return {"UnprocessedItems": RequestItems}
            self.listed += [
                (r["PutRequest"]["Item"]["part"]["S"], r["PutRequest"]["Item"]["sort"]["S"])
                for r in RequestItems["merchants"]
            ]
        return super().batch_write_item(RequestItems=RequestItems)

    def batch_execute_statement(self, *, Statements):  # type: ignore[no-untyped-def]
        items = [inserted(one["Statement"], one["Parameters"]) for one in Statements]
        new = [(item["card_id"]["S"], item["time_id"]["S"]) not in self.stored["transactions"] for item in items]
        for item in items:
            self._put("transactions", item)
        return {"Responses": [{} if one else {"Error": {"Code": "DuplicateItem"}} for one in new]}

    def batch_get_item(self, *, RequestItems):  # type: ignore[no-untyped-def]
        keys = [(key["card_id"]["S"], key["time_id"]["S"]) for key in RequestItems["transactions"]["Keys"]]
        return {"Responses": {"transactions": [self.stored["transactions"][key] for key in keys]}}

    def put_item(self, **parameters):  # type: ignore[no-untyped-def]
        raise AssertionError("no content differs")


def lines(*transactions: Transaction) -> list[Line]:
    arrived = datetime(2020, 6, 21, tzinfo=UTC)
    return [Line(Position("shard", str(n), "00", arrived), one) for n, one in enumerate(transactions)]


def test_a_merchant_is_listed_by_its_name_and_by_each_month() -> None:
    fake = Counting()
    assert Merchants(fake, "merchants").unlisted(lines(JUNE, JULY), FakeClock().budget(9))[0] == []
    assert sorted(fake.listed) == sorted({*entry_keys(JUNE), *entry_keys(JULY)})
    assert len(fake.listed) == 3
    names = [item for item in fake.stored["merchants"].values() if "merchant" in item]
    assert [(item["merchant"]["S"], item["sort"]["S"]) for item in names] == [
        ("Oak & Sons Hardware", "oak & sons hardware\x1fOak & Sons Hardware")
    ]


def test_what_a_container_has_listed_it_does_not_list_again() -> None:
    fake = Counting()
    merchants = Merchants(fake, "merchants")
    for _ in range(3):
        merchants.unlisted(lines(JUNE, transaction(9), OTHER), FakeClock().budget(9))
    assert len(fake.listed) == 4


def test_another_container_writes_the_same_entries() -> None:
    fake = Counting()
    Merchants(fake, "merchants").unlisted(lines(JUNE, OTHER), FakeClock().budget(9))
    before = dict(fake.stored["merchants"])
    Merchants(fake, "merchants").unlisted(lines(OTHER, JUNE, JUNE), FakeClock().budget(9))
    assert fake.stored["merchants"] == before


def test_what_a_container_remembers_is_bounded_and_forgetting_only_costs_a_write() -> None:
    fake = Counting()
    merchants = Merchants(fake, "merchants", most_known=2)
    many = [transaction(n, merchant=f"Merchant {n}") for n in range(10)]
    merchants.unlisted(lines(*many), FakeClock().budget(9))
    assert len(merchants._known) == 2
    assert merchants.unlisted(lines(*many), FakeClock().budget(9))[0] == []
    assert len(fake.stored["merchants"]) == 20


def test_no_transaction_is_written_before_its_merchant_is_listed_and_its_record_fails() -> None:
    fake = Counting()
    table = Table(fake, "transactions", merchants=Merchants(fake, "merchants"))
    assert table.write(lines(JUNE), FakeClock().budget(9)).failed == []
    fake.away = True
    outcome = table.write(lines(JUNE, OTHER), FakeClock().budget(1))
    assert [position.sequence_number for position in outcome.failed] == ["1"]
    assert len(fake.stored["transactions"]) == 1
    fake.away = False
    assert table.write(lines(JUNE, OTHER), FakeClock().budget(9)).failed == []
    assert len(fake.stored["transactions"]) == 2


def test_names_are_found_whatever_their_case_and_white_space() -> None:
    assert folded("  OAK   & Sons ") == folded("oak & sons")
    assert folded("STRASSE") == folded("Straße")
