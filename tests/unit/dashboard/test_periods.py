"""Days, weeks, months, years: the same as the warehouse's, none left out, wherever in the calendar."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.compare import change, points
from dashboard.periods import MOST, UNITS, automatic, before, begin_of, count, end_of, offered, periods

DAYS = st.dates(date(1900, 1, 1), date(9999, 12, 31))


@pytest.mark.parametrize(
    ("unit", "begin", "end"),
    [
        ("day", date(2020, 2, 29), date(2020, 3, 1)),
        ("week", date(2020, 2, 24), date(2020, 3, 2)),
        ("month", date(2020, 2, 1), date(2020, 3, 1)),
        ("year", date(2020, 1, 1), date(2021, 1, 1)),
    ],
)
def test_a_period_begins_and_ends_as_date_trunc_has_it(unit: str, begin: date, end: date) -> None:
    assert (begin_of(unit, date(2020, 2, 29)), end_of(unit, begin)) == (begin, end)


@given(DAYS, DAYS)
def test_the_periods_of_a_range_hold_each_day_once_and_fit_on_a_screen(one: date, other: date) -> None:
    first, last = min(one, other), max(one, other)
    assert automatic(first, last) in UNITS
    for unit in {offered(first, last)[0], automatic(first, last)}:
        begins = list(periods(unit, first, last))
        assert begins[0] <= first
        assert begins[-1] <= last
        assert all(end_of(unit, a) == b for a, b in pairwise(begins))
        assert end_of(unit, begins[-1]) > last or end_of(unit, begins[-1]) == date.max
        assert unit == "year" or len(begins) <= MOST + 2
        assert abs(len(begins) - count(unit, first, last)) <= 2 + len(begins) // 100


def test_the_period_before_is_as_long_and_ends_the_day_before() -> None:
    assert before(date(2020, 3, 1), date(2020, 3, 31)) == (date(2020, 1, 30), date(2020, 2, 29))
    assert before(date(1, 1, 2), date(9999, 1, 1)) is None


def test_a_change_is_reported_only_where_there_is_something_to_compare_with() -> None:
    assert (change(150, 100), change(50, 100), change(1, 0), change(None, 1)) == ("+50.0%", "-50.0%", None, None)
    assert (points(0.012, 0.01), points(None, 0.1)) == ("+0.20 points", None)
