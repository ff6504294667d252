"""Colors for light and dark, those of Okabe and Ito, safe for color-blind readers; and what all charts share.

Source of the palette: https://jfly.uni-koeln.de/color/ (Okabe, Ito 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

FONT = '"Source Sans", "Source Sans 3", sans-serif'


PADDING = {"left": 4, "right": 22, "top": 6, "bottom": 4}


@dataclass(frozen=True)
class Palette:
    """The colors of one mode; ``low`` to ``high`` is a map's scale, ``less`` to ``more`` a preference's."""

    text: str
    muted: str
    grid: str
    background: str
    main: str
    women: str
    men: str
    fraud: str
    caught: str
    false: str
    low: str
    high: str
    fraud_low: str
    fraud_high: str
    nothing: str
    less: str
    middle: str
    more: str

    @property
    def genders(self) -> list[str]:
        """Women's and men's, in the order of filters.GENDERS."""
        return [self.women, self.men]


LIGHT = Palette(
    text="#1b2430",
    muted="#5b6675",
    grid="#e4e8ee",
    background="#ffffff",
    main="#0072b2",
    women="#d55e00",
    men="#0072b2",
    fraud="#d55e00",
    caught="#009e73",
    false="#9aa5b1",
    low="#d8e8f5",
    high="#08457a",
    fraud_low="#fde3d0",
    fraud_high="#8f3a00",
    nothing="#eceff3",
    less="#b35806",
    middle="#f5f5f5",
    more="#3b5ba5",
)
DARK = Palette(
    text="#e6eaf0",
    muted="#a3aebd",
    grid="#2a3442",
    background="#10161f",
    main="#56b4e9",
    women="#f0934a",
    men="#56b4e9",
    fraud="#f0834a",
    caught="#2fc49a",
    false="#77828f",
    low="#1c3a55",
    high="#9ad4fb",
    fraud_low="#4a2a17",
    fraud_high="#ffb787",
    nothing="#1d2632",
    less="#e8914a",
    middle="#27303c",
    more="#6ea8f0",
)


def styled(chart: alt.TopLevelMixin, palette: Palette) -> alt.TopLevelMixin:
    """The chart with the page's fonts and colors, as wide as its place and as high as its rows."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    return (
        chart.properties(autosize=fit)
        .configure(autosize=fit, font=FONT, background="transparent", padding=PADDING)
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=palette.text,
            titleColor=palette.muted,
            gridColor=palette.grid,
            domain=False,
            ticks=False,
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
            labelPadding=6,
            labelLimit=260,
        )
        .configure_legend(
            labelColor=palette.text,
            titleColor=palette.muted,
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
            labelLimit=260,
            orient="top",
            symbolType="square",
        )
    )
