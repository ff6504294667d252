"""The chart of merchants: how often they sell, and for how much."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.figures.parts import AVERAGE, PURCHASES, SPEND, axis, picking, plain, tips
from dashboard.theme import Palette


def crowd(data: pd.DataFrame, palette: Palette, picks: str = "") -> alt.Chart:
    """A dot per merchant: purchases against the average purchase."""
    chart = (
        alt.Chart(plain(data), height=520)
        .mark_circle(color=palette.main, opacity=0.55, stroke=palette.background, strokeWidth=0.5)
        .encode(
            x=alt.X("transactions:Q", axis=axis(PURCHASES), scale=alt.Scale(zero=False, nice=True)),
            y=alt.Y("average_amount:Q", axis=axis(AVERAGE), scale=alt.Scale(zero=True)),
            size=alt.Size("amount:Q", legend=None, scale=alt.Scale(range=[20, 420])),
            tooltip=tips(("merchant", "Merchant", ""), ("Category", "Category", ""), SPEND, PURCHASES, AVERAGE),
        )
    )
    return picking(picks, chart)
