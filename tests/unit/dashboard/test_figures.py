"""The charts: each follows Vega-Lite's schema in both modes, holds every row, and marks what it says it marks."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboard.figures import amounts, card, cohorts, fraud, merchants, parts, people, regions, time
from dashboard.theme import DARK, LIGHT, Palette, styled
from dashboard.views.regions import preferences

DATA = pd.DataFrame(
    {
        "state": ["NY", "TX", "PR"],
        "State": ["New York", "Texas", "PR"],
        "category": ["travel", "home", "home"],
        "Category": ["Travel", "Home", "Home"],
        "Gender": ["Women", "Men", "Women"],
        "merchant": ["A", "=B", "C"],
        "begin": pd.to_datetime(["2020-01-06", "2020-01-13", "2020-01-20"]),
        "end": pd.to_datetime(["2020-01-13", "2020-01-20", "2020-01-27"]),
        "cohort": pd.to_datetime(["2020-01-01", "2020-01-01", "2020-02-01"]),
        "months": pd.array([0, 1, 0], dtype="Int64"),
        "cohort_customers": pd.array([2, 2, 1], dtype="Int64"),
        "retention": [1.0, 0.5, 1.0],
        "amount_band": ["under 10", "10-24", "1,000+"],
        "labelled": pd.array([3, 200, 2], dtype="Int64"),
        "fraud_rate_low": [0.0, None, 0.0],
        "fraud_rate_high": [0.02, None, 0.1],
        "occurred_at": pd.to_datetime(["2020-01-06 23:59:59", "2020-01-13 00:00:00", "2020-01-20 12:00:00"]),
        "weekday": pd.array([1, 7, 3], dtype="Int64"),
        "hour_of_day": pd.array([0, 23, 12], dtype="Int64"),
        "birth_year": pd.array([1950, 1970, 2001], dtype="Int64"),
        "age_band": ["65-74", "45-54", "18-24"],
        "amount": [10.5, 0.0, 3.25],
        "transactions": pd.array([3, 1, 2], dtype="Int64"),
        "customers": pd.array([2, 1, 1], dtype="Int64"),
        "average_amount": [3.5, 0.0, 1.63],
        "amount_per_customer": [5.25, 0.0, 3.25],
        "fraud_rate": [0.01, None, 0.0],
        "frauds": pd.array([1, 0, 0], dtype="Int64"),
        "is_fraud": pd.array([True, None, False], dtype="boolean"),
        "is_alert": pd.array([True, False, False], dtype="boolean"),
        "Outcome": ["Caught", "Missed", "False alarm"],
        "count": pd.array([1, 2, 3], dtype="Int64"),
        "alerts": pd.array([3, 0, 1], dtype="Int64"),
        "fraud_amount": [10.5, 0.0, 3.25],
    }
)
CHARTS = {
    "bars": lambda data, palette: parts.bars(data, "Category", parts.SPEND, palette, tooltip=[parts.PURCHASES]),
    "columns": lambda data, palette: parts.columns(data, "age_band", parts.FRAUD_RATE, palette, title="Age"),
    "over_time": lambda data, palette: time.over_time(data, "week", palette),
    "rhythm": time.rhythm,
    "amounts": amounts.distribution,
    "cohorts": cohorts.retention,
    "rates": lambda data, palette: fraud.rates(data, "Category", palette, ["Home"], "category"),
    "rates_by_week": fraud.by_weekday_and_hour,
    "preference": lambda data, palette: regions.preference(preferences(data), palette, ["Texas"], ["Home"]),
    "gender_and_state": people.by_gender_and_state,
    "gender_and_category": people.by_gender_and_category,
    "birth_year": people.by_birth_year,
    "age": people.by_age,
    "merchants": merchants.crowd,
    "outcomes": lambda data, palette: fraud.outcomes(data, "Category", palette, ["Home"]),
    "losses": lambda data, palette: fraud.losses(data, "Category", palette, ["Home"]),
    "reviews": lambda data, palette: fraud.reviews(data, "Category", palette, ["Home"]),
    "card": card.spending,
}


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_follows_the_schema_and_holds_every_row(name: str, palette: Palette) -> None:
    drawn = styled(CHARTS[name](DATA, palette), palette).to_dict()  # raises where the schema is not kept
    assert [len(rows) for rows in drawn["datasets"].values()] == [len(DATA)]


def test_a_bar_over_time_names_its_days_and_the_last_of_all_ends_with_the_calendar() -> None:
    begins = np.array(["2020-01-06", "2024-02-29", "9999-01-01"], dtype="datetime64[us]")
    ends = np.array(["2020-01-13", "2024-03-01", "9999-12-31"], dtype="datetime64[us]")
    (rows,) = time.over_time(DATA.assign(begin=begins, end=ends), "week", LIGHT).to_dict()["datasets"].values()
    days = ["2020-01-06 2020-01-12", "2024-02-29 2024-02-29", "9999-01-01 9999-12-31"]
    assert [row[time.DAYS] for row in rows] == days


def test_what_few_purchases_leave_uncertain_does_not_flatten_the_other_bars() -> None:
    data = DATA.assign(fraud_rate=[0.0, 0.01, 0.02], fraud_rate_high=[0.8, 0.03, 0.02], labelled=[3, 200, 300])
    for layer in fraud.rates(data, "Category", LIGHT, ["Home"]).to_dict()["layer"]:
        assert layer["encoding"]["x"]["scale"]["domain"] == [0, 0.03]


@pytest.mark.parametrize("measure", regions.MEASURES, ids=lambda measure: measure.column)
def test_the_map_has_every_state_and_shades_those_with_data(measure: parts.Measure) -> None:
    layers = styled(regions.state_map(DATA, measure, LIGHT), LIGHT).to_dict()["layer"]
    features = [json.loads(layer["data"]["values"]) for layer in layers]
    assert sum(map(len, features)) == 51
    shaded = {feature["id"] for feature in features[-1]}
    assert shaded == ({"NY"} if measure is parts.FRAUD_RATE else {"NY", "TX"})


def test_a_fraud_is_marked_and_a_purchase_without_a_label_is_not() -> None:
    (rows,) = card.spending(DATA, LIGHT).to_dict()["datasets"].values()
    assert [row["Kind"] for row in rows] == ["Fraud", "Purchase", "Purchase"]


def test_a_time_is_the_warehouses_whatever_the_readers_zone_is() -> None:
    (rows,) = card.spending(DATA, LIGHT).to_dict()["datasets"].values()
    assert rows[0]["occurred_at"] == "2020-01-06T23:59:59"


def test_a_preference_is_a_share_against_the_wholes() -> None:
    data = pd.DataFrame(
        {"state": ["NY", "NY", "TX"], "category": ["home", "travel", "home"], "amount": [30.0, 10.0, 60.0]}
    )
    found = preferences(data)
    assert list(found["share"].round(4)) == [0.75, 0.25, 1.0]
    assert list(found["preference"].round(4)) == [round(0.75 / 0.9, 4), 2.5, round(1 / 0.9, 4)]


def _contrast(one: str, other: str) -> float:
    def light(color: str) -> float:
        parts_ = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear: list[Any] = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts_]
        return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_marks_stand_out_from_the_background(palette: Palette) -> None:
    # WCAG 2.2: 4.5 for text (1.4.3), 3 for what a chart is made of (1.4.11)
    assert min(_contrast(color, palette.background) for color in (palette.text, palette.muted)) >= 4.5
    marks = (palette.main, palette.women, palette.men, palette.fraud, palette.caught)
    assert min(_contrast(color, palette.background) for color in marks) >= 3
