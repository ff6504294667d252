"""Fraud: how much of it there is, where and when, and what the model makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard.figures.fraud import losses, outcomes, reviews
from dashboard.figures.parts import FRAUD_RATE, FRAUDS, Measure, bars, columns
from dashboard.figures.regions import state_map
from dashboard.filters import AGE_BANDS, Filters
from dashboard.panel import EMPTY, asking, figures, map_height, palette, panel
from dashboard.source import ask
from dashboard.states import state_name
from dashboard.words import category_name, percent, short

_COUNTS = {"Caught": "caught", "Missed": "missed", "False alarm": "false_alerts"}
_FOUND = {"Fraud": "confirmed", "Genuine": "dismissed", "Open": "unjudged"}
_DOLLARS = {"Caught": "caught_amount", "Missed": "missed_amount"}
_TIPS: list[tuple[str, str, str] | Measure] = [FRAUDS, ("labelled", "Purchases with a label", ",")]


def show(filters: Filters) -> None:
    with asking():
        found = ask(questions(filters.where), filters.parameters)
    total, colors = found["total"].iloc[0], palette()
    if not total["transactions"]:
        st.info(EMPTY, icon=":material/filter_alt_off:")
        return
    if not total["labelled"]:
        st.info("None of these purchases has a label that says whether it was a fraud: there is nothing to compare.")
    reviewed = found["reviews"].assign(Category=lambda data: [category_name(code) for code in data["category"]])
    _totals(total)
    by_category = _rated(found["category"]).assign(
        Category=lambda data: [category_name(code) for code in data["category"]]
    )
    by_category = by_category.sort_values(["fraud_rate", "category"], ascending=[False, True])
    order = list(by_category["Category"])
    left, right = st.columns(2)
    with left:
        panel(
            "fraud-rate-by-category",
            "Fraud rate by category",
            "Share of frauds in labelled purchases, the highest first.",
            bars(by_category, "Category", FRAUD_RATE, colors, color=colors.fraud, tooltip=_TIPS),
            by_category,
        )
    with right:
        _outcome(
            "model-against-truth",
            "The model against the truth",
            "Purchases: frauds that it caught and missed, and its false alarms.",
            by_category,
            _COUNTS,
            "count",
            lambda data: outcomes(data, "Category", colors, order),
        )
    by_hour = _rated(found["hour"])
    panel(
        "fraud-rate-by-hour",
        "Fraud rate by hour of the day",
        "Share of frauds in labelled purchases, by hour, UTC.",
        columns(
            by_hour,
            "hour_of_day",
            FRAUD_RATE,
            colors,
            title="Hour of the day, UTC",
            color=colors.fraud,
            tooltip=_TIPS,
            height=240,
        ),
        by_hour,
    )
    left, right = st.columns(2)
    by_state = _rated(found["state"]).assign(State=lambda data: [state_name(code) for code in data["state"]])
    with left:
        panel(
            "fraud-rate-by-state",
            "Fraud rate by state",
            "Share of frauds in labelled purchases. Blank: no labelled purchases.",
            state_map(by_state, FRAUD_RATE, colors).properties(height=map_height(330)) if len(by_state) else None,
            by_state.sort_values(["fraud_rate", "state"], ascending=[False, True]),
        )
    with right:
        by_age = _rated(found["age_band"])
        panel(
            "fraud-rate-by-age",
            "Fraud rate by age",
            "Share of frauds in labelled purchases, by age at the time of the purchase.",
            columns(
                by_age,
                "age_band",
                FRAUD_RATE,
                colors,
                title="Age",
                order=list(AGE_BANDS),
                color=colors.fraud,
                tooltip=_TIPS,
                height=330,
            ),
            by_age,
        )
    if len(reviewed):
        confirmed, judged = (int(reviewed[name].sum()) for name in ("confirmed", "judged"))
        share = f"{percent(confirmed / judged, 1)} of the {judged:,} judged are fraud." if judged else "None is judged."
        _outcome(
            "verdicts-by-category",
            "What people found of the alerts",
            f"Alerts by their latest verdict; open ones have none. {share}",
            reviewed,
            _FOUND,
            "alerts",
            lambda data: reviews(data, "Category", colors, list(reviewed["Category"])),
        )
    _outcome(
        "loss-by-category",
        "Money lost to fraud",
        "US dollars, by category: caught and missed by the model.",
        by_category,
        _DOLLARS,
        "fraud_amount",
        lambda data: losses(data, "Category", colors, order),
    )


def _totals(total: pd.Series) -> None:
    frauds, alerts, caught = (int(total[name]) for name in ("frauds", "alerts", "caught"))
    judged = caught + int(total["false_alerts"])
    lost = float(total["fraud_amount"])
    figures(
        {
            "Frauds": (short(frauds), f"{frauds:,}, by the labels"),
            "Fraud rate": (percent(frauds / total["labelled"] if total["labelled"] else None), "of labelled purchases"),
            "Lost to fraud": (short(lost, "$"), f"${lost:,.2f}"),
            "Alerts": (short(alerts), f"{alerts:,} raised by the model"),
            "Precision": (percent(caught / judged if judged else None, 1), "of the alerts with a label are frauds"),
            "Recall": (percent(caught / frauds if frauds else None, 1), "of the frauds had an alert"),
        }
    )


def _outcome(
    name: str,
    title: str,
    note: str,
    data: pd.DataFrame,
    kinds: dict[str, str],
    value: str,
    chart: Callable[[pd.DataFrame], object],
) -> None:
    """One row per category and outcome, as a stacked chart wants it."""
    parts = [
        data[["category", "Category"]].assign(Outcome=kind, **{value: data[column]}) for kind, column in kinds.items()
    ]
    tall = pd.concat(parts, ignore_index=True)
    panel(name, title, note, chart(tall), tall)


def _rated(data: pd.DataFrame) -> pd.DataFrame:
    """With frauds per labelled purchase; missing without any label."""
    labelled = data["labelled"].astype("float64")
    return data.assign(fraud_rate=data["frauds"].astype("float64") / labelled.where(labelled > 0))


def questions(where: str) -> dict[str, str]:
    """Every question of the page."""
    figures = """COUNT(*) AS transactions, COUNT(p.is_fraud) AS labelled,
        COALESCE(SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END), 0) AS frauds,
        COALESCE(SUM(CASE WHEN p.is_fraud THEN p.amount ELSE 0 END), 0) AS fraud_amount,
        COALESCE(SUM(CASE WHEN p.is_alert THEN 1 ELSE 0 END), 0) AS alerts,
        COALESCE(SUM(CASE WHEN p.is_alert AND p.is_fraud THEN 1 ELSE 0 END), 0) AS caught,
        COALESCE(SUM(CASE WHEN p.is_fraud AND NOT p.is_alert THEN 1 ELSE 0 END), 0) AS missed,
        COALESCE(SUM(CASE WHEN p.is_alert AND NOT p.is_fraud THEN 1 ELSE 0 END), 0) AS false_alerts,
        COALESCE(SUM(CASE WHEN p.is_alert AND p.is_fraud THEN p.amount ELSE 0 END), 0) AS caught_amount,
        COALESCE(SUM(CASE WHEN p.is_fraud AND NOT p.is_alert THEN p.amount ELSE 0 END), 0) AS missed_amount"""
    names = {"category": "category", "hour": "hour_of_day", "state": "state", "age_band": "age_band"}
    reviews = f"""SELECT p.category, COUNT(*) AS alerts, COUNT(v.verdict) AS judged,
        SUM(CASE WHEN v.verdict = 'fraud' THEN 1 ELSE 0 END) AS confirmed,
        SUM(CASE WHEN v.verdict = 'genuine' THEN 1 ELSE 0 END) AS dismissed,
        SUM(CASE WHEN v.verdict IS NULL THEN 1 ELSE 0 END) AS unjudged
        FROM mart.purchase AS p LEFT JOIN mart.verdict AS v ON v.transaction_id = p.transaction_id
        {f"{where} AND" if where else "WHERE"} p.is_alert GROUP BY p.category ORDER BY alerts DESC, p.category"""
    return {"total": f"SELECT {figures} FROM mart.purchase AS p {where}", "reviews": reviews} | {
        name: f"SELECT p.{column}, {figures} FROM mart.purchase AS p {where} GROUP BY p.{column} ORDER BY p.{column}"
        for name, column in names.items()
    }
