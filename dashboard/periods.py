"""Days, weeks, months and years: which to draw, none left out, and the period before the one in view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

UNITS = ("day", "week", "month", "year")
_DAYS = {"day": 1, "week": 7, "month": 30.44, "year": 365.25}
MOST = 3_000  # bars: more than a screen has pixels for
_COMFORTABLE = 120


def count(unit: str, first: date, last: date) -> int:
    """About how many periods there are between two days."""
    return int(((last - first).days + 1) / _DAYS[unit]) + 1


def offered(first: date, last: date) -> list[str]:
    """The units that a chart of these days can show."""
    return [unit for unit in UNITS if count(unit, first, last) <= MOST] or ["year"]


def automatic(first: date, last: date) -> str:
    """The finest unit that gives a chart that is easy to read."""
    return next((unit for unit in UNITS if count(unit, first, last) <= _COMFORTABLE), "year")


def begin_of(unit: str, day: date) -> date:
    """The first day of the period that a day is in; weeks begin on Monday, as DATE_TRUNC's do."""
    if unit == "week":
        return day - timedelta(days=min(day.weekday(), (day - date.min).days))
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def end_of(unit: str, begin: date) -> date:
    """The first day after a period; the calendar's last day where there is none."""
    try:
        if unit == "year":
            return begin.replace(year=begin.year + 1)
        if unit == "month":
            return (begin + timedelta(days=31)).replace(day=1)
        return begin + timedelta(days=7 if unit == "week" else 1)
    except (ValueError, OverflowError):
        return date.max


def periods(unit: str, first: date, last: date) -> Iterator[date]:
    """The first days of all periods from the one with ``first`` to the one with ``last``."""
    begin = begin_of(unit, first)
    while begin <= last:
        yield begin
        if (after := end_of(unit, begin)) <= begin:
            return
        begin = after


def filled(data: pd.DataFrame, unit: str, first: date, last: date, zeros: Sequence[str]) -> pd.DataFrame:
    """One row per period of the range, with ``begin`` and ``end``: where the data has none, ``zeros`` are 0."""
    begins = list(periods(unit, first, last))
    index = pd.Index(np.array(begins, dtype="datetime64[us]"), name="begin")
    whole = data.assign(begin=data["begin"].astype("datetime64[us]")).set_index("begin").reindex(index)
    whole[list(zeros)] = whole[list(zeros)].fillna(0)
    whole.insert(0, "end", np.array([end_of(unit, begin) for begin in begins], dtype="datetime64[us]"))
    return whole.reset_index()


def before(first: date, last: date) -> tuple[date, date] | None:
    """The range of as many days that ends just before ``first``; None where the calendar has no such days."""
    days = (last - first).days + 1
    try:
        return first - timedelta(days=days), first - timedelta(days=1)
    except OverflowError:
        return None
