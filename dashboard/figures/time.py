"""Charts over time: spend by day, week or month, and the rhythm of the week."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.figures.parts import PURCHASES, SPEND, axis, plain, tips, written
from dashboard.theme import Palette
from dashboard.words import WEEKDAYS

_DAYS = {"day": ("Day", "%a %-d %b %Y"), "week": ("Week from", "%a %-d %b %Y"), "month": ("Month", "%B %Y")}


def over_time(data: pd.DataFrame, unit: str, palette: Palette) -> alt.LayerChart:
    """Spend by ``begin`` of each day, week or month."""
    base = alt.Chart(plain(data), height=260).encode(
        x=alt.X(
            "begin:T", axis=alt.Axis(title=None, grid=False, labelOverlap="greedy", labelSeparation=10, tickCount=8)
        ),
        y=alt.Y("amount:Q", axis=axis(SPEND)),
        tooltip=tips(("begin", *_DAYS[unit]), SPEND, PURCHASES),
    )
    area = base.mark_area(color=palette.main, opacity=0.16, interpolate="monotone")
    line = base.mark_line(color=palette.main, strokeWidth=2, interpolate="monotone")
    points = base.mark_point(color=palette.main, filled=True, size=26 if len(data) < 120 else 0, opacity=1)
    return alt.layer(area, line, points)


def rhythm(data: pd.DataFrame, palette: Palette) -> alt.Chart:
    """Purchases by weekday and hour, as shades. ``weekday`` is ISO's 1 to 7, ``hour_of_day`` 0 to 23, UTC."""
    named = data.assign(day=[WEEKDAYS[int(number) - 1] for number in data["weekday"]])
    return (
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
                "transactions:Q",
                scale=alt.Scale(range=[palette.low, palette.high], zero=True),
                legend=alt.Legend(title="Purchases", labelExpr=written(PURCHASES), gradientLength=180, orient="top"),
            ),
            tooltip=tips(("day", "Weekday", ""), ("hour_of_day", "Hour", ""), PURCHASES, SPEND),
        )
    )
