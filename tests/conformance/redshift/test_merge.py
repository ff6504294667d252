"""The migrations, COPY and merge.sql on random loads, against a model in plain Python."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.tests.conformance.redshift.conftest import ROLE, Redshift
from shared.transaction.codec import TRACE_AT
from shared.transaction.content import counts_before, digest
from shared.transaction.schema import FIELDS, SCHEMA_VERSION, Transaction
from shared.warehouse.merging import merge_statements
from shared.warehouse.migrations import all_statements
from shared.warehouse.sql import columns, fill_in, read_statements

FILES = Path(__file__).parents[3] / "redshift"
DDL = all_statements()
MERGE = merge_statements()
RESOLVE = read_statements("resolve.sql")
OPTIONS = fill_in((FILES / "copy_options").read_text().strip(), {"DeliveryBucket": "b"})
NAMES = [field.name for field in FIELDS]
COPY = (
    f"COPY staging.transaction ({', '.join(['schema_version', *NAMES])}) FROM 's3://b/manifest'"
    f" CREDENTIALS 'aws_iam_role={ROLE}' MANIFEST {OPTIONS}"
)
Row = dict[str, Any]


def row(number: int, customer: int, merchant: int, second: int, flavour: int) -> Row:
    """A transaction: all of it follows from its number, so that a resend has equal content."""
    return {
        "transaction_id": f"{number:032x}",
        "occurred_at": f"2020-06-21T12:14:{second:02d}.250Z",
        "card_id": f"{customer:032x}",
        "card_key_id": "1",
        "card_last4": f"{customer:04d}",
        "customer_id": f"{customer:016x}",
        "merchant_id": f"{merchant:016x}",
        "merchant": f"Merchant é {merchant}",
        "category": f"category {flavour}",
        "amount": f"{number}.{flavour:02d}",
        "first_name": "Jeff",
        "last_name": "O'Neil",
        "gender": "M",
        "street": "351 Darlene Green",
        "city": f"City {flavour}",
        "state": "SC",
        "zip": "00501",
        "latitude": 33.9659 + flavour,
        "longitude": -80.9355,
        "city_population": 1000 + flavour,
        "job": f"Job {flavour}",
        "date_of_birth": "1968-03-19",
        "merchant_latitude": 33.986391,
        "merchant_longitude": -81.200714,
        "is_fraud": (None, True, False)[number % 3],
    }


def line(item: Row, version: int = SCHEMA_VERSION) -> str:
    """A row as a line of the stream, of this version or a newer one."""
    values = [item.get(name) for name in NAMES]
    return json.dumps([version, *values[: TRACE_AT - 1], None, *values[TRACE_AT - 1 :]])


rows = st.builds(
    lambda number, spread: row(number, spread % 3, spread % 2, spread % 5, number % 7),
    st.integers(0, 40),
    st.integers(0, 60),
)


def consistent(loads: list[list[Row]]) -> list[list[Row]]:
    """Equal ids, equal content: the first content an id has is the only one."""
    known: dict[str, Row] = {}
    return [[known.setdefault(item["transaction_id"], item) for item in load] for load in loads]


def transaction_of(item: Row) -> Transaction:
    values = [item.get(name) for name in NAMES]
    values[NAMES.index("amount")] = Decimal(item["amount"])
    return Transaction._make(values)


def model(loads: Iterable[list[Row]]) -> dict[str, dict[str, Row]]:
    """What core must hold: facts by id, dimensions by id, independent of order."""
    facts: dict[str, Row] = {}
    for load in loads:
        for item in load:
            known = facts.setdefault(item["transaction_id"], item)
            if counts_before(transaction_of(item), transaction_of(known)):
                facts[item["transaction_id"]] = item
    core: dict[str, dict[str, Row]] = {"transaction": facts, "customer": {}, "merchant": {}}
    for key in ("customer", "merchant"):
        for item in sorted(facts.values(), key=lambda f: (f["occurred_at"], f["transaction_id"])):
            name = item[f"{key}_id"]
            first = core[key][name]["first_seen_at"] if name in core[key] else item["occurred_at"]
            core[key][name] = item | {"first_seen_at": first, "last_seen_at": item["occurred_at"]}
    return core


def shown(value: Any, column: str) -> Any:
    """A value of the model as the Data API gives it."""
    if value is None:
        return None
    if column in ("occurred_at", "first_seen_at", "last_seen_at", "corrected_at"):
        text = value.replace("T", " ").rstrip("Z")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if column == "amount":
        return str(Decimal(value).quantize(Decimal("0.01")))
    if column in ("latitude", "longitude", "merchant_latitude", "merchant_longitude"):
        return f"{Decimal(repr(value)):.6f}"
    return value


CUSTOMER = [
    "customer_id",
    "first_name",
    "last_name",
    "gender",
    "date_of_birth",
    "street",
    "city",
    "state",
    "zip",
    "latitude",
    "longitude",
    "city_population",
    "job",
    "first_seen_at",
    "last_seen_at",
]
MERCHANT = ["merchant_id", "merchant", "category", "first_seen_at", "last_seen_at"]
FACT = NAMES


class Warehouse:
    def __init__(self, redshift: Redshift) -> None:
        self.redshift = redshift
        redshift.ok(DDL)
        redshift.s3.put("s3://b/" + columns()["JSONPATHS"], (FILES / columns()["JSONPATHS"]).read_bytes())

    def empty(self) -> None:
        tables = ("staging.transaction", "core.transaction", "core.customer", "core.merchant", "core.superseded")
        self.redshift.ok([f"DELETE FROM {table}" for table in tables])

    def load(self, *files: list[Row], version: int = SCHEMA_VERSION) -> None:
        entries = []
        for number, load in enumerate(files):
            text = "".join(line(item, version) + "\n" for item in load)
            entries.append(
                {"url": self.redshift.s3.put(f"s3://b/{number}.gz", gzip.compress(text.encode())), "mandatory": True}
            )
        self.redshift.s3.put("s3://b/manifest", {"entries": entries})
        self.redshift.ok(COPY)

    def merge(self) -> Row:
        found = self.redshift.ok(MERGE)
        last = found["SubStatements"][-1]["Id"]
        names = [c["name"] for c in self.redshift.client.get_statement_result(Id=last)["ColumnMetadata"]]
        (values,) = self.redshift.result(last)
        return dict(zip(names, values, strict=True))

    def resolve(self) -> None:
        self.redshift.ok(RESOLVE)

    def others(self) -> list[tuple[Any, ...]]:
        return sorted(self.redshift.rows("SELECT digest, kind FROM core.superseded"))

    def check(self, loads: Iterable[list[Row]]) -> None:
        core = model(loads)
        for table, names in (("customer", CUSTOMER), ("merchant", MERCHANT), ("transaction", FACT)):
            expected = [tuple(shown(item.get(name), name) for name in names) for item in core[table].values()]
            found = self.redshift.rows(f"SELECT {', '.join(names)} FROM core.{table}")
            assert sorted(found, key=str) == sorted(expected, key=str), table
        assert self.redshift.rows("SELECT COUNT(*) FROM staging.transaction") == [(0,)]


@pytest.fixture
def warehouse(redshift: Redshift) -> Warehouse:
    return Warehouse(redshift)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    loads=st.lists(st.lists(rows, max_size=12), min_size=1, max_size=4),
    merge_after=st.lists(st.booleans(), min_size=4, max_size=4),
    data=st.data(),
)
def test_core_follows_the_model_for_any_order_and_splitting_of_loads_and_any_replay(
    warehouse: Warehouse, loads: list[list[Row]], merge_after: list[bool], data: st.DataObject
) -> None:
    loads = consistent(loads)
    warehouse.empty()
    staged = inserted = duplicates = 0
    for load, merge_now in zip(loads, merge_after, strict=False):
        warehouse.load(load)
        if merge_now:
            counts = warehouse.merge()
            staged, inserted, duplicates = (
                staged + counts["staged"],
                inserted + counts["inserted"],
                duplicates + counts["duplicates"],
            )
    counts = warehouse.merge()
    warehouse.check(loads)
    total = sum(len(load) for load in loads)
    assert staged + counts["staged"] == total
    assert inserted + counts["inserted"] == len(model(loads)["transaction"])
    assert duplicates + counts["duplicates"] == total - len(model(loads)["transaction"])

    replay = data.draw(st.permutations([item for load in loads for item in load]))
    warehouse.load(replay[: len(replay) // 2], replay[len(replay) // 2 :])
    assert warehouse.merge()["inserted"] == 0
    warehouse.check(loads)


def test_when_an_id_comes_with_other_content_one_counts_and_the_other_is_kept_whole(warehouse: Warehouse) -> None:
    low, high = row(1, 1, 1, 1, 1), row(1, 2, 2, 2, 2) | {"transaction_id": f"{1:032x}"}
    for order in ((low, high), (high, low)):
        warehouse.empty()
        warehouse.load([order[0]])
        warehouse.merge()
        warehouse.load([order[1]])
        counts = warehouse.merge()
        assert (counts["staged"], counts["inserted"], counts["duplicates"]) == (1, 0, 1)
        assert (counts["replaced"], counts["conflicts"]) == (int(order[1] is low), 1)
        warehouse.resolve()
        warehouse.check([[low]])
        names = ", ".join(NAMES)
        assert warehouse.redshift.rows(f"SELECT {names}, kind, digest FROM core.superseded") == [
            (*(shown(high.get(name), name) for name in NAMES), "conflict", digest(transaction_of(high)))
        ]


def test_a_label_that_comes_later_is_no_conflict_and_stays(warehouse: Warehouse) -> None:
    labelled = row(1, 1, 1, 1, 1)
    unlabelled = labelled | {"is_fraud": None}
    for load in (unlabelled, labelled, unlabelled):
        warehouse.load([load])
        assert warehouse.merge()["conflicts"] == 0
    warehouse.check([[labelled]])
    assert warehouse.redshift.rows("SELECT kind, is_fraud FROM core.superseded") == [("label", None)]
    assert warehouse.redshift.rows("SELECT COUNT(*) FROM core.superseded WHERE resolved_at IS NULL") == [(0,)]


CONTENTS = [
    row(1, 1, 1, 1, 1),
    row(1, 1, 1, 1, 1) | {"is_fraud": None},
    row(1, 1, 1, 1, 1) | {"is_fraud": False},
    row(1, 1, 1, 1, 1) | {"job": "Another"},
    row(1, 1, 1, 1, 1) | {"amount": "0.99", "is_fraud": None},
    row(1, 1, 1, 1, 1) | {"amount": "0.99"},
    row(1, 2, 2, 0, 2) | {"transaction_id": f"{1:032x}"},
    row(1, 1, 1, 1, 1) | {"amount": "9.00", "corrected_at": "2026-11-30T12:00:00.250Z", "corrected_by": "a"},
    row(1, 1, 1, 1, 1) | {"amount": "8.00", "corrected_at": "2026-11-30T13:00:00.250Z", "corrected_by": "b"},
    row(2, 1, 1, 9, 3),
]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads=st.lists(st.lists(st.sampled_from(CONTENTS), max_size=4), min_size=1, max_size=3), data=st.data())
def test_any_interleaving_of_contents_ends_with_the_same_one_and_each_other_one_once(
    warehouse: Warehouse, loads: list[list[Row]], data: st.DataObject
) -> None:
    everything = [item for load in loads for item in load]
    again = data.draw(st.permutations(everything))
    warehouse.empty()
    for load in loads:
        warehouse.load(load)
        warehouse.merge()
        if data.draw(st.booleans()):
            warehouse.resolve()
    warehouse.resolve()
    warehouse.check(loads)
    kept = warehouse.others()
    warehouse.empty()
    for item in again:
        warehouse.load([item])
        warehouse.merge()
    warehouse.resolve()
    warehouse.check(loads)
    assert warehouse.others() == kept
    of_first = {digest(transaction_of(item)): item for item in everything if item["transaction_id"] == f"{1:032x}"}
    assert len([one for one in kept if one[0] in of_first]) == max(0, len(of_first) - 1)


def test_a_row_from_before_whole_contents_were_kept_is_completed_by_its_resend(warehouse: Warehouse) -> None:
    first = row(1, 1, 1, 1, 1)
    warehouse.load([first])
    warehouse.merge()
    warehouse.redshift.ok("UPDATE core.transaction SET merchant = NULL, job = NULL, first_name = NULL, state = NULL")
    warehouse.load([first])
    assert (warehouse.merge()["conflicts"], warehouse.others()) == (0, [])
    assert warehouse.redshift.rows("SELECT job, state, merchant FROM core.transaction") == [
        (first["job"], "SC", first["merchant"])
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_at_equal_times_the_greater_id_gives_a_dimension_its_attributes(
    warehouse: Warehouse, order: tuple[int, ...]
) -> None:
    tied = [row(number, 1, 1, 3, number) for number in range(3)]
    for index in order:
        warehouse.load([tied[index]])
        warehouse.merge()
    warehouse.check([tied])
    assert warehouse.redshift.rows("SELECT job FROM core.customer") == [("Job 2",)]
    assert warehouse.redshift.rows("SELECT category FROM core.merchant") == [("category 2",)]


def test_a_newer_releases_line_is_merged_with_the_fields_that_are_known(warehouse: Warehouse) -> None:
    warehouse.load([row(1, 1, 1, 1, 1)])
    warehouse.load([row(2, 1, 1, 1, 1)], version=SCHEMA_VERSION + 1)
    assert warehouse.merge()["inserted"] == 2
    assert warehouse.merge()["staged"] == 0


def test_a_line_of_a_version_that_nobody_writes_is_left_to_quarantine(warehouse: Warehouse) -> None:
    warehouse.load([row(1, 1, 1, 1, 1)])
    warehouse.load([row(2, 1, 1, 1, 1)], version=0)
    assert warehouse.merge()["inserted"] == 1
    assert warehouse.merge()["staged"] == 0


def test_an_empty_merge_counts_nothing(warehouse: Warehouse) -> None:
    counts = warehouse.merge()
    assert (counts["staged"], counts["inserted"], counts["duplicates"]) == (0, 0, 0)
    assert counts["waited_seconds"] is None


def test_a_merge_that_fails_leaves_staging_and_core_as_they_were(warehouse: Warehouse) -> None:
    warehouse.load([row(n, n, n, n, n) for n in range(5)])
    found = warehouse.redshift.run([*MERGE, "SELECT nothing FROM core.transaction"])
    assert found["Status"] == "FAILED"
    assert warehouse.redshift.rows("SELECT COUNT(*) FROM staging.transaction") == [(5,)]
    assert warehouse.redshift.rows("SELECT COUNT(*) FROM core.transaction") == [(0,)]


def test_merges_and_loads_at_once_lose_nothing_and_double_nothing(warehouse: Warehouse) -> None:
    everything = [row(n, n % 3, n % 2, n % 5, n % 7) for n in range(40)]
    submitted = []
    for start in range(0, 40, 10):
        text = "".join(line(item) + "\n" for item in everything[start : start + 10])
        url = warehouse.redshift.s3.put(f"s3://b/{start}.gz", gzip.compress(text.encode()))
        warehouse.redshift.s3.put(f"s3://b/manifest{start}", {"entries": [{"url": url, "mandatory": True}]})
        load = COPY.replace("s3://b/manifest", f"s3://b/manifest{start}")
        submitted += [warehouse.redshift.submit(sql) for sql in (load, MERGE, load, MERGE)]
    assert [warehouse.redshift.wait(item)["Status"] for item in submitted] == ["FINISHED"] * len(submitted)
    warehouse.check([everything])
