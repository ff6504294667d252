"""Charts of customers: the three of gender and age that the pipeline began with, and the segments."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.figures.parts import CUSTOMERS, PURCHASES, ROW, SPEND, Measure, axis, picking, plain, tips
from dashboard.filters import GENDERS
from dashboard.theme import Palette


def _gender(palette: Palette) -> alt.Color:
    return alt.Color(
        "Gender:N",
        scale=alt.Scale(domain=list(GENDERS.values()), range=palette.genders),
        legend=alt.Legend(title=None),
    )


def by_gender_and_state(data: pd.DataFrame, palette: Palette, measure: Measure = SPEND) -> alt.LayerChart:
    """Two dots per state, women and men, joined by a line; the state with the highest sum first."""
    order = alt.EncodingSortField(measure.column, op="sum", order="descending")
    states = alt.Y("State:N", sort=order, axis=alt.Axis(title=None, labelOverlap=False, grid=True))
    base = alt.Chart(plain(data), height=alt.Step(20))
    line = base.mark_rule(color=palette.muted, strokeWidth=1.5, opacity=0.6).encode(
        x=alt.X(f"min({measure.column}):Q", axis=axis(measure)), x2=alt.X2(f"max({measure.column}):Q"), y=states
    )
    dots = base.mark_circle(size=95, opacity=1).encode(
        x=alt.X(f"{measure.column}:Q", axis=axis(measure)),
        y=states,
        color=_gender(palette),
        tooltip=tips(("State", "State", ""), ("Gender", "Gender", ""), SPEND, PURCHASES, CUSTOMERS),
    )
    return alt.layer(line, picking("state", dots))


def by_gender_and_category(data: pd.DataFrame, palette: Palette, measure: Measure = SPEND) -> alt.Chart:
    """Two bars per category; the category with the highest sum first."""
    return picking(
        "category",
        alt.Chart(plain(data), height=alt.Step(ROW // 2))
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X(f"{measure.column}:Q", axis=axis(measure)),
            y=alt.Y(
                "Category:N",
                sort=alt.EncodingSortField(measure.column, op="sum", order="descending"),
                axis=alt.Axis(title=None),
                scale=alt.Scale(paddingInner=0.25),
            ),
            yOffset=alt.YOffset("Gender:N", sort=list(GENDERS.values())),
            color=_gender(palette),
            tooltip=tips(("Category", "Category", ""), ("Gender", "Gender", ""), SPEND, PURCHASES, CUSTOMERS),
        ),
    )


def by_birth_year(data: pd.DataFrame, palette: Palette, measure: Measure = SPEND) -> alt.Chart:
    """A column per year of birth, women below men."""
    years = range(int(data["birth_year"].min()), int(data["birth_year"].max()) + 1)
    return (
        alt.Chart(plain(data), height=320)
        .mark_bar()
        .encode(
            x=alt.X(
                "birth_year:O",
                scale=alt.Scale(domain=list(years), paddingInner=0.15),
                axis=alt.Axis(title="Year of birth", labelAngle=0, values=[year for year in years if year % 10 == 0]),
            ),
            y=alt.Y(f"{measure.column}:Q", axis=axis(measure)),
            color=_gender(palette),
            order=alt.Order("Gender:N", sort="descending"),
            tooltip=tips(("birth_year", "Year of birth", ""), ("Gender", "Gender", ""), SPEND, PURCHASES, CUSTOMERS),
        )
    )


def by_age(data: pd.DataFrame, palette: Palette, measure: Measure = SPEND) -> alt.Chart:
    """Two columns per age band."""
    return picking(
        "age_band",
        alt.Chart(plain(data), height=320)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X("age_band:O", axis=alt.Axis(title="Age at the time of the purchase", labelAngle=0)),
            xOffset=alt.XOffset("Gender:N", sort=list(GENDERS.values())),
            y=alt.Y(f"{measure.column}:Q", axis=axis(measure)),
            color=_gender(palette),
            tooltip=tips(("age_band", "Age", ""), ("Gender", "Gender", ""), SPEND, PURCHASES, CUSTOMERS),
        ),
    )
