"""How often alerts are right, by the verdicts that people gave: over time, with the error of so small a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from math import sqrt
from typing import NamedTuple

from fraud.verdict import FINDINGS, OPEN

PERIODS = ("day", "week", "month")
_Z = 1.96  # of a confidence of 95%


class Reviewed(NamedTuple):
    """The alerts of a period and what was found of them."""

    begin: str  # the period's first day
    alerts: int
    fraud: int
    genuine: int

    @property
    def reviewed(self) -> int:
        """Alerts with a verdict."""
        return self.fraud + self.genuine

    @property
    def precision(self) -> float | None:
        """The share of frauds among the reviewed alerts; None if there are none."""
        return self.fraud / self.reviewed if self.reviewed else None

    @property
    def between(self) -> tuple[float, float] | None:
        """The precision of all alerts, if the reviewed ones were drawn by chance: Wilson's interval at 95%."""
        if self.precision is None:
            return None
        n, p = self.reviewed, self.precision
        middle = p + _Z**2 / (2 * n)
        half = _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n * n))
        return max((middle - half) / (1 + _Z**2 / n), 0.0), min((middle + half) / (1 + _Z**2 / n), 1.0)

    def as_json(self) -> dict[str, object]:
        """The period as programs read it."""
        low, high = self.between or (None, None)
        return self._asdict() | {"reviewed": self.reviewed, "precision": self.precision, "low": low, "high": high}


def over_time(alerts: Iterable[tuple[str, str]], period: str) -> list[Reviewed]:
    """Count (time of the alert in ISO form, status) by period of ``PERIODS``, the earliest first."""
    counts: dict[str, Counter[str]] = {}
    for alerted_at, status in alerts:
        counts.setdefault(_begin(alerted_at[:10], period), Counter())[status] += 1
    return [_reviewed(begin, count) for begin, count in sorted(counts.items())]


def overall(statuses: Iterable[str], begin: str) -> Reviewed:
    """Count alerts of one period."""
    return _reviewed(begin, Counter(statuses))


def _reviewed(begin: str, count: Counter[str]) -> Reviewed:
    fraud, genuine = (count[finding] for finding in FINDINGS)
    return Reviewed(begin, fraud + genuine + count[OPEN], fraud, genuine)


def _begin(day: str, period: str) -> str:
    if period == "week":
        moment = date.fromisoformat(day)
        return (moment - timedelta(days=moment.weekday())).isoformat()
    return day[:7] + "-01" if period == "month" else day
