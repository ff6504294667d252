"""Regions: where customers live who spend, how the size of their town matters, and what each state prefers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.figures.parts import AVERAGE, CUSTOMERS, PER_CUSTOMER, PURCHASES, SPEND, bars
from dashboard.figures.regions import MEASURES, preference, state_map
from dashboard.filters import Filters
from dashboard.panel import asking, map_height, palette, panel
from dashboard.source import ask
from dashboard.states import state_name
from dashboard.words import CITY_SIZES, category_name

TOP = 15


def show(filters: Filters) -> None:
    with asking():
        found = ask(questions(filters.where), filters.parameters)
    colors = palette()
    states = found["state"].assign(State=[state_name(code) for code in found["state"]["state"]])
    titles = {measure.title.split(",")[0]: measure for measure in MEASURES}
    chosen = st.segmented_control("Shown", list(titles), default="Spend", required=True, key="map-measure")
    measure = titles[chosen or "Spend"]
    ranked = states.sort_values([measure.column, "state"], ascending=[False, True])
    left, right = st.columns([1.9, 1])
    with left:
        panel(
            "map",
            f"{measure.title.split(',')[0]} by state",
            "By the home of the customer. Blank: no purchases.",
            state_map(states, measure, colors).properties(height=map_height(390)) if len(states) else None,
            ranked,
        )
    with right:
        panel(
            "top-states",
            f"Top {min(TOP, len(ranked))} of {len(ranked)} states",
            measure.title + ".",
            bars(ranked.head(TOP), "State", measure, colors, tooltip=[PURCHASES]),
            ranked,
        )
    sizes = (
        found["size"]
        .set_index("city_size")
        .reindex([size for size in CITY_SIZES if size in set(found["size"]["city_size"])])
    )
    sizes = sizes.reset_index().rename(columns={"city_size": "Inhabitants"})
    left, right = st.columns(2)
    for column, each, title in (
        (left, SPEND, "Spend by size of town"),
        (right, PER_CUSTOMER, "Spend per customer by size of town"),
    ):
        with column:
            panel(
                each.column.replace("_", "-") + "-by-city-size",
                title,
                "US dollars, by inhabitants of the customer's town.",
                bars(sizes, "Inhabitants", each, colors, order=list(CITY_SIZES), tooltip=[CUSTOMERS, AVERAGE]),
                sizes,
            )
    liked = preferences(found["preference"])
    order = list(liked.groupby("Category")["amount"].sum().sort_values(ascending=False).index)
    panel(
        "preference",
        "What each state prefers",
        "Share of a category in the state's spend, against its share in all of what is selected.",
        preference(liked, colors, sorted(set(liked["State"])), order),
        liked,
    )


def preferences(data: pd.DataFrame) -> pd.DataFrame:
    """Adds ``share`` (of the state's spend) and ``preference`` (that share against the whole's; 1: the same)."""
    by_state = data.groupby("state")["amount"].transform("sum")
    by_category = data.groupby("category")["amount"].transform("sum")
    share = data["amount"] / by_state
    return data.assign(
        share=share,
        preference=share / (by_category / data["amount"].sum()),
        State=[state_name(code) for code in data["state"]],
        Category=[category_name(code) for code in data["category"]],
    )


def questions(where: str) -> dict[str, str]:
    """Every question of the page."""
    figures = """COUNT(*) AS transactions, SUM(p.amount) AS amount, COUNT(DISTINCT p.customer_id) AS customers,
        CAST(SUM(p.amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount,
        CAST(SUM(p.amount) / COUNT(DISTINCT p.customer_id) AS DECIMAL(14,2)) AS amount_per_customer"""
    return {
        "state": f"""
            SELECT p.state, {figures}, SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END) AS frauds,
                CAST(SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END) AS DOUBLE PRECISION)
                    / NULLIF(COUNT(p.is_fraud), 0) AS fraud_rate
            FROM mart.purchase AS p {where} GROUP BY p.state ORDER BY amount DESC, p.state""",
        "size": f"SELECT p.city_size, {figures} FROM mart.purchase AS p {where} GROUP BY p.city_size ORDER BY 1",
        "preference": f"""
            SELECT p.state, p.category, SUM(p.amount) AS amount, COUNT(*) AS transactions
            FROM mart.purchase AS p {where} GROUP BY p.state, p.category ORDER BY p.state, p.category""",
    }
