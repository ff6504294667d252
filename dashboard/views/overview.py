"""Overview: how much is spent, when, and on what; against the period before."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from dashboard import periods
from dashboard.compare import bound, change, points, previous
from dashboard.figures.amounts import distribution
from dashboard.figures.parts import AVERAGE, CUSTOMERS, PURCHASES, SPEND, Measure, bars
from dashboard.figures.time import over_time, picks_days, rhythm
from dashboard.filters import Filters
from dashboard.measures import choose, short_title
from dashboard.panel import EMPTY, Figure, asking, figures, palette, panel
from dashboard.source import ask, state
from dashboard.words import AMOUNT_BANDS, category_name, percent, short, sql_amount_band

MEASURES = (SPEND, PURCHASES, CUSTOMERS, AVERAGE)
_UNITS = {"Automatic": "", "Day": "day", "Week": "week", "Month": "month", "Year": "year"}


def show(filters: Filters) -> None:
    first, last = range_of(filters)
    with st.container(horizontal=True):
        measure, unit = choose(MEASURES), time_unit(first, last)
    earlier = previous(filters, *range_of(Filters()))
    where, days = bound(earlier)
    with asking():
        found = ask(questions(filters.where, unit, where), filters.parameters | days)
    total, then, colors = found["total"].iloc[0], found["before"].iloc[0] if "before" in found else None, palette()
    if not total["transactions"]:
        st.info(EMPTY, icon=":material/filter_alt_off:")
        return
    figures(tiles(total, then))
    if earlier is not None:
        st.caption(f"Changes are against {earlier.first} to {earlier.last}, as many days just before.")
    else:
        st.caption("There are no earlier purchases to compare with: choose a later From.")
    name = short_title(measure)
    spent = periods.filled(found["time"], unit, first, last, ("amount", "transactions", "customers"))
    picks, how = picks_days(spent, unit)
    panel(
        "spend-over-time",
        f"{name} over time",
        f"{measure.title}, by {unit}. The first and last {unit} may be incomplete; a {unit} without purchases is 0."
        f"{how}",
        lambda: over_time(spent, unit, colors, measure),
        spent,
        picks=picks,
    )
    left, right = st.columns(2)
    categories = found["category"].assign(Category=[category_name(code) for code in found["category"]["category"]])
    categories = categories.sort_values([measure.column, "category"], ascending=[False, True])
    with left:
        panel(
            "spend-by-category",
            f"{name} by category",
            f"{measure.title}, highest first. Click on a bar to see that category alone.",
            lambda: bars(categories, "Category", measure, colors, tooltip=_beside(measure), picks="category"),
            categories,
            picks="category",
        )
    with right:
        panel(
            "purchases-by-weekday-and-hour",
            f"{name} by weekday and hour",
            f"{measure.title}, UTC. Click on a cell to see that hour alone.",
            lambda: rhythm(found["rhythm"], colors, measure, picks="hour_of_day"),
            found["rhythm"],
            picks="hour_of_day",
        )
        amounts = found["amounts"].assign(
            amount_band=pd.Categorical(found["amounts"]["amount_band"], AMOUNT_BANDS, ordered=True).astype(str)
        )
        panel(
            "purchases-by-amount",
            f"{name} by amount",
            f"{measure.title}, by the amount of a purchase in US dollars. Click on a bar to see that band alone.",
            lambda: distribution(amounts, colors, measure, picks="amount_band"),
            amounts,
            picks="amount_band",
        )


def tiles(total: pd.Series, then: pd.Series | None) -> dict[str, Figure]:
    """The figures, each with its change."""
    now, was = _figures(total), _figures(then)
    frauds = f"{total['frauds']:,} frauds in {total['labelled']:,} labelled purchases"
    if not total["labelled"]:
        frauds = "None of these purchases has a label that says whether it was a fraud."
    more = {name: change(now[name], was[name]) for name in now}
    spend, customers, merchants = now["spend"] or 0.0, total["customers"], total["merchants"]
    return {
        "Spend": Figure(short(spend, "$"), f"${spend:,.2f}", more["spend"]),
        "Purchases": Figure(short(now["count"]), f"{total['transactions']:,}", more["count"]),
        "Average purchase": Figure(short(now["average"], "$"), "", more["average"]),
        "Customers": Figure(short(now["customers"]), f"{customers:,} different ones", more["customers"]),
        "Merchants": Figure(short(now["merchants"]), f"{merchants:,} different ones", more["merchants"]),
        "Fraud": Figure(percent(now["rate"]), frauds, points(now["rate"], was["rate"]), "inverse"),
    }


def _figures(total: pd.Series | None) -> dict[str, float | None]:
    """None where there is nothing to report."""
    if total is None or not total["transactions"]:
        return dict.fromkeys(("spend", "count", "average", "customers", "merchants", "rate"))
    spend, count, labelled = float(total["amount"]), int(total["transactions"]), int(total["labelled"])
    return {
        "spend": spend,
        "count": count,
        "average": spend / count,
        "customers": int(total["customers"]),
        "merchants": int(total["merchants"]),
        "rate": int(total["frauds"]) / labelled if labelled else None,
    }


def range_of(filters: Filters) -> tuple[date, date]:
    """The days in view, both ends known."""
    now = state()
    first, last = filters.first or now.first, filters.last or now.last
    assert first
    assert last
    return first, last


def time_unit(first: date, last: date) -> str:
    """The reader's choice, or a unit that gives a chart that is easy to read."""
    offered = periods.offered(first, last)
    names = [name for name, unit in _UNITS.items() if not unit or unit in offered]
    if st.query_params.get("by", names[0]) not in names:
        del st.query_params["by"]
    chosen = st.segmented_control("By", names, default=names[0], required=True, key="by", bind="query-params")
    return _UNITS[chosen or names[0]] or periods.automatic(first, last)


