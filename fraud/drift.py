"""Drift: how far recent features and scores are from those the model was trained on.

The population stability index of a variable is the sum, over bins, of (now - then) x log(now / then), with the shares
of the rows in each bin; by custom under 0.1 is steady and over 0.25 calls for a look (Siddiqi, Credit Risk
Scorecards). What is absent (NaN) falls into the last bin. The shares of training are in the model's file. Counting and
comparing need the standard library only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import Any

from fraud.features import FEATURES, Row

SCORE = "score"
SCORE_EDGES = (  # fine where thresholds are chosen
    0.0001, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6,
    0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999,
)  # fmt: skip
STEADY, DRIFTED = 0.1, 0.25
_FLOOR = 1e-4  # share that an empty bin is taken to have


class Drift:
    """Counts of rows by bin, against the reference in a model's file; add counts of several batches, then compare."""

    def __init__(self, reference: Mapping[str, Mapping[str, Any]]) -> None:
        """Take a model's ``reference``: for each of ``FEATURES`` and ``score``, ``edges`` and ``shares``."""
        self._reference = reference
        self.counts = {name: [0] * len(part["shares"]) for name, part in reference.items()}

    def add(self, rows: Iterable[Row], scores: Iterable[float]) -> None:
        """Count rows of ``fraud.features.COLUMNS`` and their scores."""
        edges = [(i, self._reference[name]["edges"], self.counts[name]) for i, name in enumerate(FEATURES)]
        for row in rows:
            for i, at, counts in edges:
                counts[bisect_right(at, row[i])] += 1
        at, counts = self._reference[SCORE]["edges"], self.counts[SCORE]
        for score in scores:
            counts[bisect_right(at, score)] += 1

    def merge(self, counts: Mapping[str, Sequence[int]]) -> None:
        """Add counts made elsewhere with the same model."""
        for name, more in counts.items():
            self.counts[name] = [a + b for a, b in zip(self.counts[name], more, strict=True)]

    def indices(self) -> dict[str, float]:
        """The index of each feature and of the score; empty if nothing was counted."""
        if not sum(self.counts[SCORE]):
            return {}
        return {
            name: population_stability_index(part["shares"], shares(self.counts[name]))
            for name, part in self._reference.items()
        }


def population_stability_index(then: Sequence[float], now: Sequence[float]) -> float:
    """The index of two distributions over the same bins; 0 if they are equal."""
    pairs = [(max(a, _FLOOR), max(b, _FLOOR)) for a, b in zip(then, now, strict=True)]
    return sum((b - a) * log(b / a) for a, b in pairs)


def shares(counts: Sequence[int]) -> list[float]:
    """Counts as shares of their sum."""
    total = sum(counts)
    return [count / total for count in counts]


def reference(edges: Mapping[str, Sequence[float]], rows: Iterable[Row], scores: Iterable[float]) -> dict[str, Any]:
    """The reference for a model's file, from its training rows and scores and the inner edges of each bin."""
    empty = {name: {"edges": list(at), "shares": [0.0] * (len(at) + 1)} for name, at in edges.items()}
    drift = Drift(empty)
    drift.add(rows, scores)
    return {name: part | {"shares": [round(s, 6) for s in shares(drift.counts[name])]} for name, part in empty.items()}
