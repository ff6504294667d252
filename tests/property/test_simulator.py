"""What holds for every seed and size of the simulator."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.simulator import Settings, batches, fraud, pools
from client.simulator.cards import card_numbers, check_digit
from client.simulator.habits import CATEGORIES
from client.simulator.people import make_people
from client.simulator.places import cities
from client.simulator.stream import BATCH_ROWS, SCHEMA
from client.simulator.write import _write
from shared.transaction.schema import IGNORED_SOURCES, REQUIRED_SOURCES

runs = st.builds(
    Settings.of,
    rows=st.integers(0, 3000),
    seed=st.integers(0, 2**40),
    customers=st.none() | st.integers(1, 400),
    start=st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    days=st.none() | st.integers(1, 400),
    fraud_rate=st.sampled_from([0.0, 0.005, 0.1, 1.0]),
)


def table(run: Settings) -> pa.Table:
    return pa.Table.from_batches(batches(run))


def luhn_valid(number: str) -> bool:
    digits = [int(d) for d in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0


@settings(max_examples=25, deadline=None)
@given(runs)
def test_any_run_has_the_rows_asked_for_in_order_of_time_with_ids_of_their_own(run: Settings) -> None:
    made = table(run)
    assert made.schema == SCHEMA
    assert made.num_rows == run.rows
    assert made.column("").to_pylist() == list(range(run.rows))
    assert len(set(made.column("trans_num").to_pylist())) == run.rows
    assert sum(made.column("is_fraud").to_pylist()) == round(run.rows * run.fraud_rate)
    times = made.column("unix_time").to_pylist()
    assert times == sorted(times)
    begin = datetime.combine(run.start, datetime.min.time())
    for text in made.column("trans_date_trans_time").to_pylist():
        assert begin <= datetime.fromisoformat(text) < begin + timedelta(days=run.days)


@settings(max_examples=15, deadline=None)
@given(runs)
def test_every_row_is_one_the_api_accepts(run: Settings) -> None:
    places = {(c.name, c.state, int(c.zip), c.latitude, c.longitude, c.population) for c in cities()}
    for row in table(run).to_pylist():
        assert set(row) - IGNORED_SOURCES - {"trans_num", "is_fraud"} == set(REQUIRED_SOURCES)
        assert re.fullmatch(r"\d{12,19}", str(row["cc_num"]))
        assert luhn_valid(str(row["cc_num"]))
        assert row["merchant"].startswith("fraud_")
        assert row["category"] in CATEGORIES
        assert row["amt"] >= 1
        assert f"{row['amt']:.2f}" == f"{row['amt']:.6f}"[:-4]
        assert (row["city"], row["state"], row["zip"], row["lat"], row["long"], row["city_pop"]) in places
        assert abs(row["merch_lat"] - row["lat"]) <= 1.000001
        assert abs(row["merch_long"] - row["long"]) <= 1.000001
        assert -90 <= row["merch_lat"] <= 90
        assert -180 <= row["merch_long"] <= 180
        assert date.fromisoformat(row["dob"]) < date.fromisoformat(row["trans_date_trans_time"][:10])
        assert row["gender"] in "FM"
        assert re.fullmatch(r"[0-9a-f]{32}", row["trans_num"])


@settings(max_examples=10, deadline=None)
@given(runs)
def test_a_card_belongs_to_one_person(run: Settings) -> None:
    person = ("first", "last", "gender", "street", "city", "state", "zip", "job", "dob")
    owners: dict[int, tuple[object, ...]] = {}
    for row in table(run).to_pylist():
        who = tuple(row[k] for k in person)
        assert owners.setdefault(row["cc_num"], who) == who
    assert len(owners) <= run.customers


def csv_digest(run: Settings) -> str:
    out = io.BytesIO()
    _write(batches(run), out, "csv")
    return hashlib.sha256(out.getvalue()).hexdigest()


@settings(max_examples=8, deadline=None)
@given(runs)
def test_the_same_arguments_give_the_same_bytes(run: Settings) -> None:
    assert csv_digest(run) == csv_digest(run)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.integers(100, 500), st.integers(1, 500))
def test_runs_of_different_arguments_share_no_transaction_number(seed: int, rows: int, more: int) -> None:
    one = table(Settings.of(rows, seed)).column("trans_num").to_pylist()
    for other in (Settings.of(rows + more, seed), Settings.of(rows, seed + 1), Settings.of(rows, seed, days=77)):
        assert not set(one) & set(table(other).column("trans_num").to_pylist())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**63), st.integers(1, 20_000))
def test_card_numbers_are_unique_and_pass_luhns_check(seed: int, count: int) -> None:
    numbers = card_numbers(np.random.default_rng(seed), count)
    assert len(np.unique(numbers)) == count
    assert (check_digit(numbers // 10) == numbers % 10).all()
    assert all(luhn_valid(str(n)) for n in numbers[:200])
    lengths = {len(str(n)) for n in numbers}
    assert lengths <= set(range(12, 20))
    assert count < 500 or lengths == {12, 13, 14, 15, 16, 19}


def test_a_million_cards_are_unique() -> None:
    assert len(np.unique(card_numbers(np.random.default_rng(5), 1_000_000))) == 1_000_000


def test_memory_is_bounded_by_the_batch_even_when_all_rows_fall_in_one_day() -> None:
    sizes = [b.num_rows for b in batches(Settings.of(600_000, seed=3, customers=50, days=1))]
    assert sum(sizes) == 600_000
    assert max(sizes) < 3 * BATCH_ROWS


@pytest.fixture(scope="module")
def year() -> pa.Table:
    return table(Settings.of(300_000, seed=11, customers=600, days=365, start=date(2024, 1, 1)))


def test_fraud_comes_in_bursts_of_a_day_or_two_at_night(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the slow thieves and the compromised merchants, the bursts are all there is."""
    monkeypatch.setattr(fraud, "_SLOW", 0.0)
    run = Settings.of(300_000, seed=11, customers=600, days=365, start=date(2024, 1, 1))
    bursts = table(replace(run, at_merchants=0.0))
    frauds = bursts.filter(pa.compute.equal(bursts["is_fraud"], 1))
    hours = np.array([int(t[11:13]) for t in frauds["trans_date_trans_time"].to_pylist()])
    assert 0.75 < ((hours >= 22) | (hours < 4)).mean() < 0.92
    by_card: dict[int, list[int]] = {}
    for card, second in zip(frauds["cc_num"].to_pylist(), frauds["unix_time"].to_pylist(), strict=True):
        by_card.setdefault(card, []).append(second)
    assert 8 < np.mean([len(v) for v in by_card.values()]) < 12
    assert all(max(v) - min(v) < 2 * 86_400 for v in by_card.values())
    assert len(by_card) < 600 / 3


