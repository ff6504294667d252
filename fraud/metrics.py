"""Measures of a ranking by score, in NumPy. Ties are one step of the threshold: no order of rows can flatter."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Curve(NamedTuple):
    """Counts at each distinct score, from the highest: rows with at least that score are flagged."""

    threshold: Array
    true: Array  # frauds flagged
    false: Array  # genuine rows flagged
    frauds: int
    genuine: int


def curve(fraud: Array, score: Array) -> Curve:
    """All thresholds of a score. Raises ``ValueError`` if there are no frauds or nothing but frauds."""
    order = np.argsort(-score, kind="stable")
    sorted_score, sorted_fraud = score[order], fraud[order]
    last = np.flatnonzero(np.r_[sorted_score[1:] != sorted_score[:-1], True])
    true = np.cumsum(sorted_fraud)[last]
    frauds = int(true[-1])
    if not 0 < frauds < len(fraud):
        raise ValueError(f"a ranking needs both kinds of rows, got {frauds} frauds in {len(fraud)} rows")
    return Curve(sorted_score[last], true, last + 1 - true, frauds, len(fraud) - frauds)


def auc(c: Curve) -> float:
    """Area under the ROC curve, by the trapezoid rule."""
    return float(np.trapezoid(np.r_[0, c.true], np.r_[0, c.false]) / (c.frauds * c.genuine))


def average_precision(c: Curve) -> float:
    """Mean of precision over the steps of recall, as scikit-learn's ``average_precision_score``."""
    return float(np.sum(np.diff(np.r_[0, c.true]) * c.true / (c.true + c.false)) / c.frauds)


def recall_at(c: Curve, false_positive_rate: float) -> float:
    """Largest share of the frauds flagged with at most this share of the genuine rows flagged."""
    allowed = c.false <= false_positive_rate * c.genuine
    return float(c.true[allowed].max(initial=0) / c.frauds)


def at_threshold(fraud: Array, score: Array, threshold: float) -> dict[str, float]:
    """Precision, recall, alerts and alerts per thousand rows. Precision without an alert is 0."""
    flagged = score >= threshold
    alerts, true = int(flagged.sum()), int(fraud[flagged].sum())
    return {
        "precision": true / alerts if alerts else 0.0,
        "recall": true / max(int(fraud.sum()), 1),
        "alerts": alerts,
        "alerts_per_thousand": 1000 * alerts / max(len(fraud), 1),
    }


def threshold_for(c: Curve, precision: float) -> float:
    """The threshold of largest recall at this precision, half way to the next lower score.

    Raises ``ValueError`` if no threshold has it.
    """
    good = np.flatnonzero(c.true / (c.true + c.false) >= precision)
    if not len(good):
        raise ValueError(f"no threshold reaches a precision of {precision}")
    at = good[-1]
    below = c.threshold[at + 1] if at + 1 < len(c.threshold) else 0.0
    return float((c.threshold[at] + below) / 2)


def card_precision(day: Array, card: Array, fraud: Array, score: Array, top: int = 100) -> tuple[float, float]:
    """Mean over days of the share of compromised cards among the ``top`` cards of the day, and the best possible.

    A card's score of a day is its largest; a card found compromised is blocked, so it does not count on later days.
    Source: Le Borgne et al., Reproducible Machine Learning for Credit Card Fraud Detection, 4.3.
    """
    blocked: set[int] = set()
    found, possible = [], []
    order = np.argsort(day, kind="stable")
    edges = np.flatnonzero(np.diff(day[order])) + 1
    for rows in np.split(order, edges):
        rows = rows[~np.isin(card[rows], list(blocked))]
        cards, where = np.unique(card[rows], return_inverse=True)
        best, bad = np.full(len(cards), -np.inf), np.zeros(len(cards), dtype=bool)
        np.maximum.at(best, where, score[rows])
        np.logical_or.at(bad, where, fraud[rows] == 1)
        chosen = np.argsort(-best, kind="stable")[:top]
        hits = chosen[bad[chosen]]
        blocked.update(cards[hits].tolist())
        found.append(len(hits) / top)
        possible.append(min(int(bad.sum()), top) / top)
    return float(np.mean(found)), float(np.mean(possible))


def calibration(fraud: Array, score: Array) -> list[dict[str, float]]:
    """Mean score and share of frauds of the rows in each band of score."""
    edges = np.array([0, 0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0000001])
    band = np.digitize(score, edges) - 1
    rows = []
    for i in range(len(edges) - 1):
        inside = band == i
        if inside.any():
            said, was = float(score[inside].mean()), float(fraud[inside].mean())
            rows.append({"from": float(edges[i]), "rows": int(inside.sum()), "mean_score": said, "fraud": was})
    return rows


def summary(fraud: Array, score: Array) -> dict[str, float]:
    """The measures of the Fraud Dataset Benchmark and average precision."""
    c = curve(fraud, score)
    return {
        "auc": auc(c),
        "average_precision": average_precision(c),
        "recall_at_1pct_fpr": recall_at(c, 0.01),
        "recall_at_01pct_fpr": recall_at(c, 0.001),
    }
