"""Charts of places: the map, the city sizes, and what each state prefers."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import pandas as pd

from dashboard.figures.parts import (
    AVERAGE,
    CUSTOMERS,
    FRAUD_RATE,
    PER_CUSTOMER,
    PURCHASES,
    SPEND,
    Measure,
    picking,
    plain,
    written,
)
from dashboard.states import outlines, state_name
from dashboard.theme import Palette

WIDTH, HEIGHT = 975, 610  # the plane of the outlines
MEASURES = (SPEND, PURCHASES, CUSTOMERS, PER_CUSTOMER, AVERAGE, FRAUD_RATE)


def state_map(data: pd.DataFrame, measure: Measure, palette: Palette) -> alt.LayerChart:
    """The states, shaded by a measure; one that the data does not have is pale, and says so."""
    shown = plain(data).astype("object")
    shown = shown.where(shown.notna(), None)  # JSON has no word for a missing number but null
    rows = {row["state"]: row | {"name": state_name(row["state"])} for row in shown.to_dict("records")}
    features = [
        feature | {"properties": feature["properties"] or {"name": state_name(feature["id"])}}
        for feature in outlines(rows)
    ]
    known = [feature for feature in features if feature["properties"].get(measure.column) is not None]
    unknown = [feature for feature in features if feature["properties"].get(measure.column) is None]
    shades = [palette.fraud_low, palette.fraud_high] if measure is FRAUD_RATE else [palette.low, palette.high]
    border = {"stroke": palette.background, "strokeWidth": 0.8}
    empty = (
        alt.Chart(_data(unknown))
        .mark_geoshape(fill=palette.nothing, **border)
        .encode(tooltip=[alt.Tooltip("properties.name:N", title="State"), alt.Tooltip("nothing:N", title="Purchases")])
        .transform_calculate(nothing="'none'")
    )
    legend = alt.Legend(title=measure.title, orient="top", gradientLength=240, labelExpr=written(measure))
    filled = (
        alt.Chart(_data(known))
        .mark_geoshape(**border)
        .encode(
            color=alt.Color(
                f"properties.{measure.column}:Q",
                scale=alt.Scale(range=shades, zero=measure is not FRAUD_RATE),
                legend=legend if known else None,
            ),
            tooltip=[
                alt.Tooltip("properties.name:N", title="State"),
                *(
                    alt.Tooltip(f"properties.{each.column}:Q", title=each.title.split(",")[0], format=each.exact)
                    for each in MEASURES
                ),
            ],
        )
    )
    filled = picking("state", filled.transform_calculate(state="datum.properties.state"))
    # Both layers, one may be empty: the data of a single one Altair lifts to the top, where Streamlit expects a frame.
    return alt.layer(empty, filled).project(type="identity", reflectY=False)


def _data(features: list[dict[str, Any]]) -> alt.Data:
    """As one text, which Vega parses: Altair would walk through each point, for a quarter of a second."""
    return alt.Data(values=json.dumps(features, default=float), format=alt.DataFormat(type="json"))


def preference(data: pd.DataFrame, palette: Palette, states: list[str], categories: list[str]) -> alt.Chart:
    """How much more of its money a state spends on a category than the whole does. ``preference`` is 1 for alike."""
    return (
        alt.Chart(plain(data), height=alt.Step(20))
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X(
                "Category:N",
                sort=categories,
                axis=alt.Axis(title=None, orient="top", labelAngle=-65, labelOverlap=False),
                scale=alt.Scale(paddingInner=0.06),
            ),
            y=alt.Y(
                "State:N", sort=states, axis=alt.Axis(title=None, labelOverlap=False), scale=alt.Scale(paddingInner=0.1)
            ),
            color=alt.Color(
                "preference:Q",
                scale=alt.Scale(
                    type="log",
                    domain=[0.5, 1, 2],
                    range=[palette.less, palette.middle, palette.more],
                    clamp=True,
                    base=2,
                    interpolate="rgb",
                ),
                legend=alt.Legend(
                    title="Share of spend, against all states",
                    values=[0.5, 0.7, 1, 1.4, 2],
                    labelExpr="datum.value == 1 ? 'the same' : format(datum.value, '.1f') + ' x'",
                    gradientLength=240,
                    orient="top",
                ),
            ),
            tooltip=[
                alt.Tooltip("State:N"),
                alt.Tooltip("Category:N"),
                alt.Tooltip("share:Q", title="Share of the state's spend", format=".1%"),
                alt.Tooltip("preference:Q", title="Against all states, times", format=".2f"),
                alt.Tooltip("amount:Q", title="Spend", format="$,.2f"),
            ],
        )
    )
