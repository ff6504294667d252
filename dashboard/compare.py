"""The period before the one in view, and how much more or less there is now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import isnan

from dashboard.filters import Filters
from dashboard.periods import before


def previous(filters: Filters, first: date, last: date) -> Filters | None:
    """The same choice for the days just before; ``first`` and ``last`` bound the data. None where it has none there."""
    range_ = before(filters.first or first, filters.last or last)
    return replace(filters, first=range_[0], last=range_[1]) if range_ and range_[1] >= first else None


def bound(filters: Filters | None) -> tuple[str | None, dict[str, str]]:
    """Its WHERE clause and parameters, to be asked beside those of the period in view: only the days differ."""
    if filters is None:
        return None, {}
    where = filters.where.replace(":from_date", ":before_from").replace(":to_date", ":before_to")
    assert filters.first
    assert filters.last
    return where, {"before_from": filters.first.isoformat(), "before_to": filters.last.isoformat()}


def change(now: float | None, then: float | None) -> str | None:
    """Such as ``+12.3%``; None where there is nothing to compare with."""
    if now is None or then is None or isnan(now) or isnan(then) or then == 0:
        return None
    return f"{(now - then) / abs(then):+.1%}"


def points(now: float | None, then: float | None) -> str | None:
    """The difference of two shares, such as ``+0.12 points``."""
    if now is None or then is None or isnan(now) or isnan(then):
        return None
    return f"{(now - then) * 100:+.2f} points"
