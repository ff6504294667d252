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
    category: str = ""  # of the transactions that it is for; "": all that have no decision of their own

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
        self._by_category: dict[str, tuple[list[int], list[Decision]]] = {}
        for decision in self.decisions:
            times, made = self._by_category.setdefault(decision.category, ([], []))
            times.append(decision.at)
            made.append(decision)

    def at(self, moment: int, category: str = "") -> Decision | None:
        """The decision that counts for a record of a category that arrived then; None if there is none.

        One for the category comes before one for all, until the category goes back to MODEL.
        """
        own = self._last(moment, category) if category else None
        return own if own is not None and own.kind != MODEL else self._last(moment, "")

    def _last(self, moment: int, category: str) -> Decision | None:
        times, made = self._by_category.get(category, ((), ()))
        number = bisect_right(times, moment)
        return made[number - 1] if number else None

    def threshold(self, moment: int, of_model: float, amount: float, category: str = "") -> float:
        """The threshold for a record that arrived then."""
        decision = self.at(moment, category)
        return decision.threshold(of_model, amount) if decision else of_model

    def with_decision(self, decision: Decision) -> Policy:
        """The policy with one more decision; the oldest are forgotten."""
        return Policy([*self.decisions, decision][-MOST:])

    def text(self) -> str:
        """The policy as it is stored; text that was stored before there were categories reads back as it was."""
        kept = [list(one if one.category else one[:-1]) for one in self.decisions]
        return json.dumps(kept, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read what :meth:`text` wrote. Raises PolicyError."""
        try:
            return cls(
                [
                    Decision(int(a), str(k), float(v), str(w), str(b), *map(str, c))
                    for a, k, v, w, b, *c in json.loads(text)
                ]
            )
        except (ValueError, TypeError) as error:
            raise PolicyError(f"not a list of decisions: {error}") from error
