"""The chart of one card: each purchase by time and amount."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.figures.parts import plain
from dashboard.theme import Palette

KINDS = ("Purchase", "Fraud")


def spending(data: pd.DataFrame, palette: Palette) -> alt.Chart:
    """A dot per purchase; a fraud is a cross in another color. The scale of amounts is logarithmic, with a zero."""
    marked = plain(data.drop(columns=["is_fraud", "is_alert"])).assign(
        Kind=[KINDS[int(fraud)] for fraud in data["is_fraud"].fillna(False)]
    )
    return (
        alt.Chart(marked, height=300)
        .mark_point(filled=True, opacity=0.75, size=48)
        .encode(
            x=alt.X(
                "occurred_at:T",
                axis=alt.Axis(title=None, grid=False, labelOverlap="greedy", labelSeparation=10, tickCount=8),
            ),
            y=alt.Y(
                "amount:Q",
                scale=alt.Scale(type="symlog"),
                axis=alt.Axis(title="Amount, US dollars", format="$,.0f", values=[1, 10, 100, 1000, 10_000]),
            ),
            color=alt.Color(
                "Kind:N",
                scale=alt.Scale(domain=list(KINDS), range=[palette.main, palette.fraud]),
                legend=alt.Legend(title=None),
            ),
            shape=alt.Shape("Kind:N", scale=alt.Scale(domain=list(KINDS), range=["circle", "cross"])),
            tooltip=[
                alt.Tooltip("occurred_at:T", title="Time, UTC", format="%-d %b %Y %H:%M:%S"),
                alt.Tooltip("merchant:N", title="Merchant"),
                alt.Tooltip("Category:N"),
                alt.Tooltip("amount:Q", title="Amount", format="$,.2f"),
                alt.Tooltip("Kind:N"),
            ],
        )
    )