def _beside(measure: Measure) -> list[tuple[str, str, str] | Measure]:
    return [each for each in (SPEND, PURCHASES) if each != measure]


def questions(where: str, unit: str, before: str | None = None) -> dict[str, str]:
    """Every question of the page; ``before`` bounds the period that the figures are compared with."""
    total = """
            SELECT COUNT(*) AS transactions, SUM(p.amount) AS amount, COUNT(DISTINCT p.customer_id) AS customers,
                COUNT(DISTINCT p.merchant_id) AS merchants, COUNT(p.is_fraud) AS labelled,
                COALESCE(SUM(CASE WHEN p.is_fraud THEN 1 ELSE 0 END), 0) AS frauds
            FROM mart.purchase AS p"""
    figures = """SUM(p.amount) AS amount, COUNT(*) AS transactions, COUNT(DISTINCT p.customer_id) AS customers,
                CAST(SUM(p.amount) / COUNT(*) AS DECIMAL(14,2)) AS average_amount"""
    return {
        "total": f"{total} {where}",
        "time": f"""
            SELECT CAST(DATE_TRUNC('{unit}', p.purchase_date) AS DATE) AS begin, {figures}
            FROM mart.purchase AS p {where} GROUP BY 1 ORDER BY 1""",
        "category": f"""
            SELECT p.category, {figures}
            FROM mart.purchase AS p {where} GROUP BY p.category ORDER BY amount DESC, p.category""",
        "rhythm": f"""
            SELECT p.weekday, p.hour_of_day, {figures}
            FROM mart.purchase AS p {where} GROUP BY 1, 2 ORDER BY 1, 2""",
        "amounts": f"""
            SELECT {sql_amount_band("p.amount")} AS amount_band, {figures}
            FROM mart.purchase AS p {where} GROUP BY 1 ORDER BY MIN(p.amount)""",
    } | ({} if before is None else {"before": f"{total} {before}"})
