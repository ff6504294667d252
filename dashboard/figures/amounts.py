"""The chart of how large purchases are."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.figures.parts import PURCHASES, SPEND, columns
from dashboard.theme import Palette
from dashboard.words import AMOUNT_BANDS


def distribution(data: pd.DataFrame, palette: Palette) -> alt.Chart:
    """A column per band of amounts, the small ones first."""
    title = "Amount, US dollars"
    return columns(
        data, "amount_band", PURCHASES, palette, title=title, order=list(AMOUNT_BANDS), tooltip=[SPEND], height=220
    )
