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
_NAMED = "p.merchant_id IN (SELECT merchant_id FROM mart.merchant WHERE LOWER(merchant) LIKE :merchant)"
_ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def show(filters: Filters) -> None:
    wanted = st.text_input(
        "Merchant", placeholder="A part of the name, such as Kirlin", key="merchant-name", max_chars=100
    ).strip()
    parameters = dict(filters.parameters)
    where = filters.where
    if wanted:
        parameters["merchant"] = f"%{wanted.lower().translate(_ESCAPED)}%"
        where += (" AND " if where else "WHERE ") + _NAMED
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
    """Every question of the page. Merchants get their names after the sums: joined before, each purchase would."""
    return {
        "merchants": f"""
            SELECT m.merchant, m.category, sold.amount, sold.transactions,
                CAST(sold.amount / sold.transactions AS DECIMAL(14,2)) AS average_amount, sold.customers, sold.frauds,
                CAST(sold.frauds AS DOUBLE PRECISION) / NULLIF(sold.labelled, 0) AS fraud_rate
            FROM (
                SELECT p.merchant_id, SUM(p.amount) AS amount, COUNT(*) AS transactions,
                    COUNT(DISTINCT p.customer_id) AS customers, COUNT(p.is_fraud) AS labelled,
                    SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END) AS frauds
                FROM mart.purchase AS p {where} GROUP BY p.merchant_id
            ) AS sold
            INNER JOIN mart.merchant AS m ON m.merchant_id = sold.merchant_id
            ORDER BY sold.amount DESC, m.merchant, m.category LIMIT 5000"""
    }
