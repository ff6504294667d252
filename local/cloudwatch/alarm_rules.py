"""What state an alarm is in, given its datapoints: M out of N, and the four ways to treat what is missing.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
# CloudWatch looks further back than the alarm's periods, by an undocumented number; its examples show two.
MORE_PERIODS = 2
COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
TREATMENTS = ("missing", "notBreaching", "breaching", "ignore")


@dataclass(frozen=True)
class Rule:
    """When an alarm rings: `to_alarm` of the last `periods` datapoints compare to the threshold as said."""

    comparison: str
    threshold: float
    periods: int
    to_alarm: int
    treatment: str

    def breaches(self, value: float) -> bool:
        """True when a value is on the wrong side."""
        return COMPARISONS[self.comparison][0](value, self.threshold)


@dataclass(frozen=True)
class Verdict:
    """A state, or None where the alarm keeps the one it has; the values it was found by, oldest first."""

    state: str | None
    evaluated: tuple[tuple[int, float], ...]
    filled: int


def evaluate_rule(rule: Rule, datapoints: Sequence[tuple[int, float | None]], counts_from: float = 0.0) -> Verdict:
    """The state by the datapoints of the evaluation range, oldest first: (beginning, value or None if it is missing).

    What is missing before `counts_from` (the alarm or its evaluator wasn't there) is not filled.
    """
    real = [(at, value) for at, value in datapoints if value is not None]
    if len(real) >= rule.periods:
        last = tuple(real[-rule.periods :])
        breaching = sum(rule.breaches(value) for _, value in last)
        return Verdict(ALARM if breaching >= rule.to_alarm else OK, last, 0)
    missing = sum(1 for at, value in datapoints if value is None and at >= counts_from)
    fill = min(rule.periods - len(real), missing)
    return Verdict(_state_when_filled(rule, datapoints, real, fill), tuple(real), fill)


def _state_when_filled(
    rule: Rule, datapoints: Sequence[tuple[int, float | None]], real: Sequence[tuple[int, float]], fill: int
) -> str | None:
    breaching = sum(rule.breaches(value) for _, value in real)
    enough = breaching + (fill if rule.treatment == "breaching" else 0) >= rule.to_alarm
    if rule.treatment in ("breaching", "notBreaching"):
        # Neither is known while there is less to go by than the alarm's periods.
        known = len(real) + fill >= rule.periods or bool(real)
        return ALARM if enough else OK if known else None
    if not real:
        return INSUFFICIENT_DATA if rule.treatment == "missing" and fill else None
    if enough:
        return ALARM
    if breaching < len(real):
        return OK
    # Only breaching points, and fewer than it takes: the alarm rings once the oldest is as old as those would be.
    oldest = next(index for index, (_, value) in enumerate(datapoints) if value is not None)
    old_enough = len(datapoints) - oldest >= rule.to_alarm
    return ALARM if rule.treatment == "missing" and old_enough else None


def reason(rule: Rule, verdict: Verdict, old: str, when: Callable[[int], str]) -> str:
    """The state's reason in CloudWatch's words."""
    shown = [f"{value} ({when(at)})" for at, value in reversed(verdict.evaluated)]
    word = COMPARISONS[rule.comparison][1]
    if verdict.state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {rule.periods} datapoints were unknown."
    if not shown:
        treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(rule.treatment, "Missing")
        many = "datapoint was" if verdict.filled == 1 else "datapoints were"
        return (
            f"Threshold Crossed: no datapoints were received for {verdict.filled} period"
            f"{'' if verdict.filled == 1 else 's'} and {verdict.filled} missing {many} treated as [{treated}]."
        )
    breaching = sum(rule.breaches(value) for _, value in verdict.evaluated)
    if verdict.state == ALARM:
        count, verb = breaching, "was" if breaching == 1 else "were"
    else:
        count = len(shown) - breaching
        verb = "was not" if count == 1 else "were not"
    transition = f"{old} -> {verdict.state}"
    minimum = rule.to_alarm if verdict.state == ALARM else rule.periods - rule.to_alarm + 1
    return (
        f"Threshold Crossed: {count} out of the last {len(shown)} datapoints [{', '.join(shown)}] {verb} {word} "
        f"the threshold ({rule.threshold}) (minimum {minimum} datapoint{'' if minimum == 1 else 's'} "
        f"for {transition} transition)."
    )
