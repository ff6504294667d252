"""Charts of fraud: what the labels say, and what the model made of it."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.figures.parts import ALERTS, FRAUD_AMOUNT, PURCHASES, ROW, axis, plain
from dashboard.theme import Palette

OUTCOMES = ("Caught", "Missed", "False alarm")
LOSSES = ("Caught", "Missed")
REVIEWS = ("Fraud", "Genuine", "Open")


def outcomes(data: pd.DataFrame, label: str, palette: Palette, order: list[str]) -> alt.Chart:
    """Frauds caught and missed, and false alarms, in one bar per ``label``. ``data`` is long: label, Outcome, count."""
    return _stacked(
        data,
        label,
        order,
        OUTCOMES,
        [palette.caught, palette.fraud, palette.false],
        alt.X("count:Q", axis=axis(PURCHASES, tickMinStep=1)),
        alt.Tooltip("count:Q", title="Purchases", format=","),
    )


def reviews(data: pd.DataFrame, label: str, palette: Palette, order: list[str]) -> alt.Chart:
    """Alerts by what people found of them, in one bar per ``label``. ``data`` is long: label, Outcome, alerts."""
    return _stacked(
        data,
        label,
        order,
        REVIEWS,
        [palette.fraud, palette.main, palette.false],
        alt.X("alerts:Q", axis=axis(ALERTS, tickMinStep=1)),
        alt.Tooltip("alerts:Q", title="Alerts", format=","),
    )


def losses(data: pd.DataFrame, label: str, palette: Palette, order: list[str]) -> alt.Chart:
    """Dollars of fraud, caught and missed. ``data`` is long: label, Outcome, fraud_amount."""
    return _stacked(
        data,
        label,
        order,
        LOSSES,
        [palette.caught, palette.fraud],
        alt.X("fraud_amount:Q", axis=axis(FRAUD_AMOUNT)),
        alt.Tooltip("fraud_amount:Q", title="Dollars", format="$,.2f"),
    )


def _stacked(
    data: pd.DataFrame,
    label: str,
    order: list[str],
    kinds: tuple[str, ...],
    colors: list[str],
    x: alt.X,
    tooltip: alt.Tooltip,
) -> alt.Chart:
    rank = " : ".join(f"datum.Outcome == '{kind}' ? {number}" for number, kind in enumerate(kinds)) + f" : {len(kinds)}"
    return (
        alt.Chart(plain(data), height=alt.Step(ROW))
        .transform_calculate(rank=rank)
        .mark_bar(height={"band": 0.72})
        .encode(
            x=x,
            y=alt.Y(f"{label}:N", sort=order, axis=alt.Axis(title=None)),
            color=alt.Color(
                "Outcome:N", scale=alt.Scale(domain=list(kinds), range=colors), legend=alt.Legend(title=None)
            ),
            order=alt.Order("rank:Q"),
            tooltip=[alt.Tooltip(f"{label}:N"), alt.Tooltip("Outcome:N"), tooltip],
        )
    )
