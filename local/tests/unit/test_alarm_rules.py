"""An alarm's state by its datapoints: the examples of CloudWatch's documentation, as they are there.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import pytest

from local.cloudwatch.alarm_rules import ALARM, INSUFFICIENT_DATA, OK, Rule, evaluate_rule

CURRENT = None  # "retain current state"


def points(drawn: str) -> list[tuple[int, float | None]]:
    """0: not breaching, X: breaching, -: missing; oldest first."""
    values = {"0": 0.0, "X": 1.0, "-": None}
    return [(index * 60, values[sign]) for index, sign in enumerate(drawn.split())]


def states(drawn: str, to_alarm: int) -> list[str | None]:
    rules = [
        Rule("GreaterThanThreshold", 0.5, 3, to_alarm, t) for t in ("missing", "ignore", "breaching", "notBreaching")
    ]
    return [evaluate_rule(rule, points(drawn)).state for rule in rules]


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ("0 - X - X", [OK, OK, OK, OK]),
        ("- - - - 0", [OK, OK, OK, OK]),
        ("- - - - -", [INSUFFICIENT_DATA, CURRENT, ALARM, OK]),
        ("0 X X - X", [ALARM, ALARM, ALARM, ALARM]),
        ("- - X - -", [ALARM, CURRENT, ALARM, OK]),
    ],
)
def test_three_out_of_three(drawn: str, expected: list[str | None]) -> None:
    assert states(drawn, 3) == expected


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ("0 - X - X", [ALARM, ALARM, ALARM, ALARM]),
        ("0 0 X 0 X", [ALARM, ALARM, ALARM, ALARM]),
        ("0 - X - -", [OK, OK, ALARM, OK]),
        ("- - - - 0", [OK, OK, ALARM, OK]),
        ("- - - X -", [ALARM, CURRENT, ALARM, OK]),
    ],
)
def test_two_out_of_three(drawn: str, expected: list[str | None]) -> None:
    assert states(drawn, 2) == expected


def test_what_is_missing_from_before_the_alarm_is_not_held_against_it() -> None:
    rule = Rule("LessThanThreshold", 0.5, 3, 3, "breaching")
    assert evaluate_rule(rule, points("- - - - -"), counts_from=180).state is None
    assert evaluate_rule(rule, points("- - - - -"), counts_from=120).state == ALARM
