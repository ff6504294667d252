"""Two models side by side on labelled history: what a person needs to decide which one decides."""

from __future__ import annotations

from typing import NamedTuple

from fraud.evaluate import score
from fraud.event import DAY
from fraud.history import History
from fraud.labelled import A_WEEK_LATE, Knowledge
from fraud.metrics import at_threshold, average_precision, curve
from fraud.model import Model


class Measured(NamedTuple):
    """A model on a history, at its own threshold."""

    version: str
    threshold: float
    average_precision: float
    precision: float
    recall: float
    alerts_per_day: float
    caught_dollars: float  # of the frauds that raised an alert
    missed_dollars: float


def measure(model: Model, test: History, before: History | None = None, known: Knowledge = A_WEEK_LATE) -> Measured:
    """Measure a model on a history, with the states that the one before it left."""
    scores, _rows = score(model, test, known, before)
    at = at_threshold(test.fraud, scores, model.threshold)
    seconds = test.events["at"]
    days = max((int(seconds[-1]) - int(seconds[0])) / DAY, 1.0)
    fraud, flagged, amount = test.fraud == 1, scores >= model.threshold, test.events["amount"]
    return Measured(
        model.version,
        model.threshold,
        average_precision(curve(test.fraud, scores)),
        at["precision"],
        at["recall"],
        at["alerts"] / days,
        float(amount[fraud & flagged].sum()),
        float(amount[fraud & ~flagged].sum()),
    )
