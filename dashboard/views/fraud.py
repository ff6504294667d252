"""Fraud: how much of it there is, where, when and of what kind, and what the model makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import altair as alt
import pandas as pd
import streamlit as st

from dashboard import periods
from dashboard.compare import bound, change, points, previous
from dashboard.figures.fraud import by_weekday_and_hour, losses, outcomes, rates, reviews
from dashboard.figures.parts import FRAUD_AMOUNT, FRAUD_RATE, FRAUDS, MISSED_AMOUNT
from dashboard.figures.regions import state_map
from dashboard.figures.time import over_time, picks_days
from dashboard.filters import AGE_BANDS, Filters
from dashboard.measures import choose, short_title
from dashboard.panel import EMPTY, Figure, asking, figures, map_height, palette, panel
from dashboard.rates import FEW, rated
from dashboard.source import ask
from dashboard.states import state_name
from dashboard.views.overview import range_of, time_unit
from dashboard.words import AMOUNT_BANDS, DISTANCE_BANDS, category_name, percent, short, sql_amount_band

_COUNTS = {"Caught": "caught", "Missed": "missed", "False alarm": "false_alerts"}
_FOUND = {"Fraud": "confirmed", "Genuine": "dismissed", "Open": "unreviewed"}
_DOLLARS = {"Caught": "caught_amount", "Missed": "missed_amount"}
NO_LABELS = "None of these purchases has a label that says whether it was a fraud, so there is no rate to show."
NO_FRAUDS = "None of these purchases is labelled as fraud."
_RATES = (
    f"Share of frauds in labelled purchases. Lines: 95% confidence; pale: fewer than {FEW} labelled purchases, where a "
    "line may continue past the edge."
)


def show(filters: Filters) -> None:
    first, last = range_of(filters)
    with st.container(horizontal=True):
        measure = choose((FRAUDS, FRAUD_RATE, FRAUD_AMOUNT, MISSED_AMOUNT), "Over time", "fraud-measure")
        unit = time_unit(first, last)
    earlier = previous(filters, *range_of(Filters()))
    before, days = bound(earlier)
    with asking():
        found = ask(questions(filters.where, unit, before), filters.parameters | days)
    total, colors = found["total"].iloc[0], palette()
    if not total["transactions"]:
        st.info(EMPTY, icon=":material/filter_alt_off:")
        return
    _totals(total, found["before"].iloc[0] if "before" in found else None)
    if earlier is not None:
        st.caption(f"Changes are against {earlier.first} to {earlier.last}, as many days just before.")
    zeros = ("transactions", "labelled", "frauds", "fraud_amount", "missed_amount")
    by_time = periods.filled(found["time"], unit, first, last, zeros)
    by_time["fraud_rate"] = by_time["frauds"].astype("float64") / by_time["labelled"].astype("float64").replace(0, None)
    picks, how = picks_days(by_time, unit)
    panel(
        "fraud-over-time",
        f"{short_title(measure)} over time",
        f"{measure.title}, by {unit}.{how}",
        lambda: over_time(by_time, unit, colors, measure, colors.fraud),
        by_time if total["labelled"] else by_time.head(0),
        empty=NO_LABELS,
        picks=picks,
    )
    by_category = rated(found["category"]).assign(
        Category=lambda data: [category_name(code) for code in data["category"]]
    )
    by_category = by_category.sort_values(["fraud_rate", "category"], ascending=[False, True])
    left, right = st.columns(2)
    with left:
        _rate("category", "Fraud rate by category", by_category, "Category", list(by_category["Category"]), "category")
        by_amount = rated(found["amount"])
        _rate("amount", "Fraud rate by amount", by_amount, "amount_band", AMOUNT_BANDS, "amount_band")
        by_age = rated(found["age_band"])
        _rate("age", "Fraud rate by age", by_age, "age_band", AGE_BANDS, "age_band")
    with right:
        order = list(by_category.sort_values(["frauds", "category"], ascending=[False, True])["Category"])
        _outcome(
            "model-against-truth",
            "Model results vs. labels",
            "Purchases: frauds that the model caught and missed, and its false alarms.",
            by_category,
            _COUNTS,
            "count",
            lambda data: outcomes(data, "Category", colors, order),
            NO_LABELS,
        )
        _rate(
            "distance",
            "Fraud rate by distance from home, km",
            rated(found["distance"]),
            "distance_band",
            DISTANCE_BANDS,
            "distance_band",
        )
        _rate(
            "hour", "Fraud rate by hour of the day, UTC", rated(found["hour"]), "hour_of_day", range(24), "hour_of_day"
        )
    by_state = rated(found["state"]).assign(State=lambda data: [state_name(code) for code in data["state"]])
    left, right = st.columns(2)
    with left:
        panel(
            "fraud-rate-by-state",
            "Fraud rate by state",
            "Share of frauds in labelled purchases. Blank: no labelled purchases. Click on a state to see it alone.",
            lambda: state_map(by_state, FRAUD_RATE, colors).properties(height=map_height(330)),
            by_state.sort_values(["fraud_rate", "state"], ascending=[False, True]),
            empty=NO_LABELS,
            picks="state",
        )
    with right:
        by_week = rated(found["week"])
        panel(
            "fraud-rate-by-weekday-and-hour",
            "Fraud rate by weekday and hour",
            "Share of frauds in labelled purchases, UTC. Click on a cell to see that hour alone.",
            lambda: by_weekday_and_hour(by_week, colors, picks="hour_of_day"),
            by_week,
            empty=NO_LABELS,
            picks="hour_of_day",
        )
    _reviewed(found["reviews"])
    lost = by_category[by_category["fraud_amount"] > 0]
    lost = lost.sort_values(["fraud_amount", "category"], ascending=[False, True])
    _outcome(
        "loss-by-category",
        "Fraud in dollars",
        "US dollars by category, most first: what had an alert, and what the model missed.",
        lost,
        _DOLLARS,
        "fraud_amount",
        lambda data: losses(data, "Category", colors, list(lost["Category"])),
        NO_FRAUDS if total["labelled"] else NO_LABELS,
    )


def _reviewed(data: pd.DataFrame) -> None:
    data = data.assign(Category=[category_name(code) for code in data["category"]])
    confirmed, reviewed = (int(data[name].sum()) for name in ("confirmed", "reviewed"))
    said = f"{percent(confirmed / reviewed if reviewed else None, 1)} of the {reviewed:,} reviewed were fraud."
    _outcome(
        "verdicts-by-category",
        "Alert reviews",
        f"Alerts by their latest verdict. {said if reviewed else 'No alert reviewed yet.'}",
        data,
        _FOUND,
        "alerts",
        lambda tall: reviews(tall, "Category", palette(), list(data["Category"])),
        "No alerts among these purchases.",
    )


def _totals(total: pd.Series, then: pd.Series | None) -> None:
    now, old = _ratios(total), (None, None, None) if then is None else _ratios(then)
    frauds, alerts, missed = (int(total[name]) for name in ("frauds", "alerts", "missed"))
    whole, lost = float(total["fraud_amount"]), float(total["missed_amount"])
    names = ("frauds", "fraud_amount", "missed_amount", "alerts")
    was = {name: float(then[name]) if then is not None else None for name in names}
    figures(
        {
            "Frauds": Figure(short(frauds), f"{frauds:,}, by the labels", change(frauds, was["frauds"]), "inverse"),
            "Fraud rate": Figure(percent(now[0]), "of labelled purchases", points(now[0], old[0]), "inverse"),
            "Fraud amount": Figure(
                short(whole, "$"), f"${whole:,.2f}, caught or not", change(whole, was["fraud_amount"]), "inverse"
            ),
            "Missed": Figure(
                short(lost, "$"),
                f"${lost:,.2f} of {missed:,} frauds without an alert",
                change(lost, was["missed_amount"]),
                "inverse",
            ),
            "Alerts": Figure(short(alerts), f"{alerts:,} raised by the model", change(alerts, was["alerts"])),
            "Precision": Figure(
                percent(now[1], 1), "Share of labelled alerts that were fraud", points(now[1], old[1]), "normal"
            ),
            "Recall": Figure(percent(now[2], 1), "Share of frauds that had an alert", points(now[2], old[2]), "normal"),
        }
    )


def _ratios(total: pd.Series) -> tuple[float | None, float | None, float | None]:
    """Fraud rate, precision, recall."""
    frauds, caught = float(total["frauds"]), float(total["caught"])
    labelled, reviewed = float(total["labelled"]), caught + float(total["false_alerts"])
    return _share(frauds, labelled), _share(caught, reviewed), _share(caught, frauds)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _rate(name: str, title: str, data: pd.DataFrame, label: str, order: Sequence[object], picks: str = "") -> None:
    panel(
        f"fraud-rate-by-{name}",
        title,
        _RATES,
        lambda: rates(data, label, palette(), list(order), picks),
        data,
        empty=NO_LABELS,
        picks=picks,
    )


def _outcome(
    name: str,
    title: str,
    note: str,
    data: pd.DataFrame,
    kinds: dict[str, str],
    value: str,
    chart: Callable[[pd.DataFrame], alt.TopLevelMixin],
    empty: str,
) -> None:
    """One row per category and outcome, as a stacked chart wants it."""
    parts = [
        data[["category", "Category"]].assign(Outcome=kind, **{value: data[column]}) for kind, column in kinds.items()
    ]
    tall = pd.concat(parts, ignore_index=True)
    panel(name, title, note, lambda: chart(tall), tall, empty=empty, picks="category")


def questions(where: str, unit: str = "month", before: str | None = None) -> dict[str, str]:
    """Every question of the page; ``before`` bounds the period that the figures are compared with."""
    figures = """COUNT(*) AS transactions, COUNT(p.is_fraud) AS labelled,
        COALESCE(SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END), 0) AS frauds,
        COALESCE(SUM(CASE WHEN p.is_fraud THEN p.amount ELSE 0 END), 0) AS fraud_amount,
        COALESCE(SUM(CASE WHEN p.is_alert THEN 1 ELSE 0 END), 0) AS alerts,
        COALESCE(SUM(CASE WHEN p.is_alert AND p.is_fraud THEN 1 ELSE 0 END), 0) AS caught,
        COALESCE(SUM(CASE WHEN p.is_fraud AND NOT p.is_alert THEN 1 ELSE 0 END), 0) AS missed,
        COALESCE(SUM(CASE WHEN p.is_alert AND NOT p.is_fraud THEN 1 ELSE 0 END), 0) AS false_alerts,
        COALESCE(SUM(CASE WHEN p.is_alert AND p.is_fraud THEN p.amount ELSE 0 END), 0) AS caught_amount,
        COALESCE(SUM(CASE WHEN p.is_fraud AND NOT p.is_alert THEN p.amount ELSE 0 END), 0) AS missed_amount"""
    groups = {
        "category": "p.category",
        "hour": "p.hour_of_day",
        "state": "p.state",
        "age_band": "p.age_band",
        "week": "p.weekday, p.hour_of_day",
    }
    reviews = f"""SELECT p.category, COUNT(*) AS alerts, COUNT(v.verdict) AS reviewed,
        SUM(CASE WHEN v.verdict = 'fraud' THEN 1 ELSE 0 END) AS confirmed,
        SUM(CASE WHEN v.verdict = 'genuine' THEN 1 ELSE 0 END) AS dismissed,
        SUM(CASE WHEN v.verdict IS NULL THEN 1 ELSE 0 END) AS unreviewed
        FROM mart.purchase AS p LEFT JOIN mart.verdict AS v ON v.transaction_id = p.transaction_id
        {f"{where} AND" if where else "WHERE"} p.is_alert GROUP BY p.category ORDER BY alerts DESC, p.category"""
    begin = f"CAST(DATE_TRUNC('{unit}', p.purchase_date) AS DATE)"
    compared = {} if before is None else {"before": f"SELECT {figures} FROM mart.purchase AS p {before}"}
    return (
        compared
        | {
            "total": f"SELECT {figures} FROM mart.purchase AS p {where}",
            "reviews": reviews,
            "time": f"SELECT {begin} AS begin, {figures} FROM mart.purchase AS p {where} GROUP BY 1 ORDER BY 1",
            "amount": f"""SELECT {sql_amount_band("p.amount")} AS amount_band, {figures}
            FROM mart.purchase AS p {where} GROUP BY 1 ORDER BY MIN(p.amount)""",
            "distance": f"""SELECT p.distance_band, {figures}
            FROM mart.purchase AS p {where} GROUP BY p.distance_band ORDER BY MIN(p.distance_km)""",
        }
        | {
            name: f"SELECT {columns}, {figures} FROM mart.purchase AS p {where} GROUP BY {columns} ORDER BY {columns}"
            for name, columns in groups.items()
        }
    )
