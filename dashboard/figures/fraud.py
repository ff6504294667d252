"""Charts of fraud: what the labels say, and what the model made of it."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dashboard.figures.parts import (
    ALERTS,
    FRAUD_AMOUNT,
    FRAUD_RATE,
    FRAUDS,
    PURCHASES,
    ROW,
    Measure,
    axis,
    picking,
    plain,
    tips,
    written,
)
from dashboard.rates import FEW
from dashboard.theme import Palette
from dashboard.words import WEEKDAYS

COUNT = PURCHASES._replace(column="count")
OUTCOMES = ("Caught", "Missed", "False alarm")
LOSSES = ("Caught", "Missed")
REVIEWS = ("Fraud", "Genuine", "Open")


def rates(data: pd.DataFrame, label: str, palette: Palette, order: list[Any], picks: str = "") -> alt.LayerChart:
    """The fraud rate of each ``label`` with its 95% confidence, pale where few purchases have a label.

    The axis reaches every rate. Of the confidence of few purchases it may show a part: in full it would hide the rest.
    """
    certain = data.loc[data["labelled"] >= FEW, "fraud_rate_high"]
    most = pd.concat([data["fraud_rate"], certain]).max()
    scale = alt.Scale(domain=[0, float(most) if len(certain) and most > 0 else 1.0], clamp=True, nice=True)
    base = alt.Chart(plain(data), height=alt.Step(ROW))
    place = alt.Y(f"{label}:N", sort=order, axis=alt.Axis(title=None))
    tooltip = [
        *tips((label, label.replace("_", " ").capitalize(), ""), FRAUD_RATE),
        alt.Tooltip("fraud_rate_low:Q", title="95% from", format=FRAUD_RATE.exact),
        alt.Tooltip("fraud_rate_high:Q", title="to", format=FRAUD_RATE.exact),
        *tips(FRAUDS, ("labelled", "Purchases with a label", ",")),
    ]
    shown = base.mark_bar(color=palette.fraud, cornerRadiusEnd=3, height={"band": 0.72}).encode(
        x=alt.X("fraud_rate:Q", axis=axis(FRAUD_RATE), scale=scale),
        y=place,
        opacity=alt.condition(f"datum.labelled < {FEW}", alt.value(0.45), alt.value(1.0)),
        tooltip=tooltip,
    )
    error = base.mark_rule(color=palette.text, strokeWidth=1.2).encode(
        x=alt.X("fraud_rate_low:Q", axis=axis(FRAUD_RATE), scale=scale),
        x2="fraud_rate_high:Q",
        y=place,
        tooltip=tooltip,
    )
    return alt.layer(picking(picks, shown), error)


def by_weekday_and_hour(data: pd.DataFrame, palette: Palette, picks: str = "") -> alt.Chart:
    """The fraud rate by weekday (ISO's 1 to 7) and hour (0 to 23, UTC), as shades."""
    named = data.assign(day=[WEEKDAYS[int(number) - 1] for number in data["weekday"]])
    chart = (
        alt.Chart(plain(named), height=alt.Step(34))
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X(
                "hour_of_day:O",
                axis=alt.Axis(title="Hour of the day, UTC", labelAngle=0, values=list(range(0, 24, 3))),
                scale=alt.Scale(domain=list(range(24)), paddingInner=0.06),
            ),
            y=alt.Y(
                "day:N",
                sort=list(WEEKDAYS),
                axis=alt.Axis(title=None),
                scale=alt.Scale(domain=list(WEEKDAYS), paddingInner=0.08),
            ),
            color=alt.Color(
                "fraud_rate:Q",
                scale=alt.Scale(range=[palette.fraud_low, palette.fraud_high], zero=True),
                legend=alt.Legend(title="Fraud rate", labelExpr=written(FRAUD_RATE), gradientLength=180, orient="top"),
            ),
            tooltip=tips(
                ("day", "Weekday", ""),
                ("hour_of_day", "Hour", ""),
                FRAUD_RATE,
                FRAUDS,
                ("labelled", "Purchases with a label", ","),
            ),
        )
    )
    return picking(picks, chart)


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
    return picking(
        "category",
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
        ),
    )
