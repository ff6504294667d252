"""Charts over time: a measure by day, week, month or year, and the week by weekday and hour."""

from __future__ import annotations

from datetime import date

import altair as alt
import numpy as np
import pandas as pd

from dashboard.figures.parts import PURCHASES, SPEND, Measure, axis, picking, plain, tips, written
from dashboard.theme import Palette
from dashboard.words import WEEKDAYS

_DAYS = {
    "day": ("Day", "%a %-d %b %Y"),
    "week": ("Week from", "%a %-d %b %Y"),
    "month": ("Month", "%B %Y"),
    "year": ("Year", "%Y"),
}
MOST_BARS = 400
DAYS = "days"  # the column that a click on a bar selects


def over_time(data: pd.DataFrame, unit: str, palette: Palette, measure: Measure = SPEND, color: str = "") -> alt.Chart:
    """A bar per period, from ``begin`` to ``end``; a straight line where bars would be thinner than a pixel or two.

    ``data`` has every period: what was counted is drawn as it is, never smoothed, never bridged. A click on a bar
    selects its first and last day, as one text: a time would be in the zone of the reader's browser.
    """
    begin, end = (data[name].to_numpy("datetime64[D]") for name in ("begin", "end"))
    last = np.where(end < np.datetime64(date.max), end - 1, end)  # the calendar's last day ends the last period of all
    days = [f"{first} {final}" for first, final in zip(begin, last, strict=True)]
    base = alt.Chart(plain(data).assign(**{DAYS: days}), height=260)
    mark = base.mark_bar(color=color or palette.main, stroke=palette.background, strokeWidth=0.5)
    if len(data) > MOST_BARS:
        mark = base.mark_line(color=color or palette.main, strokeWidth=1.5, interpolate="linear")
    shared = {
        "x": alt.X(
            "begin:T", axis=alt.Axis(title=None, grid=False, labelOverlap="greedy", labelSeparation=10, tickCount=8)
        ),
        "y": alt.Y(f"{measure.column}:Q", axis=axis(measure), scale=alt.Scale(zero=True)),
        "tooltip": tips(("begin", *_DAYS[unit]), measure, *_beside(data, measure)),
    }
    if len(data) > MOST_BARS:
        return mark.encode(**shared)
    return picking(DAYS, mark.encode(**shared, x2="end:T", y2=alt.datum(0)))


def picks_days(data: pd.DataFrame, unit: str) -> tuple[str, str]:
    """What a click on :func:`over_time` selects, and what the reader is shown; a line has no bar to click on."""
    return (DAYS, f" Click on a bar to see that {unit} alone.") if len(data) <= MOST_BARS else ("", "")


def _beside(data: pd.DataFrame, measure: Measure) -> list[Measure]:
    return [each for each in (SPEND, PURCHASES) if each.column in data and each != measure]


def rhythm(data: pd.DataFrame, palette: Palette, measure: Measure = PURCHASES, picks: str = "") -> alt.Chart:
    """A measure by weekday and hour, as shades. ``weekday`` is ISO's 1 to 7, ``hour_of_day`` 0 to 23, UTC."""
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
                f"{measure.column}:Q",
                scale=alt.Scale(range=[palette.low, palette.high], zero=True, nice=True),
                legend=alt.Legend(title=measure.title, labelExpr=written(measure), gradientLength=180, orient="top"),
            ),
            tooltip=tips(("day", "Weekday", ""), ("hour_of_day", "Hour", ""), measure, *_beside(data, measure)),
        )
    )
    return picking(picks, chart)
