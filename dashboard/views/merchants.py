"""Merchants: who sells most, and how."""

from __future__ import annotations

import streamlit as st

from dashboard.figures.merchants import crowd
from dashboard.figures.parts import CUSTOMERS, PURCHASES, SPEND, bars
from dashboard.filters import Filters
from dashboard.panel import asking, palette, panel
from dashboard.source import ask
from dashboard.words import category_name

TOP = 20
_ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def show(filters: Filters) -> None:
    wanted = st.text_input(
        "Merchant", placeholder="A part of the name, such as Kirlin", key="merchant-name", max_chars=100
    ).strip()
    parameters = dict(filters.parameters)
    where = filters.where
    if wanted:
        parameters["merchant"] = f"%{wanted.lower().translate(_ESCAPED)}%"
        where += (" AND " if where else "WHERE ") + "LOWER(m.merchant) LIKE :merchant"
    with asking():
        found = ask(questions(where), parameters)["merchants"]
    colors = palette()
    data = found.assign(Category=[category_name(code) for code in found["category"]])
    left, right = st.columns(2)
    with left:
        panel(
            "top-merchants",
            f"Top {min(TOP, len(data))} of {len(data):,} merchants",
            "Spend, US dollars.",
            bars(data.head(TOP), "merchant", SPEND, colors, title="Merchant", tooltip=[PURCHASES, CUSTOMERS]),
            data,
        )
    with right:
        panel(
            "merchants-by-size",
            "Many purchases, or large ones",
            "Each dot is a merchant; its size is the spend.",
            crowd(data, colors),
            data,
        )
    panel(
        "merchants",
        "League",
        "All merchants in view, the highest spend first.",
        None,
        data[["merchant", "Category", "amount", "transactions", "average_amount", "customers", "frauds", "fraud_rate"]],
        columns={
            "merchant": st.column_config.TextColumn("Merchant", width="medium"),
            "Category": st.column_config.TextColumn("Category"),
            "amount": st.column_config.NumberColumn("Spend", format="dollar"),
            "transactions": st.column_config.NumberColumn("Purchases", format="localized"),
            "average_amount": st.column_config.NumberColumn("Average", format="dollar"),
            "customers": st.column_config.NumberColumn("Customers", format="localized"),
            "frauds": st.column_config.NumberColumn("Frauds", format="localized"),
            "fraud_rate": st.column_config.NumberColumn("Fraud rate", format="percent"),
        },
    )


def questions(where: str) -> dict[str, str]:
    """Every question of the page."""
    return {
        "merchants": f"""
            SELECT m.merchant, m.category, SUM(p.amount) AS amount, COUNT(*) AS transactions,
                CAST(SUM(p.amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount,
                COUNT(DISTINCT p.customer_id) AS customers, SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END) AS frauds,
                CAST(SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END) AS DOUBLE PRECISION)
                    / NULLIF(COUNT(p.is_fraud), 0) AS fraud_rate
            FROM mart.purchase AS p INNER JOIN mart.merchant AS m ON m.merchant_id = p.merchant_id {where}
            GROUP BY m.merchant_id, m.merchant, m.category ORDER BY amount DESC, m.merchant, m.category LIMIT 5000"""
    }
