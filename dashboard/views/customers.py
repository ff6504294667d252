"""Customers: the three charts of gender and age, and the segments by recency, frequency and money."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.figures.parts import CUSTOMERS, PER_CUSTOMER, PURCHASES, SPEND, bars
from dashboard.figures.people import by_age, by_birth_year, by_gender_and_category, by_gender_and_state
from dashboard.filters import GENDERS, Filters
from dashboard.panel import asking, palette, panel
from dashboard.source import ask
from dashboard.states import state_name
from dashboard.words import category_name
from shared.warehouse.sql import read_statements

_RFM_VIEW, _RFM_SOURCE = "CREATE VIEW mart.customer_rfm AS", "FROM mart.purchase"
SEGMENTS = {
    "champions": "Champions: bought lately, often and for much",
    "loyal": "Loyal: often, and not long ago",
    "regular": "Regular: in the middle",
    "occasional": "Occasional: lately, but seldom",
    "at risk": "At risk: often or for much, but not lately",
    "dormant": "Dormant: seldom, and not lately",
}


def show(filters: Filters) -> None:
    with asking():
        found = ask(questions(filters.where), filters.parameters)
    colors = palette()
    states = named(found["state"]).assign(State=[state_name(code) for code in found["state"]["state"]])
    categories = named(found["category"]).assign(
        Category=[category_name(code) for code in found["category"]["category"]]
    )
    years, ages = named(found["birth_year"]), named(found["age"])
    panel(
        "spend-by-birth-year",
        "Spend by year of birth",
        "US dollars, women's below men's.",
        by_birth_year(years, colors) if len(years) else None,
        years,
    )
    left, right = st.columns(2)
    with left:
        panel(
            "spend-by-gender-and-state",
            "Spend by gender and state",
            "US dollars, the state with the most first.",
            by_gender_and_state(states, colors),
            states,
        )
    with right:
        panel(
            "spend-by-gender-and-category",
            "Spend by gender and category",
            "US dollars, the category with the most first.",
            by_gender_and_category(categories, colors),
            categories,
        )
        panel("spend-by-age", "Spend by age and gender", "US dollars.", by_age(ages, colors), ages)
    segments = found["segment"].assign(Segment=[SEGMENTS.get(name, name) for name in found["segment"]["segment"]])
    order = list(SEGMENTS.values())
    st.markdown("#### Segments")
    st.caption(
        "Each customer has a score of 1 to 5 for recency, frequency and money, by fifths of the customers in view; "
        "recency counts from the last day in view."
    )
    left, right = st.columns(2)
    with left:
        panel(
            "customers-by-segment",
            "Customers by segment",
            "How many there are.",
            bars(segments, "Segment", CUSTOMERS, colors, order=order, tooltip=[SPEND, PURCHASES]),
            segments,
        )
    with right:
        panel(
            "spend-per-customer-by-segment",
            "Spend per customer by segment",
            "US dollars.",
            bars(segments, "Segment", PER_CUSTOMER, colors, order=order, tooltip=[SPEND, PURCHASES]),
            segments,
        )


def named(data: pd.DataFrame) -> pd.DataFrame:
    """With the gender as people say it."""
    return data.assign(Gender=[GENDERS.get(code, code) for code in data["gender"]])


def questions(where: str) -> dict[str, str]:
    """Every question of the page."""
    figures = "SUM(p.amount) AS amount, COUNT(*) AS transactions, COUNT(DISTINCT p.customer_id) AS customers"

    def by(column: str) -> str:
        return (
            f"SELECT p.{column}, p.gender, {figures} FROM mart.purchase AS p {where} "
            f"GROUP BY p.{column}, p.gender ORDER BY p.{column}, p.gender"
        )

    return {
        "state": by("state"),
        "category": by("category"),
        "birth_year": by("birth_year"),
        "age": by("age_band"),
        "segment": f"""
            SELECT segment, COUNT(*) AS customers, SUM(frequency) AS transactions, SUM(monetary) AS amount,
                CAST(SUM(monetary) / COUNT(*) AS DECIMAL(14,2)) AS amount_per_customer
            FROM ({rfm(where)}) AS scored GROUP BY segment ORDER BY segment""",
    }


def rfm(where: str) -> str:
    """The mart's own definition of scores and segments, over the purchases that ``where`` leaves."""
    (view,) = (text for text in read_statements("marts/customers.sql") if text.startswith(_RFM_VIEW))
    before, after = view.removeprefix(_RFM_VIEW).split(_RFM_SOURCE)
    return f"{before}{_RFM_SOURCE} AS p {where}{after}"
