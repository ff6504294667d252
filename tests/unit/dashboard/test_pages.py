"""Every page over every kind of content: none fails, each says what is empty and why, every series adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.warehouse import Own, own
from client.alerts.queue import Queue, rank
from dashboard import panel, source
from dashboard.app import FILTERED, PAGES
from dashboard.states import STATES
from dashboard.words import short
from fraud.precision import Reviewed
from tests.unit.dashboard.warehouse import Row, connect, fill, purchase

APP = str(Path(source.__file__).parent / "app.py")
HOSTILE = (
    "=1+1",
    "＝1+1",
    "<script>alert(1)</script>",
    "</div><b>x",
    "$\\frac{1}{0}$ **b** :red[x]",
    "{{x}}",
    "' OR 1=1",
)
CONTENTS: dict[str, Callable[[], list[Row]]] = {
    "no rows": lambda: [],
    "one row": lambda: [purchase(1)],
    "no labels": lambda: [purchase(number, is_fraud=None) for number in range(1, 30)],
    "no frauds": lambda: [purchase(number, is_fraud=False) for number in range(1, 30)],
    "all frauds": lambda: [purchase(number, is_fraud=True) for number in range(1, 30)],
    "every state": lambda: [
        purchase(number, state=state, customer_id=f"{number:016x}", card_id=f"{number:032x}")
        for number, state in enumerate(STATES, start=1)
    ],
    "one state": lambda: [purchase(number, state="TX") for number in range(1, 30)],
    "a state that is none": lambda: [purchase(number, state="ZZ") for number in range(1, 30)],
    "extreme dates": lambda: [
        purchase(1, occurred_at="1900-01-01 00:00:00"),
        purchase(2, occurred_at="2262-04-12 00:00:00"),
        purchase(3, occurred_at="9999-12-31 23:59:59", date_of_birth="1900-01-01"),
    ],
    "the last day of all": lambda: [purchase(1, occurred_at="9999-12-31 23:59:59")],
    "extreme amounts": lambda: [
        purchase(1, amount="9999999999.99"), purchase(2, amount="0.01"), purchase(3, amount="0.00"),
    ],
    "formulas and HTML": lambda: [
        purchase(number, merchant=text, category=text, city=text, job=text, merchant_id=f"{number:016x}",
                 customer_id=f"{number:016x}", first_name=text, street=text)
        for number, text in enumerate(HOSTILE, start=1)
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    with own(tmp_path_factory.mktemp("pages")) as opened:
        opened.migrate()
        yield opened


@pytest.fixture(scope="module", params=CONTENTS)
def content(request: pytest.FixtureRequest, warehouse: Own) -> list[Row]:
    rows = CONTENTS[request.param]()
    fill(warehouse, rows, flagged(rows))
    return rows


def flagged(rows: list[Row]) -> list[Row]:
    """Those with an alert: some frauds are among them and some are not."""
    return rows[::2]


def alert(row: Row) -> dict[str, Any]:
    """Of a purchase, as the alerts table has it."""
    names = ("transaction_id", "card_id", "card_last4", "merchant_id", "merchant", "category")
    return {name: row[name] for name in names} | {
        "occurred_at": row["occurred_at"].replace(" ", "T") + ".000Z",
        "alerted_at": "2026-01-01T00:00:00.000Z",
        "amount": Decimal(row["amount"]),
        "score": Decimal("0.9"),
        "threshold": Decimal("0.5"),
        "reasons": [row["merchant"], "a reason"],
    }


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, warehouse: Own, request: pytest.FixtureRequest) -> dict[str, pd.DataFrame]:
    """The rows behind each panel that a page shows; the dashboard's data come from the warehouse."""
    found: dict[str, pd.DataFrame] = {}
    rows_now = request.getfixturevalue("content") if "content" in request.fixturenames else []
    reviewed = Reviewed("", len(rows_now), 0, 0)
    draw = panel.panel

    def spy(name: str, title: str, note: str, chart: Any, data: pd.DataFrame, **more: Any) -> None:
        found[name] = data
        draw(name, title, note, chart, data, **more)

    for view in {function.__module__ for function in FILTERED.values()} | {
        "dashboard.views.card",
        "dashboard.views.queue",
    }:
        monkeypatch.setattr(f"{view}.panel", spy)
    monkeypatch.setattr("dashboard.views.queue.load", lambda _: Queue(rank(list(map(alert, rows_now))), reviewed))
    connected = connect(warehouse)
    monkeypatch.setattr(source, "_warehouse", lambda _: connected)
    monkeypatch.setattr(source.state, "clear", lambda: None, raising=False)
    return found


