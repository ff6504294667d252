"""The marts after any order of loads, merges, alerts and refreshes, against a model in plain Python."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraud.alert import Alert
from local.redshift.engine import Database
from local.redshift.translate import compile_text
from shared.transaction.content import counts_before
from shared.warehouse.marts import FILES
from shared.warehouse.migrations import all_statements
from shared.warehouse.sql import read_statements
from tests.conformance.redshift.test_merge import Row, row, transaction_of

STATES, SIZES = ("NY", "SC", "TX"), {900: "under 2,500", 30_000: "10,000-49,999", 1_000_000: "250,000+"}
YEARS = (1546300800, 1609459199)  # 2019 and 2020
BANDS = ((18, "0-17"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"), (75, "65-74"))
ALERT = {
    **{"card_id": "c", "card_last4": "1", "merchant_id": "m", "category": "c", "amount": "1", "score": "0.9"},
    **{"threshold": "0.5", "reasons": "r", "model": "m", "alerted_at": "2020-01-01"},
}


@st.composite
def transactions(draw: st.DrawFn) -> Row:
    """Numbers repeat, so that there are resends, with other content sometimes; a customer may be anywhere."""
    number, customer = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    moment = datetime.fromtimestamp(draw(st.integers(*YEARS)), UTC)
    return row(number, customer, draw(st.integers(1, 3)), 1, draw(st.integers(1, 2))) | {
        "occurred_at": f"{moment:%Y-%m-%d %H:%M:%S}",
        "date_of_birth": str(draw(st.sampled_from([date(1950, 6, 15), date(1996, 2, 29), date(2001, 12, 31)]))),
        "gender": draw(st.sampled_from("FM")),
        "state": draw(st.sampled_from(STATES)),
        "city_population": draw(st.sampled_from(list(SIZES))),
        "amount": str(draw(st.decimals("0", "9999999999.99", places=2))),
    }


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("load"), st.lists(transactions(), min_size=1, max_size=6)),
        st.tuples(st.just("alert"), st.tuples(st.integers(1, 12), st.booleans())),
        st.tuples(st.just("refresh"), st.none()),
    ),
    min_size=1,
    max_size=8,
)


class World:
    """Database and model side by side."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "swipeline.duckdb")
        self.sql(*all_statements())
        for name in FILES:
            self.run(f"marts/{name}.sql")

    def run(self, *files: str) -> None:
        self.sql(*(sql for name in files for sql in read_statements(name)))

    def sql(self, *statements: str) -> list[list[Any]]:
        with self.database.session() as session:
            session.begin()
            result = None
            for sql in statements:
                _, result = session.run(compile_text(sql), 1, None)
            session.commit(str(uuid.uuid4()))
        pages = result.pages if result else []
        return [[None if "isNull" in f else next(iter(f.values())) for f in r] for p in pages for r in json.loads(p)]

    def begin(self) -> None:
        core = ("core.transaction", "core.customer", "core.merchant", "core.alert", "core.superseded")
        self.sql(*(f"DELETE FROM {name}" for name in ("staging.transaction", "staging.alert_event", *core)))
        self.run("marts/rebuild.sql")
        self.facts: dict[str, Row] = {}
        self.alerts: dict[str, bool] = {}

    def load(self, rows: list[Row]) -> None:
        values = ", ".join("(" + ", ".join(map(_literal, one.values())) + ")" for one in rows)
        self.sql(f"INSERT INTO staging.transaction ({', '.join(rows[0])}) VALUES {values}")
        self.run("merge_alerts.sql", "merge.sql")
        self.run("resolve.sql")
        for one in rows:
            known = self.facts.setdefault(one["transaction_id"], one)
            if counts_before(transaction_of(one), transaction_of(known)):
                self.facts[one["transaction_id"]] = one

    def alert(self, number: int, is_alert: bool) -> None:
        reported = {**ALERT, "transaction_id": f"{number:032x}", "occurred_at": "2020-01-01", "is_alert": is_alert}
        # The alert has the transaction's own time.
        if (known := self.facts.get(f"{number:032x}")) is not None:
            reported["occurred_at"] = known["occurred_at"]
        values = ", ".join(_literal(reported[name]) for name in reported)
        assert set(reported) <= set(Alert._fields)
        self.sql(f"INSERT INTO staging.alert_event ({', '.join(reported)}) VALUES ({values})")
        self.run("merge_alerts.sql", "merge.sql")
        self.alerts.setdefault(f"{number:032x}", is_alert)

    def expected(self) -> set[tuple[Any, ...]]:
        made = set()
        latest = {one["customer_id"]: one for one in sorted(self.facts.values(), key=_age)}
        for key, one in self.facts.items():
            person, at = latest[one["customer_id"]], datetime.fromisoformat(one["occurred_at"])
            born = date.fromisoformat(person["date_of_birth"])
            age = at.year - born.year - ((at.month, at.day) < (born.month, born.day))
            band = next((name for below, name in BANDS if age < below), "75+")
            made.add(
                (
                    *(key, str(at.date()), at.hour, at.isoweekday(), one["customer_id"], one["merchant_id"]),
                    *(one["category"], person["state"], SIZES[person["city_population"]], person["gender"], born.year),
                    *(band, Decimal(one["amount"]), one["is_fraud"], self.alerts.get(key, False)),
                )
            )
        return made


def _literal(value: Any) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def _age(one: Row) -> tuple[str, str]:
    return one["occurred_at"], one["transaction_id"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("marts"))
    yield made
    made.database.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_the_order_the_marts_are_those_of_core(world: World, steps: list[tuple[str, Any]]) -> None:
    world.begin()
    for kind, what in steps:
        if kind == "load":
            world.load(what)
        elif kind == "alert":
            world.alert(*what)
        else:
            world.run("marts/refresh.sql")
    world.run("marts/refresh.sql")
    assert world.sql(*read_statements("marts/waiting.sql")) == [[0, 0, 0]]
    found = world.sql("SELECT * FROM mart.purchase")
    assert {(*one[:12], Decimal(one[12]), *one[13:15]) for one in found} == world.expected()
    assert len(found) == len(world.facts)  # no transaction twice
    total = sum((Decimal(one["amount"]) for one in world.facts.values()), Decimal(0))
    for mart in ("spend_by_state", "spend_by_city_size", "spend_by_birth_year", "rhythm", "merchant_league", "card"):
        assert sum(Decimal(one[0]) for one in world.sql(f"SELECT amount FROM mart.{mart}")) == total, mart
    by_gender: dict[str, Decimal] = defaultdict(Decimal)
    for key, amount in world.sql("SELECT gender, amount FROM mart.customer_segment"):
        by_gender[key] += Decimal(amount)
    for key, amount in world.sql("SELECT gender, SUM(amount) FROM mart.spend_by_gender_and_category GROUP BY gender"):
        assert by_gender[key] == Decimal(amount)
    scores = world.sql("SELECT recency_score, frequency_score, monetary_score FROM mart.customer_rfm")
    assert all(1 <= score <= 5 for one in scores for score in one)
    for column in range(3):  # somebody is best
        assert not scores or max(one[column] for one in scores) == 5
