"""Charts of fraud: what the labels say, and what the model made of it."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dashboard.figures.parts import ALERTS, FRAUD_AMOUNT, PURCHASES, ROW, Measure, axis, plain
from dashboard.theme import Palette

COUNT = PURCHASES._replace(column="count")
OUTCOMES = ("Caught", "Missed", "False alarm")
LOSSES = ("Caught", "Missed")
REVIEWS = ("Fraud", "Genuine", "Open")


def outcomes(data: pd.DataFrame, label: str, palette: Palette, order: list[str]) -> alt.Chart:
    """Frauds caught and missed, and false alarms, in one bar per ``label``. ``data`` is long: label, Outcome, count."""
    colors = [palette.caught, palette.fraud, palette.false]
    return _stacked(data, label, order, OUTCOMES, colors, COUNT, tickMinStep=1)


def reviews(data: pd.DataFrame, label: str, palette: Palette, order: list[str]) -> alt.Chart:
    """Alerts by what people found of them, in one bar per ``label``. ``data`` is long: label, Outcome, alerts."""
    colors = [palette.fraud, palette.main, palette.false]
    return _stacked(data, label, order, REVIEWS, colors, ALERTS, tickMinStep=1)


def losses(data: pd.DataFrame, label: str, palette: Palette, order: list[str]) -> alt.Chart:
    """Dollars of fraud, caught and missed. ``data`` is long: label, Outcome, fraud_amount."""
    return _stacked(data, label, order, LOSSES, [palette.caught, palette.fraud], FRAUD_AMOUNT, unit="Dollars")


def _stacked(
    data: pd.DataFrame,
    label: str,
    order: list[str],
    kinds: tuple[str, ...],
    colors: list[str],
    measure: Measure,
    unit: str | None = None,
    **ticks: Any,
) -> alt.Chart:
    """``unit``: what the tooltip calls the measure, if not by its title."""
    rank = " : ".join(f"datum.Outcome == '{kind}' ? {number}" for number, kind in enumerate(kinds)) + f" : {len(kinds)}"
    return (
        alt.Chart(plain(data), height=alt.Step(ROW))
        .transform_calculate(rank=rank)
        .mark_bar(height={"band": 0.72})
        .encode(
            x=alt.X(f"{measure.column}:Q", axis=axis(measure, **ticks)),
            y=alt.Y(f"{label}:N", sort=order, axis=alt.Axis(title=None)),
            color=alt.Color(
                "Outcome:N", scale=alt.Scale(domain=list(kinds), range=colors), legend=alt.Legend(title=None)
            ),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip(f"{label}:N"),
                alt.Tooltip("Outcome:N"),
                alt.Tooltip(f"{measure.column}:Q", title=unit or measure.title, format=measure.exact),
            ],
        )
    )
