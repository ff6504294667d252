"""The chart of how large purchases are."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.figures.parts import PURCHASES, SPEND, Measure, columns
from dashboard.theme import Palette
from dashboard.words import AMOUNT_BANDS


def distribution(data: pd.DataFrame, palette: Palette, measure: Measure = PURCHASES, picks: str = "") -> alt.Chart:
    """A column per band of amounts, the small ones first."""
    return columns(
        data,
        "amount_band",
        measure,
        palette,
        title="Amount, US dollars",
        order=list(AMOUNT_BANDS),
        tooltip=[each for each in (PURCHASES, SPEND) if each != measure],
        height=220,
        picks=picks,
    )
