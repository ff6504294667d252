"""Overview: how much is spent, when, and on what."""

from __future__ import annotations

import streamlit as st

from dashboard.figures.parts import PURCHASES, SPEND, bars
from dashboard.figures.time import over_time, rhythm
from dashboard.filters import Filters
from dashboard.panel import EMPTY, asking, figures, palette, panel
from dashboard.source import ask, state
from dashboard.words import category_name, percent, short

_MONTHS_FROM, _WEEKS_FROM = 800, 60  # days in view


def show(filters: Filters) -> None:
    unit = time_unit(filters)
    with asking():
        found = ask(questions(filters.where, unit), filters.parameters)
    total, colors = found["total"].iloc[0], palette()
    if not total["transactions"]:
        st.info(EMPTY, icon=":material/filter_alt_off:")
        return
    spend, count = float(total["amount"]), int(total["transactions"])
    figures(
        {
            "Spend": (short(spend, "$"), f"${spend:,.2f}"),
            "Purchases": (short(count), f"{count:,}"),
            "Average purchase": (short(spend / count, "$"), ""),
            "Customers": (short(total["customers"]), f"{total['customers']:,} different ones"),
            "Merchants": (short(total["merchants"]), f"{total['merchants']:,} different ones"),
            "Fraud": (
                percent(total["frauds"] / total["labelled"] if total["labelled"] else None),
                f"{total['frauds']:,} frauds in {total['labelled']:,} labelled purchases",
            ),
        }
    )
    panel(
        "spend-over-time",
        "Spend over time",
        f"US dollars by {unit}. The first and the last {unit} may be incomplete.",
        over_time(found["time"], unit, colors),
        found["time"],
    )
    left, right = st.columns(2)
    categories = found["category"].assign(Category=[category_name(code) for code in found["category"]["category"]])
    with left:
        panel(
            "spend-by-category",
            "Spend by category",
            "US dollars, the most first.",
            bars(categories, "Category", SPEND, colors, tooltip=[PURCHASES]),
            categories,
        )
    with right:
        panel(
            "rhythm-of-the-week",
            "Rhythm of the week",
            "Purchases by weekday and hour.",
            rhythm(found["rhythm"], colors),
            found["rhythm"],
        )


def time_unit(filters: Filters) -> str:
    """Days for a few weeks, weeks for two years, months beyond: at most some hundred points."""
    now = state()
    first, last = filters.first or now.first, filters.last or now.last
    days = (last - first).days + 1 if first and last else 0
    return "day" if days <= _WEEKS_FROM else "week" if days <= _MONTHS_FROM else "month"


def questions(where: str, unit: str) -> dict[str, str]:
    """Every question of the page."""
    return {
        "total": f"""
            SELECT COUNT(*) AS transactions, SUM(p.amount) AS amount, COUNT(DISTINCT p.customer_id) AS customers,
                COUNT(DISTINCT p.merchant_id) AS merchants, COUNT(p.is_fraud) AS labelled,
                SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END) AS frauds
            FROM mart.purchase AS p {where}""",
        "time": f"""
            SELECT CAST(DATE_TRUNC('{unit}', p.purchase_date) AS DATE) AS begin, SUM(p.amount) AS amount,
                COUNT(*) AS transactions
            FROM mart.purchase AS p {where} GROUP BY 1 ORDER BY 1""",
        "category": f"""
            SELECT p.category, SUM(p.amount) AS amount, COUNT(*) AS transactions
            FROM mart.purchase AS p {where} GROUP BY p.category ORDER BY amount DESC, p.category""",
        "rhythm": f"""
            SELECT p.weekday, p.hour_of_day, COUNT(*) AS transactions, SUM(p.amount) AS amount
            FROM mart.purchase AS p {where} GROUP BY 1, 2 ORDER BY 1, 2""",
    }
