"""Customers: who spends by gender and age, segments by recency, frequency and money, and who comes back."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.figures.cohorts import retention
from dashboard.figures.parts import CUSTOMERS, PER_CUSTOMER, PURCHASES, SPEND, bars
from dashboard.figures.people import by_age, by_birth_year, by_gender_and_category, by_gender_and_state
from dashboard.filters import GENDERS, Filters
from dashboard.measures import choose, short_title
from dashboard.panel import asking, palette, panel
from dashboard.source import ask
from dashboard.states import state_name
from dashboard.words import category_name
from shared.warehouse.sql import read_statements

TOP = 100
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
    measure = choose((SPEND, PURCHASES, CUSTOMERS))
    with asking():
        found = ask(questions(filters.where), filters.parameters)
    colors, name = palette(), short_title(measure)
    states = named(found["state"]).assign(State=[state_name(code) for code in found["state"]["state"]])
    categories = named(found["category"]).assign(
        Category=[category_name(code) for code in found["category"]["category"]]
    )
    years, ages = named(found["birth_year"]), named(found["age"])
    panel(
        "spend-by-birth-year",
        f"{name} by year of birth",
        f"{measure.title}; women (bottom) and men (top), stacked.",
        lambda: by_birth_year(years, colors, measure),
        years,
    )
    left, right = st.columns(2)
    with left:
        panel(
            "spend-by-gender-and-state",
            f"{name} by gender and state",
            f"{measure.title}, the highest first.",
            lambda: by_gender_and_state(states, colors, measure),
            states,
            picks="state",
        )
    with right:
        panel(
            "spend-by-gender-and-category",
            f"{name} by gender and category",
            f"{measure.title}, the highest first.",
            lambda: by_gender_and_category(categories, colors, measure),
            categories,
            picks="category",
        )
        panel(
            "spend-by-age",
            f"{name} by age and gender",
            f"{measure.title}.",
            lambda: by_age(ages, colors, measure),
            ages,
            picks="age_band",
        )
    _segments(found["segment"], found["customer"])
    cohorts = found["cohort"]
    panel(
        "cohorts",
        "Customers who come back",
        "By the month of their first purchase in view: the share that bought in each later month.",
        lambda: retention(cohorts, colors),
        cohorts,
    )


def _segments(found: pd.DataFrame, customers: pd.DataFrame) -> None:
    colors = palette()
    segments = found.assign(Segment=[SEGMENTS.get(name, name) for name in found["segment"]])
    order = list(SEGMENTS.values())
    st.markdown("## Segments")
    st.caption(
        "Each customer has a score of 1 to 5 for recency, frequency and money, by fifths of the customers in view; "
        "recency counts from the last day in view."
    )
    left, right = st.columns(2)
    with left:
        panel(
            "customers-by-segment",
            "Customers by segment",
            "Number of customers.",
            lambda: bars(segments, "Segment", CUSTOMERS, colors, order=order, tooltip=[SPEND, PURCHASES]),
            segments,
        )
    with right:
        panel(
            "spend-per-customer-by-segment",
            "Spend per customer by segment",
            "US dollars.",
            lambda: bars(segments, "Segment", PER_CUSTOMER, colors, order=order, tooltip=[SPEND, PURCHASES]),
            segments,
        )
    top = named(customers).assign(
        State=[state_name(code) for code in customers["state"]],
        Segment=[SEGMENTS.get(name, name).partition(":")[0] for name in customers["segment"]],
    )
    columns = ["customer_id", "Gender", "State", "birth_year", "monetary", "frequency", "last_date", "recency_days"]
    scores = ["recency_score", "frequency_score", "monetary_score", "Segment"]
    panel(
        "top-customers",
        f"Top {len(top):,} customers",
        "By their spend. Scores are 1 to 5, 5 is best.",
        None,
        top[columns + scores],
        columns={"last_date": st.column_config.DateColumn("Last purchase", format="YYYY-MM-DD")},
    )


def named(data: pd.DataFrame) -> pd.DataFrame:
    """With the gender as people say it."""
    return data.assign(Gender=[GENDERS.get(code, code) for code in data["gender"]])


def questions(where: str) -> dict[str, str]:
    """Every question of the page."""
    figures = "SUM(p.amount) AS amount, COUNT(*) AS transactions, COUNT(DISTINCT p.customer_id) AS customers"

    began = f"""SELECT p.customer_id, CAST(DATE_TRUNC('month', MIN(p.purchase_date)) AS DATE) AS cohort
        FROM mart.purchase AS p {where} GROUP BY p.customer_id"""

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
        "customer": f"""
            SELECT customer_id, gender, state, birth_year, monetary, frequency, last_date, recency_days, recency_score,
                frequency_score, monetary_score, segment
            FROM ({rfm(where)}) AS scored ORDER BY monetary DESC, customer_id LIMIT {TOP}""",
        "cohort": f"""
            SELECT active.cohort, active.months, sized.cohort_customers, active.customers, active.transactions,
                active.amount, CAST(active.customers AS DOUBLE PRECISION) / sized.cohort_customers AS retention
            FROM (
                SELECT began.cohort, CAST(DATEDIFF(month, began.cohort, p.purchase_date) AS INTEGER) AS months,
                    COUNT(DISTINCT p.customer_id) AS customers, COUNT(*) AS transactions, SUM(p.amount) AS amount
                FROM mart.purchase AS p INNER JOIN ({began}) AS began ON began.customer_id = p.customer_id {where}
                GROUP BY 1, 2
            ) AS active
            INNER JOIN (
                SELECT cohort, COUNT(*) AS cohort_customers FROM ({began}) AS began GROUP BY cohort
            ) AS sized ON sized.cohort = active.cohort
            ORDER BY active.cohort, active.months""",
    }


def rfm(where: str) -> str:
    """The mart's own definition of scores and segments, over the purchases that ``where`` leaves."""
    (view,) = (text for text in read_statements("marts/customers.sql") if text.startswith(_RFM_VIEW))
    before, after = view.removeprefix(_RFM_VIEW).split(_RFM_SOURCE)
    return f"{before}{_RFM_SOURCE} AS p {where}{after}"
