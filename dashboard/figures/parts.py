"""What the charts share: axes with their units, tooltips, bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from dashboard.theme import Palette

PICK = "pick"  # the name of the selection that a click on a mark makes
ROW = 26  # pixels of one bar and its label: what a finger can meet and an eye can follow


class Measure(NamedTuple):
    """A column to be shown: its title on the axis, and its number format by https://d3js.org/d3-format"""

    column: str
    title: str
    exact: str
    axis: str


SPEND = Measure("amount", "Spend, US dollars", "$,.2f", "$~s")
PURCHASES = Measure("transactions", "Purchases", ",", "~s")
CUSTOMERS = Measure("customers", "Customers", ",", "~s")
AVERAGE = Measure("average_amount", "Average purchase, US dollars", "$,.2f", "$~s")
PER_CUSTOMER = Measure("amount_per_customer", "Spend per customer, US dollars", "$,.2f", "$~s")
FRAUD_RATE = Measure("fraud_rate", "Fraud rate, of labelled purchases", ".3%", ".1%")
FRAUDS = Measure("frauds", "Frauds", ",", "~s")
ALERTS = Measure("alerts", "Alerts", ",", "~s")
FRAUD_AMOUNT = Measure("fraud_amount", "Fraud amount, US dollars", "$,.2f", "$~s")
MISSED_AMOUNT = Measure("missed_amount", "Missed by the model, US dollars", "$,.2f", "$~s")


def axis(measure: Measure, **more: Any) -> alt.Axis:
    """An axis in the measure's unit."""
    return alt.Axis(
        **(
            {
                "title": measure.title,
                "labelExpr": written(measure),
                "tickCount": 4,
                "labelOverlap": "greedy",
                "labelSeparation": 8,
                "labelFlush": False,
            }
            | more
        )
    )


def written(measure: Measure) -> str:
    """How a tick is written: d3 says G and k where people who count dollars say B and K."""
    return f"replace(replace(format(datum.value, '{measure.axis}'), 'G', 'B'), 'k', 'K')"


def tips(*fields: tuple[str, str, str] | Measure) -> list[alt.Tooltip]:
    """A tooltip of (column, title, format) and measures; a text has the format ''."""
    found = []
    for field in fields:
        if isinstance(field, Measure):
            found.append(alt.Tooltip(f"{field.column}:Q", title=field.title.split(",")[0], format=field.exact))
        elif field[2]:
            kind = "T" if field[2].startswith("%") else "Q"
            found.append(alt.Tooltip(f"{field[0]}:{kind}", title=field[1], format=field[2]))
        else:
            found.append(alt.Tooltip(f"{field[0]}:N", title=field[1]))
    return found


def plain(data: pd.DataFrame) -> pd.DataFrame:
    """The frame with types that Vega knows: pandas' nullable numbers become plain ones, times texts without a zone.

    A browser takes such a text for its own local time and shows it as such: everybody reads the warehouse's UTC.
    """
    kinds = {name: "float64" if data[name].isna().any() else "int64" for name in data if data[name].dtype == "Int64"}
    times = data.select_dtypes("datetime").columns
    return data.astype(kinds).assign(**{name: data[name].dt.strftime("%Y-%m-%dT%H:%M:%S") for name in times})


def bars(
    data: pd.DataFrame,
    label: str,
    measure: Measure,
    palette: Palette,
    *,
    order: Sequence[Any] | str = "-x",
    color: str = "",
    tooltip: Sequence[tuple[str, str, str] | Measure] = (),
    title: str = "",
    picks: str = "",
) -> alt.Chart:
    """One horizontal bar per row, longest first unless ``order`` says otherwise; see :func:`picking`."""
    return picking(
        picks,
        alt.Chart(plain(data), height=alt.Step(ROW))
        .mark_bar(color=color or palette.main, cornerRadiusEnd=3, height={"band": 0.72})
        .encode(
            x=alt.X(f"{measure.column}:Q", axis=axis(measure)),
            y=alt.Y(f"{label}:N", sort=order, title=title or None, axis=alt.Axis(title=None)),
            tooltip=tips((label, title or label.replace("_", " ").capitalize(), ""), measure, *tooltip),
        ),
    )


def columns(
    data: pd.DataFrame,
    label: str,
    measure: Measure,
    palette: Palette,
    *,
    title: str,
    order: Sequence[Any] | None = None,
    color: str = "",
    tooltip: Sequence[tuple[str, str, str] | Measure] = (),
    height: int = 280,
    picks: str = "",
) -> alt.Chart:
    """One upright bar per row, in the order of the label; see :func:`picking`."""
    return picking(
        picks,
        alt.Chart(plain(data), height=height)
        .mark_bar(color=color or palette.main, cornerRadiusEnd=3)
        .encode(
            x=alt.X(
                f"{label}:O",
                sort=order,
                scale=alt.Scale(paddingInner=0.2),
                axis=alt.Axis(title=title, labelAngle=0, labelOverlap="greedy"),
            ),
            y=alt.Y(f"{measure.column}:Q", axis=axis(measure)),
            tooltip=tips((label, title, ""), measure, *tooltip),
        ),
    )


def picking(column: str, chart: alt.Chart) -> alt.Chart:
    """The chart; where ``column`` is given a click on a mark selects it, by the value that it has there."""
    return chart.add_params(alt.selection_point(name=PICK, fields=[column])) if column else chart
