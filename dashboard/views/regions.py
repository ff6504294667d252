"""Regions: where customers live who spend, how the size of their town matters, and what each state prefers."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from dashboard.figures.parts import AVERAGE, CUSTOMERS, PER_CUSTOMER, PURCHASES, SPEND, bars
from dashboard.figures.regions import MEASURES, preference, state_map
from dashboard.filters import Filters
from dashboard.measures import choose, short_title
from dashboard.panel import EMPTY, asking, map_height, palette, panel
from dashboard.source import ask
from dashboard.states import state_name
from dashboard.words import CITY_SIZES, category_name

TOP, CITIES = 15, 1000
NO_LABELS = "None of these purchases has a label that says whether it was a fraud, so there is no rate to show."


def show(filters: Filters) -> None:
    measure = choose(MEASURES, "Color map by", "map-measure")
    with asking():
        found = ask(questions(filters.where), filters.parameters)
    colors, name = palette(), short_title(measure)
    states = found["state"].assign(State=[state_name(code) for code in found["state"]["state"]])
    ranked = states.sort_values([measure.column, "state"], ascending=[False, True])
    left, right = st.columns([1.9, 1])
    with left:
        panel(
            "map",
            f"{name} by state",
            "By the home of the customer. Blank: no purchases, or none with a label. Click on a state to see it alone.",
            lambda: state_map(states, measure, colors).properties(height=map_height(390)),
            ranked,
            picks="state",
        )
    with right:
        top = ranked[ranked[measure.column].notna()].head(TOP)
        panel(
            "top-states",
            f"Top {len(top)} of {len(ranked)} states",
            measure.title + ".",
            lambda: bars(top, "State", measure, colors, tooltip=[PURCHASES], picks="state"),
            ranked if len(top) else ranked.head(0),
            empty=NO_LABELS if len(ranked) else EMPTY,
            picks="state",
        )
    present = set(found["size"]["city_size"])
    sizes = found["size"].set_index("city_size").reindex([size for size in CITY_SIZES if size in present]).reset_index()
    left, right = st.columns(2)
    for column, each, title in (
        (left, SPEND, "Spend by size of town"),
        (right, PER_CUSTOMER, "Spend per customer by size of town"),
    ):
        with column:
            panel(
                each.column.replace("_", "-") + "-by-city-size",
                title,
                "US dollars, by inhabitants of the customer's town. Click on a bar to see such towns alone.",
                partial(
                    bars,
                    sizes,
                    "city_size",
                    each,
                    colors,
                    order=list(CITY_SIZES),
                    tooltip=[CUSTOMERS, AVERAGE],
                    title="Inhabitants",
                    picks="city_size",
                ),
                sizes,
                picks="city_size",
            )
    cities = found["city"].assign(State=[state_name(code) for code in found["city"]["state"]])
    panel(
        "cities",
        "Towns",
        f"By the home of the customer, the highest spend first, at most {CITIES:,}.",
        None,
        cities[["city", "State", "amount", "transactions", "customers", "average_amount", "amount_per_customer"]],
    )
    liked = preferences(found["preference"])
    order = list(liked.groupby("Category")["amount"].sum().sort_values(ascending=False).index)
    panel(
        "preference",
        "Over- and under-spending by state",
        "Share of a category in the state's spend, relative to its share in the whole selection.",
        lambda: preference(liked, colors, sorted(set(liked["State"])), order),
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
    """Every question of the page. A customer has one town: towns are joined after the sums, to few rows."""
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
        "city": f"""
            SELECT home.city, bought.state, CAST(SUM(bought.transactions) AS BIGINT) AS transactions,
                SUM(bought.amount) AS amount, COUNT(*) AS customers,
                CAST(SUM(bought.amount) / CAST(SUM(bought.transactions) AS BIGINT) AS DECIMAL(14,2)) AS average_amount,
                CAST(SUM(bought.amount) / COUNT(*) AS DECIMAL(14,2)) AS amount_per_customer
            FROM (
                SELECT p.customer_id, p.state, COUNT(*) AS transactions, SUM(p.amount) AS amount
                FROM mart.purchase AS p {where} GROUP BY p.customer_id, p.state
            ) AS bought
            INNER JOIN mart.customer_home AS home ON home.customer_id = bought.customer_id
            GROUP BY home.city, bought.state ORDER BY amount DESC, home.city, bought.state LIMIT {CITIES}""",
        "preference": f"""
            SELECT p.state, p.category, SUM(p.amount) AS amount, COUNT(*) AS transactions
            FROM mart.purchase AS p {where} GROUP BY p.state, p.category ORDER BY p.state, p.category""",
    }
