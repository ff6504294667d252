"""The chart of cohorts: which share of the customers of a month comes back."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.figures.parts import CUSTOMERS, plain, tips
from dashboard.theme import Palette

MOST = 36  # cohorts and months that are drawn, the latest and the first; the files have all


def retention(data: pd.DataFrame, palette: Palette) -> alt.Chart:
    """A row per cohort, a column per month since, shaded by the share that bought then."""
    kept = sorted(set(data["cohort"]))[-MOST:]
    shown = data[data["cohort"].isin(kept) & (data["months"] < MOST)]
    named = plain(shown.assign(Cohort=shown["cohort"].dt.strftime("%Y-%m")))
    return (
        alt.Chart(named, height=alt.Step(20))
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X(
                "months:O",
                axis=alt.Axis(title="Months since the first purchase", labelAngle=0, labelOverlap="greedy"),
                scale=alt.Scale(paddingInner=0.06),
            ),
            y=alt.Y("Cohort:O", axis=alt.Axis(title=None), scale=alt.Scale(paddingInner=0.08)),
            color=alt.Color(
                "retention:Q",
                scale=alt.Scale(range=[palette.low, palette.high], domain=[0, 1]),
                legend=alt.Legend(title="Share that bought", format=".0%", gradientLength=180, orient="top"),
            ),
            tooltip=tips(
                ("Cohort", "First month", ""),
                ("months", "Months since", ","),
                ("retention", "Share that bought", ".1%"),
                CUSTOMERS,
                ("cohort_customers", "Of the customers", ","),
            ),
        )
    )
