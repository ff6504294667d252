"""Merchants: who sells most, and how."""

from __future__ import annotations

import streamlit as st

from dashboard.figures.merchants import crowd
from dashboard.figures.parts import AVERAGE, CUSTOMERS, PURCHASES, SPEND, Measure, bars
from dashboard.filters import Filters
from dashboard.measures import choose, short_title
from dashboard.panel import asking, palette, panel
from dashboard.source import ask
from dashboard.words import category_name

TOP, MOST = 20, 5000
_NAMED = "p.merchant_id IN (SELECT merchant_id FROM mart.merchant WHERE LOWER(merchant) LIKE :merchant)"
_ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def show(filters: Filters) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input(
            "Merchant",
            placeholder="A part of the name, such as Kirlin",
            key="merchant",
            max_chars=100,
            bind="query-params",
        )
        measure = choose((SPEND, PURCHASES, CUSTOMERS, AVERAGE))
    wanted = (wanted or "").strip()
    parameters = dict(filters.parameters)
    where = filters.where
    if wanted:
        parameters["merchant"] = f"%{wanted.lower().translate(_ESCAPED)}%"
        where += (" AND " if where else "WHERE ") + _NAMED
    with asking():
        found = ask(questions(where), parameters)
    colors, name = palette(), short_title(measure)
    data = found["merchants"]
    data = data.assign(
        Category=[
            category_name(code) if kinds == 1 else f"{kinds} categories"
            for code, kinds in zip(data["category"], data["categories"], strict=True)
        ]
    )
    top = data.sort_values([measure.column, "merchant"], ascending=[False, True]).head(TOP)
    left, right = st.columns(2)
    with left:
        panel(
            "top-merchants",
            f"Top {len(top)} of {len(data):,} merchants",
            f"{measure.title}. Click on a bar to see that merchant alone.",
            lambda: bars(
                top, "merchant", measure, colors, title="Merchant", tooltip=_beside(measure), picks="merchant"
            ),
            data,
            picks="merchant",
        )
    with right:
        panel(
            "merchants-by-size",
            "Purchase count vs. average amount",
            "Each dot is a merchant; its size is the spend. Click on a dot to see that merchant alone.",
            lambda: crowd(data, colors, picks="merchant"),
            data,
            picks="merchant",
        )
    panel(
        "merchants",
        "All merchants",
        f"Highest spend first, at most {MOST:,}.",
        None,
        data[["merchant", "Category", "amount", "transactions", "average_amount", "customers", "frauds", "fraud_rate"]],
    )
    parts = found["parts"].assign(Category=[category_name(code) for code in found["parts"]["category"]])
    panel(
        "merchants-by-category",
        "Merchants by category",
        f"A merchant of two categories has two rows. Highest {name.lower()} first, at most {MOST:,}.",
        None,
        parts.sort_values([measure.column, "merchant"], ascending=[False, True])[
            ["merchant", "Category", "amount", "transactions", "average_amount", "customers", "frauds", "fraud_rate"]
        ],
    )


def _beside(measure: Measure) -> list[tuple[str, str, str] | Measure]:
    return [each for each in (SPEND, PURCHASES, CUSTOMERS) if each != measure]


def questions(where: str) -> dict[str, str]:
    """Every question of the page. Merchants get their names after the sums: joined before, each purchase would."""
    figures = """SUM(p.amount) AS amount, COUNT(*) AS transactions, COUNT(DISTINCT p.customer_id) AS customers,
                    COUNT(p.is_fraud) AS labelled, SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END) AS frauds"""
    shown = """sold.amount, sold.transactions,
                CAST(sold.amount / sold.transactions AS DECIMAL(14,2)) AS average_amount, sold.customers, sold.frauds,
                CAST(sold.frauds AS DOUBLE PRECISION) / NULLIF(sold.labelled, 0) AS fraud_rate"""
    return {
        "merchants": f"""
            SELECT m.merchant, sold.category, sold.categories, {shown}
            FROM (
                SELECT p.merchant_id, MIN(p.category) AS category, COUNT(DISTINCT p.category) AS categories, {figures}
                FROM mart.purchase AS p {where} GROUP BY p.merchant_id
            ) AS sold
            INNER JOIN mart.merchant AS m ON m.merchant_id = sold.merchant_id
            ORDER BY sold.amount DESC, m.merchant, m.category LIMIT {MOST}""",
        "parts": f"""
            SELECT m.merchant, sold.category, {shown}
            FROM (
                SELECT p.merchant_id, p.category, {figures}
                FROM mart.purchase AS p {where} GROUP BY p.merchant_id, p.category
            ) AS sold
            INNER JOIN mart.merchant AS m ON m.merchant_id = sold.merchant_id
            ORDER BY sold.amount DESC, m.merchant, sold.category LIMIT {MOST}""",
    }