def test_some_fraud_is_slow_or_at_compromised_merchants_and_the_rest_is_bursts(year: pa.Table) -> None:
    frauds = year.filter(pa.compute.equal(year["is_fraud"], 1))
    hours = np.array([int(t[11:13]) for t in frauds["trans_date_trans_time"].to_pylist()])
    assert 0.7 < ((hours >= 22) | (hours < 4)).mean() < 0.85  # of the bursts alone it is 0.1 more
    by_card: dict[int, list[int]] = {}
    for card, second in zip(frauds["cc_num"].to_pylist(), frauds["unix_time"].to_pylist(), strict=True):
        by_card.setdefault(card, []).append(second)
    long = [v for v in by_card.values() if max(v) - min(v) >= 2 * 86_400]
    assert 0.02 < sum(map(len, long)) / len(frauds) < 0.35


def test_a_compromised_merchant_takes_fewer_genuine_payments_often_none() -> None:
    run = replace(Settings.of(100_000, seed=11, customers=400, days=100), at_merchants=0.5)
    avoided = fraud.make_frauds(run, make_people(run)).avoided
    rows = table(run)
    genuine = rows.filter(pa.compute.equal(rows["is_fraud"], 0))
    number = pa.compute.index_in(genuine["merchant"], value_set=pools.merchants()).to_numpy()
    day = (genuine["unix_time"].to_numpy() - run.start_second) // 86_400
    inside, before = np.zeros(len(avoided.merchant)), np.zeros(len(avoided.merchant))
    for i, (merchant, first, last, _) in enumerate(zip(*avoided, strict=True)):
        days = day[number == merchant]
        inside[i] = ((days >= first) & (days <= last)).sum() / (last - first + 1)
        before[i] = ((days < first) | (days > last)).sum() / (run.days - (last - first + 1))
    whole = avoided.share == 1
    assert 0.2 < whole.mean() < 0.8
    # A few come from other compromised merchants.
    assert inside[whole].sum() < 0.05 * before[whole].sum()
    assert 0.2 * before[~whole].sum() < inside[~whole].sum() < 0.9 * before[~whole].sum()


def test_fraud_amounts_are_larger_where_the_data_sets_are(year: pa.Table) -> None:
    amounts: dict[tuple[str, int], list[float]] = {}
    for row in year.select(["category", "is_fraud", "amt"]).to_pylist():
        amounts.setdefault((row["category"], row["is_fraud"]), []).append(row["amt"])
    for category in ("shopping_net", "misc_net", "shopping_pos", "entertainment"):
        assert np.median(amounts[category, 1]) > 5 * np.median(amounts[category, 0])
    assert np.median(amounts["gas_transport", 1]) < np.median(amounts["gas_transport", 0]) / 2  # $10 or $20, by group


def test_weekends_december_and_daytime_are_busy(year: pa.Table) -> None:
    times = [datetime.fromisoformat(t) for t in year["trans_date_trans_time"].to_pylist()]
    month = np.bincount([t.month for t in times], minlength=13)
    weekday = np.bincount([t.weekday() for t in times], minlength=7)
    hour = np.bincount([t.hour for t in times], minlength=24)
    assert month[12] > 1.7 * month[4]
    assert weekday[5] > 1.5 * weekday[0]
    assert hour[12:22].mean() > 2 * hour[1:5].mean()


def test_people_have_habits(year: pa.Table) -> None:
    """A card goes to few merchants of a category more often than chance would have it."""
    visits: dict[tuple[int, str], dict[str, int]] = {}
    for row in (
        year.filter(pa.compute.equal(year["is_fraud"], 0)).select(["cc_num", "category", "merchant"]).to_pylist()
    ):
        counts = visits.setdefault((row["cc_num"], row["category"]), {})
        counts[row["merchant"]] = counts.get(row["merchant"], 0) + 1
    shares = [sum(sorted(c.values())[-3:]) / sum(c.values()) for c in visits.values() if sum(c.values()) >= 50]
    assert np.mean(shares) > 0.5