def run(page: str, **query: str) -> AppTest:
    """The page as its script makes it."""
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in {"page": page, **query}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, [each.value for each in app.exception]
    assert not app.error, [each.value for each in app.error]
    return app


def tiles(app: AppTest) -> dict[str, str]:
    """The figures of a page by their titles."""
    return {each.label: each.value for each in app.metric}


def spent(rows: list[Row]) -> float:
    return float(sum(Decimal(row["amount"]) for row in rows))


@pytest.mark.parametrize("page", PAGES)
def test_no_page_fails_and_what_is_empty_says_why(
    page: str, content: list[Row], shown: dict[str, pd.DataFrame]
) -> None:
    app = run(page, card="0001") if page == "Card lookup" else run(page)
    notes = [each.value for each in app.info]
    if not content:
        assert [note for note in notes if "No purchases have reached the warehouse yet" in note]
        return
    empty = [name for name, data in shown.items() if not len(data)]
    assert len(notes) == len(empty)
    assert all(notes)


@pytest.mark.parametrize("page", ["Overview", "Regions", "Customers", "Merchants", "Fraud", "Purchases"])
def test_every_series_adds_up_to_the_whole(page: str, content: list[Row], shown: dict[str, pd.DataFrame]) -> None:
    run(page, by="Year")
    spend, frauds = sum(Decimal(row["amount"]) for row in content), sum(bool(row["is_fraud"]) for row in content)
    labelled = sum(row["is_fraud"] is not None for row in content)
    for name, data in shown.items():
        if name in ("fraud-over-time", "top-customers") or name.startswith(("verdicts", "loss", "model")):
            continue
        if "amount" in data:
            assert round(Decimal(float(data["amount"].sum())), 2) == spend, name
        if "transactions" in data and "fraud_rate_low" not in data:
            assert int(data["transactions"].sum()) == len(content), name
        if "fraud_rate_low" in data:
            assert (int(data["frauds"].sum()), int(data["labelled"].sum())) == (frauds if labelled else 0, labelled), (
                name
            )


def test_the_tiles_of_the_first_page_and_of_the_purchases_are_those_of_the_content(
    content: list[Row], shown: dict[str, pd.DataFrame]
) -> None:
    for page in ("Overview", "Purchases"):
        assert {name: text for name, text in tiles(run(page)).items() if name in ("Spend", "Purchases")} == (
            {"Spend": short(spent(content), "$"), "Purchases": short(len(content))} if content else {}
        )


def test_the_tiles_of_fraud_are_the_sums_of_the_series_below_them(
    content: list[Row], shown: dict[str, pd.DataFrame]
) -> None:
    found = tiles(run("Fraud", by="Year"))
    if not content:
        assert not found
        return
    frauds, alerts = [row for row in content if row["is_fraud"]], flagged(content)
    missed = [row for row in frauds if row not in alerts]
    expected = {"Frauds": short(len(frauds)), "Alerts": short(len(alerts))}
    expected |= {"Fraud amount": short(spent(frauds), "$"), "Missed": short(spent(missed), "$")}
    assert {name: found[name] for name in expected} == expected
    outcomes = shown["model-against-truth"].groupby("Outcome")["count"].sum()
    assert int(outcomes.get("Caught", 0) + outcomes.get("Missed", 0)) == len(frauds)
    lost = shown["loss-by-category"].groupby("Outcome")["fraud_amount"].sum()
    assert short(float(lost.sum()), "$") == expected["Fraud amount"]
    assert short(float(lost.get("Missed", 0)), "$") == expected["Missed"]
    assert int(shown["verdicts-by-category"]["alerts"].sum()) == len(alerts)
    over_time = shown["fraud-over-time"]
    assert int(over_time["frauds"].sum()) == len(frauds)
    assert short(float(over_time["missed_amount"].sum()), "$") == expected["Missed"]


