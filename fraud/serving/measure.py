"""The daily measure of fraud detection: has what it sees drifted from its training, and are its alerts right?"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from fraud.model import Model
from fraud.precision import Reviewed, overall
from fraud.serving.drift import DriftClient, DriftCounts
from fraud.serving.statuses import statuses

LEAST_ROWS = 1_000  # below, an index says more of chance than of drift: about 9 bins / 1,000 rows is its error
LEAST_REVIEWED = 20
REVIEWED_DAYS = 30


class Measured(NamedTuple):
    """What the measure of a day came to."""

    day: str
    rows: int  # that were scored on that day with the model
    indices: dict[str, float]  # population stability index by feature and of the score; empty with too few rows
    reviewed: Reviewed  # of the alerts of the days up to it

    @property
    def largest(self) -> tuple[str, float] | None:
        """The variable that drifted most, and its index."""
        return max(self.indices.items(), key=lambda item: item[1]) if self.indices else None

    @property
    def precision(self) -> float | None:
        """The share of frauds among the reviewed alerts; None if too few were reviewed."""
        return self.reviewed.precision if self.reviewed.reviewed >= LEAST_REVIEWED else None

    def as_json(self) -> dict[str, Any]:
        """The measure as programs read it."""
        indices = {name: round(value, 4) for name, value in self.indices.items()}
        return {"day": self.day, "rows": self.rows, "drift": indices, "reviewed": self.reviewed.as_json()}


class Measure:
    """The measure of a stage."""

    def __init__(self, client: DriftClient, model: Model, drift_table: str, alerts_table: str) -> None:
        self._client, self._model, self._alerts_table = client, model, alerts_table
        self._drift = DriftCounts(client, drift_table)

    def of(self, day: date) -> Measured:
        """Measure a day. Raises ClientError."""
        drift = self._drift.read(self._model, day.isoformat())
        rows = sum(drift.counts["score"])
        indices = drift.indices() if rows >= LEAST_ROWS else {}
        first = day - timedelta(days=REVIEWED_DAYS - 1)
        found = overall(statuses(self._client, self._alerts_table, first, day), first.isoformat())
        return Measured(day.isoformat(), rows, indices, found)


def day_of(event: dict[str, Any], now: datetime) -> date:
    """Give the day to measure: the event's ``day``, or yesterday. Raises ValueError."""
    asked = event.get("day")
    return date.fromisoformat(asked) if asked else now.date() - timedelta(days=1)
