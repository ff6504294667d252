"""The precision of alerts by verdicts: periods, what is not reviewed, and the error of few verdicts."""

from __future__ import annotations

import pytest

from fraud.precision import Reviewed, over_time, overall

ALERTS = [
    ("2026-11-22T23:59:59.999Z", "fraud"),  # a Sunday
    ("2026-11-23T00:00:00.000Z", "genuine"),
    ("2026-11-29T10:00:00.000Z", "open"),
    ("2026-12-01T10:00:00.000Z", "fraud"),
]


@pytest.mark.parametrize(
    ("period", "begins"),
    [
        ("day", ["2026-11-22", "2026-11-23", "2026-11-29", "2026-12-01"]),
        ("week", ["2026-11-16", "2026-11-23", "2026-11-30"]),
        ("month", ["2026-11-01", "2026-12-01"]),
    ],
)
def test_alerts_are_counted_by_period(period: str, begins: list[str]) -> None:
    found = over_time(reversed(ALERTS), period)
    assert [one.begin for one in found] == begins
    assert sum(one.alerts for one in found) == 4


def test_what_nobody_reviewed_is_neither_right_nor_wrong() -> None:
    found = overall((status for _, status in ALERTS), "2026-11-01")
    assert (found.alerts, found.reviewed, found.precision) == (4, 3, 2 / 3)
    assert overall(["open"], "x").precision is None
    assert overall([], "x").between is None


def test_few_verdicts_leave_a_wide_interval_and_many_a_narrow_one() -> None:
    few, many = Reviewed("x", 4, 3, 1), Reviewed("x", 4000, 3000, 1000)
    assert few.precision == many.precision == 0.75
    # Wilson, E. B. (1927): 3 of 4 at 95%, and 3,000 of 4,000.
    assert few.between == pytest.approx((0.3006, 0.9544), abs=1e-3)
    assert many.between == pytest.approx((0.7363, 0.7632), abs=1e-3)
    assert Reviewed("x", 5, 5, 0).between == pytest.approx((0.5655, 1.0), abs=1e-3)