def test_the_tiles_of_a_card_and_of_the_queue_are_the_sums_of_their_tables(
    content: list[Row], shown: dict[str, pd.DataFrame]
) -> None:
    found = tiles(run("Card lookup", card="0001"))
    assert bool(found) == any(row["card_last4"] == "0001" for row in content)
    if found:
        bought = shown["card-purchases"]
        assert (found["Spend"], found["Purchases"]) == (short(float(bought["amount"].sum()), "$"), f"{len(bought):,}")
        counts = int(bought["is_fraud"].fillna(False).sum()), int(bought["is_alert"].sum())
        assert (found["Frauds"], found["Alerts"]) == tuple(map(str, counts))
    found = tiles(run("Alert queue"))
    if content:
        at_risk = short(float(shown["open-alerts"]["at_risk"].sum()), "$")
        assert (found["Open alerts"], found["Money at risk"]) == (f"{len(content):,}", at_risk)


def test_a_period_without_purchases_is_a_zero_and_not_a_gap(warehouse: Own, shown: dict[str, pd.DataFrame]) -> None:
    fill(warehouse, [purchase(1, occurred_at="2020-01-01 10:00:00"), purchase(2, occurred_at="2024-06-30 10:00:00")])
    run("Overview", by="Month")
    assert list(shown["spend-over-time"]["amount"]) == [1.25, *[0.0] * 52, 2.25]
    run("Overview", by="Day", **{"from": "2019-12-30", "to": "2020-01-03"})
    days = shown["spend-over-time"]
    assert [str(day)[:10] for day in days["begin"]] == [
        "2019-12-30",
        "2019-12-31",
        "2020-01-01",
        "2020-01-02",
        "2020-01-03",
    ]
    assert list(days["transactions"]) == [0, 0, 1, 0, 0]
    assert list(days["amount"]) == [0, 0, 1.25, 0, 0]


@pytest.mark.parametrize(
    ("query", "reported"),
    [
        ({"state": "XX"}, "State “XX”"),
        ({"category": "nothing"}, "Category “nothing”"),
        ({"from": "yesterday"}, "From “yesterday”"),
        ({"to": "2020-02-31"}, "To “2020-02-31”"),
    ],
)
def test_a_link_that_asks_for_what_is_not_there_says_so(
    warehouse: Own, shown: dict[str, pd.DataFrame], query: dict[str, str], reported: str
) -> None:
    fill(warehouse, [purchase(number) for number in range(1, 9)])
    assert [each.value for each in run("Overview", **query).warning if reported in each.value]


def test_a_link_to_days_without_purchases_shows_none_and_one_by_code_shows_the_state(
    warehouse: Own, shown: dict[str, pd.DataFrame]
) -> None:
    fill(warehouse, [purchase(number) for number in range(1, 9)])
    assert panel.EMPTY in [each.value for each in run("Overview", **{"from": "2031-01-01", "to": "2031-02-01"}).info]
    assert "after To" in run("Overview", **{"from": "2020-02-01", "to": "2020-01-01"}).warning[0].value
    run("Regions", state="NY")
    assert list(shown["map"]["state"]) == ["NY"]


def test_a_figure_is_compared_with_as_many_days_just_before(warehouse: Own, shown: dict[str, pd.DataFrame]) -> None:
    fill(
        warehouse,
        [
            purchase(1, occurred_at="2020-01-10 10:00:00", amount="100"),
            purchase(2, occurred_at="2020-01-20 10:00:00", amount="150"),
        ],
    )
    app = run("Overview", **{"from": "2020-01-15", "to": "2020-01-24"})
    spend = next(each for each in app.metric if each.label == "Spend")
    assert (spend.value, spend.delta) == ("$150.00", "+50.0%")


def test_a_merchant_of_two_categories_has_its_money_in_both(warehouse: Own, shown: dict[str, pd.DataFrame]) -> None:
    rows = [
        purchase(n, merchant="Both", merchant_id="m", category=("home", "travel")[n % 2], amount="1") for n in range(3)
    ]
    fill(warehouse, rows)
    run("Merchants")
    assert list(shown["merchants"]["Category"]) == ["2 categories"]
    parts = shown["merchants-by-category"]
    assert dict(zip(parts["Category"], parts["amount"], strict=True)) == {"Home": 2.0, "Travel": 1.0}


def test_the_queue_says_which_alerts_it_leaves_out(
    shown: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue([], Reviewed("", 0, 0, 0), {"t2": "amount is missing"})
    monkeypatch.setattr("dashboard.views.queue.load", lambda _: queue)
    (warning,) = run("Alert queue").warning
    assert warning.value.endswith("left out: t2 (amount is missing)")
