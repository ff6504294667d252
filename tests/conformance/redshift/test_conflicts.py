"""The table's sink, the merge and the resolver together: any interleaving of contents ends the same in every store."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.reconcile.records import of_text
from client.reconcile.tally import Tally
from client.reconcile.warehouse import Warehouse as Reconciled
from client.reconcile.window import DAY, EVERYTHING, bucket_of
from client.repair.warehouse import _recompute
from local.tests.conformance.redshift.conftest import Redshift
from shared.sinks.bucket import Bucket
from shared.sinks.consumer import read_batch
from shared.sinks.item import SUPERSEDED, content_of
from shared.sinks.table import Table
from shared.stream.writer import Stream
from shared.transaction.codec import decode_record, encode_record
from shared.transaction.content import adds_label, content_sql, counting, digest, texts
from shared.transaction.schema import FIELDS, Transaction
from shared.warehouse.conflicts import Resolver
from shared.warehouse.data_api import Warehouse
from shared.warehouse.merging import merge_statements
from shared.warehouse.migrations import all_statements
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.dynamodb import FakeTable
from tests.unit.fakes.events import kinesis_event
from tests.unit.fakes.kinesis import FakeKinesis
from tests.unit.fakes.rows import transaction
from tests.unit.fakes.s3 import FakeS3

ONE = transaction(1)
CONTENTS = [
    ONE,
    ONE._replace(is_fraud=None),
    ONE._replace(is_fraud=True),
    ONE._replace(amount=Decimal("0.01")),
    ONE._replace(job="Another"),
    ONE._replace(card_id="f" * 32, amount=Decimal("0.02")),  # another shard, another key of the table
    ONE._replace(occurred_at="2020-06-20T12:00:00.250Z"),
    ONE._replace(amount=Decimal("9.99"), corrected_at="2026-11-30T12:00:00.250Z", corrected_by="operations"),
    transaction(2),
]


DIGESTS = f"SELECT transaction_id, MD5({content_sql('fact')}) AS digest_of FROM core.transaction AS fact"


class World:
    """All stores but the lake, which keeps every content."""

    def __init__(self, redshift: Redshift) -> None:
        self.redshift = redshift
        redshift.ok(all_statements())
        self.warehouse = Warehouse(redshift.client, "swipeline-test", "swipeline")
        self.clear()

    def clear(self) -> None:
        names = ("staging.transaction", "core.transaction", "core.customer", "core.merchant", "core.superseded")
        self.redshift.ok([f"DELETE FROM {name}" for name in names])
        self.items, self.stream, self.s3 = FakeTable(), FakeKinesis(), FakeS3()
        self.table = Table(self.items, "transactions", threads=1)

    def write(self, *transactions: Transaction) -> None:
        lines = read_batch(kinesis_event([("00", encode_record([one])) for one in transactions])).lines
        assert not self.table.write(lines, FakeClock().budget(20)).failed

    def merge(self, *transactions: Transaction, on_stream: bool = True) -> None:
        names = [field.name for field in FIELDS]
        for one in transactions:
            values = [literal(field.name, text) for field, text in zip(FIELDS, texts(one), strict=True)]
            version = "1" if on_stream else "NULL"
            self.redshift.ok(
                f"INSERT INTO staging.transaction ({', '.join(names)}, schema_version) "
                f"VALUES ({', '.join(values)}, {version})"
            )
        self.redshift.ok(merge_statements())

    def resolve(self) -> None:
        resolver = Resolver(self.warehouse, self.table, Stream(self.stream, "s"), Bucket(self.s3, "quarantine"))
        resolver.run(FakeClock().budget(60))
        records = [data for of_key in self.stream.stored.values() for data in of_key]
        for one in (line for data in records for line in decode_record(data)):
            assert isinstance(one, Transaction)
            self.write(one)

    def conflicts(self) -> dict[str, Any]:
        kept = {key: json.loads(self.s3.objects["quarantine", key]["Body"]) for key in self.s3.keys("quarantine")}
        assert all(key.startswith("conflicts/") for key in kept)
        return {one["digest"]: one for one in kept.values()}


def literal(name: str, text: str) -> str:
    if not text:
        return "NULL"
    if name == "is_fraud":
        return "TRUE" if text == "1" else "FALSE"
    return "'" + text.replace("'", "''").removesuffix("Z" if text[10:11] == "T" else "\0") + "'"


@pytest.fixture
def world(redshift: Redshift) -> World:
    return World(redshift)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(by_shard=st.lists(st.sampled_from(CONTENTS), min_size=1, max_size=5), batches=st.booleans(), data=st.data())
def test_any_interleaving_ends_with_one_content_in_every_store_and_each_other_one_in_quarantine_once(
    world: World, by_shard: list[Transaction], batches: bool, data: st.DataObject
) -> None:
    world.clear()
    merged = data.draw(st.permutations(by_shard))
    cut = data.draw(st.integers(0, len(merged)))
    world.merge(*merged[:cut])
    world.resolve()
    if batches:
        world.write(*by_shard)
    else:
        for one in by_shard:
            world.write(one)
    world.merge(*merged[cut:])
    world.resolve()
    world.write(*merged)  # a redrive
    world.resolve()
    for identity in {one.transaction_id for one in by_shard}:
        contents = [one for one in dict.fromkeys(by_shard) if one.transaction_id == identity]
        counts = counting(contents)
        stored = [content_of(item) for item in world.items.items.values() if SUPERSEDED not in item]
        assert [one for one in stored if one.transaction_id == identity] == [counts]
        plain = [one for one in contents if one.corrected_at is None]
        first = counting(plain) if plain else counts
        others = {
            digest(one)
            for one in plain
            if one != first and not any(adds_label(one, two) and one.is_fraud is None for two in plain)
        }
        assert {found for found, one in world.conflicts().items() if one["transaction_id"] == identity} == others
    sql = "SELECT transaction_id FROM core.superseded WHERE resolved_at IS NULL"
    assert world.redshift.rows(sql) == []


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=st.lists(st.tuples(st.sampled_from(CONTENTS), st.booleans()), min_size=2, max_size=5))
def test_what_the_batch_path_brings_counts_in_the_table_too_where_the_stream_brought_another_content(
    world: World, arrivals: list[tuple[Transaction, bool]]
) -> None:
    world.clear()
    for one, by_batch in arrivals:
        on_stream = not by_batch or one.corrected_at is not None  # corrections come on the stream alone
        if on_stream:
            world.write(one)
        world.merge(one, on_stream=on_stream)
        world.resolve()
    for identity in {one.transaction_id for one, _ in arrivals}:
        contents = {one for one, _ in arrivals if one.transaction_id == identity}
        streamed = [one for one, by_batch in arrivals if one in contents and (not by_batch or one.corrected_at)]
        stored = [content_of(item) for item in world.items.items.values() if SUPERSEDED not in item]
        expected = [counting(contents)] if streamed or len(contents) > 1 else []
        assert [one for one in stored if one.transaction_id == identity] == expected
        core = world.redshift.rows(f"SELECT digest_of FROM ({DIGESTS}) AS content WHERE transaction_id = '{identity}'")
        assert [row[0] for row in core] == [digest(counting(contents))]


def test_what_reconcile_computes_is_what_the_warehouse_computes(world: World) -> None:
    made = [transaction(number, street="12 Ünter \"den\" Linden, 'x'", lat="-0.5") for number in range(3)]
    world.merge(*made, CONTENTS[7])
    stage: Any = _Stage(world)
    warehouse = Reconciled(stage)
    expected = Tally()
    for one in (*made[:1], CONTENTS[7], *made[2:]):
        expected.add(bucket_of(one.occurred_at, one.card_id, DAY), digest(one))
    assert warehouse.tally(EVERYTHING, DAY)._counts == expected._counts
    read = {record.identity: record for record in warehouse.all_records(lambda _: True)}
    assert read[made[0].transaction_id] == of_text("\x1f".join(_base_then_label(made[0])))
    assert warehouse.wrong_dimensions() == []
    world.redshift.ok("UPDATE core.customer SET job = 'x'")
    assert {tuple(one.fields) for one in warehouse.wrong_dimensions()} == {("customer.job",)}
    world.redshift.ok(_recompute(", ".join(f"'{one.transaction_id}'" for one in made)))
    assert warehouse.wrong_dimensions() == []


class _Stage:
    """As much of a stage as a query takes."""

    warehouse_secret = ""
    name = "local"

    def __init__(self, world: World) -> None:
        self._client = world.redshift.client

    def client(self, service: str) -> Any:
        return self._client

    def output(self, name: str) -> str:
        return {"WorkgroupName": "swipeline-test", "DatabaseName": "swipeline"}[name]


def _base_then_label(one: Transaction) -> list[str]:
    found = texts(one)
    at = Transaction._fields.index("is_fraud")
    return [*found[:at], *found[at + 1 :], found[at]]
