"""Purchases: those behind the figures of the other pages, one by one."""

from __future__ import annotations

import streamlit as st

from dashboard.compare import bound, change, previous
from dashboard.filters import Filters
from dashboard.panel import Figure, asking, figures, panel
from dashboard.source import ask
from dashboard.states import state_name
from dashboard.views.overview import range_of
from dashboard.words import category_name, short

SHOWN = 1000


def show(filters: Filters) -> None:
    earlier = previous(filters, *range_of(Filters()))
    before, days = bound(earlier)
    with asking():
        found = ask(questions(filters.where, before), filters.parameters | days)
    total, rows = found["total"].iloc[0], found["purchases"]
    count, spend = int(total["transactions"]), float(total["amount"] or 0)
    then = found["before"].iloc[0] if "before" in found else None
    more = {
        name: change(now, None if then is None else float(then[name] or 0))
        for name, now in (("transactions", count), ("amount", spend))
    }
    figures(
        {
            "Purchases": Figure(f"{count:,}", "", more["transactions"]),
            "Spend": Figure(short(spend, "$"), f"${spend:,.2f}", more["amount"]),
        }
    )
    if earlier is not None:
        st.caption(f"Changes are against {earlier.first} to {earlier.last}, as many days just before.")
    data = rows.assign(
        Category=[category_name(code) for code in rows["category"]], State=[state_name(code) for code in rows["state"]]
    )
    names = ["purchase_date", "hour_of_day", "merchant", "Category", "State", "city", "amount", "distance_km"]
    panel(
        "purchases",
        "All purchases" if count <= SHOWN else f"Latest {SHOWN:,} of {count:,} purchases",
        "Newest first. Copy an id into `swipeline find` to see where it is stored.",
        None,
        data[[*names, "is_fraud", "is_alert", "transaction_id"]],
        columns={
            "purchase_date": st.column_config.DateColumn("Day", format="YYYY-MM-DD"),
            "amount": st.column_config.NumberColumn("Amount", format="dollar"),
            "is_fraud": st.column_config.CheckboxColumn("Fraud"),
            "is_alert": st.column_config.CheckboxColumn("Alert"),
            "distance_km": st.column_config.NumberColumn("Distance, km", format="%.1f"),
        },
    )


def questions(where: str, before: str | None = None) -> dict[str, str]:
    """Every question of the page; ``before`` bounds the period that the figures are compared with.

    Names are joined after the newest are chosen: joined before, each purchase would.
    """
    total = "SELECT COUNT(*) AS transactions, COALESCE(SUM(p.amount), 0) AS amount FROM mart.purchase AS p"
    compared = {} if before is None else {"before": f"{total} {before}"}
    return compared | {
        "total": f"{total} {where}",
        "purchases": f"""
            SELECT chosen.purchase_date, chosen.hour_of_day, m.merchant, chosen.category, chosen.state, home.city,
                chosen.amount, chosen.distance_km, chosen.is_fraud, chosen.is_alert, chosen.transaction_id
            FROM (
                SELECT p.purchase_date, p.hour_of_day, p.merchant_id, p.customer_id, p.category, p.state, p.amount,
                    p.distance_km, p.is_fraud, p.is_alert, p.transaction_id
                FROM mart.purchase AS p {where}
                ORDER BY p.purchase_date DESC, p.hour_of_day DESC, p.transaction_id LIMIT {SHOWN}
            ) AS chosen
            INNER JOIN mart.merchant AS m ON m.merchant_id = chosen.merchant_id
            LEFT JOIN mart.customer_home AS home ON home.customer_id = chosen.customer_id
            ORDER BY chosen.purchase_date DESC, chosen.hour_of_day DESC, chosen.transaction_id""",
    }
