"""Choosing a threshold: by alerts a day, by precision, and what others would have given."""

from __future__ import annotations

import pytest

from client.alerts.threshold import LEAST_VERDICTS, Week, overview
from client.errors import ClientError
from fraud.model import load
from fraud.policy import COST, SCORE, Decision, Policy

EDGES = (0.1, 0.5, 0.9)
QUIET = Week(EDGES, (9_000, 800, 150, 50), (), days=5)


def test_the_threshold_for_a_number_of_alerts_gives_that_number() -> None:
    for wanted in (5, 10, 40, 100, 1_000):
        assert QUIET.at(QUIET.for_alerts(wanted)).alerts_per_day == pytest.approx(wanted, rel=1e-6)


def test_a_higher_threshold_gives_fewer_alerts_and_none_at_the_top() -> None:
    found = [QUIET.at(step / 20).alerts_per_day for step in range(21)]
    assert found == sorted(found, reverse=True)
    assert (found[0], found[-1]) == (2_000, 0)


def test_without_verdicts_the_scores_say_how_precise_alerts_are() -> None:
    at = QUIET.at(0.5)
    assert (at.precision, at.reviewed) == (pytest.approx((150 * 0.7 + 50 * 0.95) / 200), 0)
    assert QUIET.at(QUIET.for_precision(0.9)).precision >= 0.9  # type: ignore[operator]


def test_enough_verdicts_count_before_the_scores() -> None:
    reviewed = [(0.6, False)] * LEAST_VERDICTS + [(0.95, True)] * LEAST_VERDICTS
    week = Week(EDGES, (9_000, 800, 150, 50), reviewed, days=5)
    assert (week.at(0.5).precision, week.at(0.5).reviewed) == (0.5, 2 * LEAST_VERDICTS)
    assert week.at(week.for_precision(0.99)).precision == 1.0


def test_a_precision_that_no_threshold_had_is_an_error() -> None:
    reviewed = [(0.95, False)] * 100
    with pytest.raises(ClientError, match="No threshold"):
        Week((0.5,), (100, 0), reviewed, days=5).for_precision(0.9)


def test_the_overview_has_the_threshold_in_force_among_what_others_would_have_given() -> None:
    policy = Policy([Decision(100, SCORE, 0.123, "score 0.123", "ann")])
    shown = overview(QUIET, policy, load())
    assert (shown["in_force"]["threshold"], shown["in_force"]["by"]) == (0.123, "ann")
    assert 0.123 in [one["threshold"] for one in shown["outlook"]]
    assert (shown["transactions"], shown["decisions"][0]["why"]) == (10_000, "score 0.123")


def test_a_cost_has_no_single_threshold_and_the_overview_says_so() -> None:
    shown = overview(QUIET, Policy([Decision(100, COST, 3.0, "$3 per review", "bob")]), load())
    assert (shown["in_force"]["threshold"], shown["in_force"]["cost_per_review"]) == (None, 3.0)
