"""The threshold in force: what people decided, from when, and who. Without a decision it is the model's.

Each decision counts for records that arrive after it was taken, so that a retry or a replay of a record meets the
threshold that the record met first.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

SCORE, COST, MODEL = "score", "cost", "model"
MOST = 200  # decisions that are kept


class PolicyError(ValueError):
    """The text is not a list of decisions."""


class Decision(NamedTuple):
    """One decision on what is raised."""

    at: int  # seconds since 1970: it counts for records that arrive from then on
    kind: str  # SCORE: from this score on; COST: where score times amount is at least this; MODEL: the model's own
    value: float
    why: str  # as asked, e.g. "50 alerts a day"
    by: str

    def threshold(self, of_model: float, amount: float) -> float:
        """The least score of a transaction of an amount (US dollars) that is an alert."""
        if self.kind == SCORE:
            return self.value
        if self.kind == COST:
            return min(self.value / max(amount, 0.01), 1.0)
        return of_model


class Policy:
    """The decisions of a stage, in order of time."""

    def __init__(self, decisions: Sequence[Decision] = ()) -> None:
        self.decisions = sorted(decisions)
        self._times = [decision.at for decision in self.decisions]

    def at(self, moment: int) -> Decision | None:
        """The decision that counts for a record that arrived then; None before the first."""
        number = bisect_right(self._times, moment)
        return self.decisions[number - 1] if number else None

    def threshold(self, moment: int, of_model: float, amount: float) -> float:
        """The threshold for a record that arrived then."""
        decision = self.at(moment)
        return decision.threshold(of_model, amount) if decision else of_model

    def with_decision(self, decision: Decision) -> Policy:
        """The policy with one more decision; the oldest are forgotten."""
        return Policy([*self.decisions, decision][-MOST:])

    def text(self) -> str:
        """The policy as it is stored."""
        return json.dumps([list(decision) for decision in self.decisions], separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read what :meth:`text` wrote. Raises PolicyError."""
        try:
            return cls([Decision(int(a), str(k), float(v), str(w), str(b)) for a, k, v, w, b in json.loads(text)])
        except (ValueError, TypeError) as error:
            raise PolicyError(f"not a list of decisions: {error}") from error
