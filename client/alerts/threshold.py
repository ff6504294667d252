"""Choosing the threshold by policy, from recent scores and verdicts; and what others would have given."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from client.alerts.table import AlertsTable, keeper
from client.aws import Stage
from client.errors import ClientError
from fraud.judgment import SETTLE_SECONDS
from fraud.model import Model
from fraud.policy import COST, MODEL, SCORE, Decision, Policy, PolicyError
from fraud.serving.drift import DriftCounts

DAYS = 7
LEAST_VERDICTS = 20  # below, the model's own probabilities say more of precision
_EVER = 2**40  # seconds since 1970: after any decision
CANDIDATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


@dataclass(frozen=True)
class Outlook:
    """What one threshold would have given in the days looked at."""

    threshold: float
    alerts_per_day: float
    precision: float | None  # by verdicts, or else as the scores say; None: no alerts
    reviewed: int  # verdicts behind the precision; 0: it is what the scores say


class Week:
    """Scores by bin, and scores of reviewed alerts with their findings, of the last days."""

    def __init__(
        self, edges: Sequence[float], counts: Sequence[int], reviewed: Sequence[tuple[float, bool]], days: int
    ) -> None:
        self._bounds = [0.0, *edges, 1.0]
        self._counts, self._days = counts, days
        self._reviewed = sorted(reviewed)

    @property
    def rows(self) -> int:
        """How many transactions were scored."""
        return sum(self._counts)

    def alerts(self, threshold: float) -> float:
        """How many transactions reached a threshold; within a bin, as if its scores were evenly spread."""
        return sum(count * share for count, share, _ in self._above(threshold))

    def at(self, threshold: float) -> Outlook:
        """What a threshold would have given."""
        alerts = self.alerts(threshold)
        above = self._reviewed[bisect_left(self._reviewed, (threshold, False)) :]
        if len(above) >= LEAST_VERDICTS:
            precision: float | None = sum(fraud for _, fraud in above) / len(above)
            reviewed = len(above)
        else:
            expected = sum(count * share * mean for count, share, mean in self._above(threshold))
            precision, reviewed = (expected / alerts if alerts else None), 0
        return Outlook(threshold, alerts / self._days, precision, reviewed)

    def for_alerts(self, per_day: float) -> float:
        """The lowest threshold that gives at most ``per_day`` alerts a day."""
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if self.alerts(middle) <= per_day * self._days else (middle, high)
        return high

    def for_precision(self, precision: float) -> float:
        """The lowest threshold from which on the alerts are at least so precise. Raises ClientError if none is."""
        tried = sorted({*self._bounds[1:-1], *CANDIDATES, *(score for score, _ in self._reviewed)})
        found = [t for t in tried if (one := self.at(t).precision) is not None and one >= precision]
        if not found:
            raise ClientError(f"No threshold would have had a precision of {precision} in the last {self._days} days.")
        return found[0]

    def _above(self, threshold: float) -> list[tuple[int, float, float]]:
        """Of each bin that reaches over a threshold: its count, the share above it, the mean score of that share."""
        found = []
        for count, low, high in zip(self._counts, self._bounds, self._bounds[1:], strict=False):
            if high > threshold and count:
                start = max(low, threshold)
                found.append((count, (high - start) / (high - low), (start + high) / 2))
        return found


def last_week(stage: Stage, model: Model, today: date, days: int = DAYS) -> Week:
    """Read the scores and verdicts of the last days, today's among them."""
    drift = DriftCounts(stage.client("dynamodb"), stage.output("DriftTableName"))
    first = today - timedelta(days=days - 1)
    counts = [0] * len(model.reference["score"]["shares"])
    for number in range(days):
        day = (first + timedelta(days=number)).isoformat()
        counts = [a + b for a, b in zip(counts, drift.read(model, day).counts["score"], strict=True)]
    reviewed = [
        (float(alert["score"]), alert["verdict"] == "fraud")
        for alert in AlertsTable(stage).between(first, today)
        if alert.get("verdict") in ("fraud", "genuine")
    ]
    return Week(model.reference["score"]["edges"], counts, reviewed, days)


def outlooks(week: Week, policy: Policy, model: Model) -> list[Outlook]:
    """What the candidates, the model's own threshold and the one in force would have given, the lowest first."""
    now = in_force(policy, model)["threshold"]
    return [week.at(one) for one in sorted({*CANDIDATES, round(model.threshold, 4)} | ({now} if now else set()))]


def overview(week: Week, policy: Policy, model: Model, days: int = DAYS) -> dict[str, Any]:
    """The threshold in force, what others would have given, and all decisions, as programs read them."""
    return {
        "in_force": in_force(policy, model),
        "last_days": days,
        "transactions": week.rows,
        "outlook": [vars(one) for one in outlooks(week, policy, model)],
        "decisions": [one._asdict() for one in policy.decisions],
    }


def decide(stage: Stage, kind: str, value: float, why: str, by: str, now: float, category: str = "") -> Policy:
    """Take a decision, for one category or all; records that arrive a few seconds later meet it."""
    decision = Decision(int(now) + SETTLE_SECONDS, kind, value, why, by, category)
    return keeper(stage).decide(lambda policy: policy.with_decision(decision))


def decided(stage: Stage) -> Policy:
    """Give the decisions so far. Raises ClientError when the item that has them is damaged."""
    try:
        return keeper(stage).policy()
    except PolicyError as error:
        raise ClientError(
            f"The decisions on the threshold cannot be read ({error}): the detector uses the one that it read last, or "
            "the model's. Set a threshold to replace them."
        ) from error


def in_force(policy: Policy, model: Model) -> dict[str, Any]:
    """The last decisions, as programs read them; the model's own threshold where nobody took one."""
    shown = _shown(policy.at(_EVER) or Decision(0, MODEL, model.threshold, "of the model", ""), model)
    own = {one.category for one in policy.decisions if one.category}
    found = {category: policy.at(_EVER, category) for category in sorted(own)}
    of_categories = {name: _shown(one, model) for name, one in found.items() if one is not None and one.category}
    return shown | {"categories": of_categories}


def _shown(last: Decision, model: Model) -> dict[str, Any]:
    value = {SCORE: last.value, MODEL: model.threshold}.get(last.kind)
    return {
        "kind": last.kind,
        "threshold": value,
        "cost_per_review": last.value if last.kind == COST else None,
        "why": last.why,
        "by": last.by or None,
        "since": last.at or None,
    }
