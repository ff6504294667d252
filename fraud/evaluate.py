"""Measuring a model on history: overall, by segment and threshold, by day, and as the Fraud Dataset Benchmark does."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

from fraud.event import CATEGORIES, DAY
from fraud.features import COLUMNS, Row
from fraud.history import History
from fraud.labelled import A_WEEK_LATE, Course, Knowledge
from fraud.metrics import at_threshold, calibration, card_precision, summary
from fraud.model import Model

Array = npt.NDArray[Any]
Scores = tuple[Array, Array]  # scores, rows of COLUMNS

FDB_ROWS = 20_000
FDB_SEEDS = 5
_BATCH = 500
CURVE = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)


def score(model: Model, history: History, known: Knowledge = A_WEEK_LATE, before: History | None = None) -> Scores:
    """Scores and rows of ``COLUMNS`` of a history in order, batch by batch.

    The states of cards and merchants are those that a history before it has left, with its labels as far as they are
    known by then; the history's own labels become known in its course.
    """
    course = Course(known)
    if before is not None:
        deque(course.rows(before, model.tables), maxlen=0)
    scores: list[float] = []
    kept = np.zeros((len(history), len(COLUMNS)))
    batch: list[Row] = []
    for at, row in enumerate(course.rows(history, model.tables), start=1):
        batch.append(row)
        if len(batch) == _BATCH or at == len(history):
            scores += model.score(batch)
            kept[at - len(batch) : at] = batch
            batch = []
    return np.array(scores), kept


def measure(model: Model, before: History, test: History, known: Knowledge = A_WEEK_LATE) -> dict[str, Any]:
    """Everything about a model on a test history whose cards' profiles a history before it has warmed."""
    result, _rows = score(model, test, known, before)
    figures = by_segment(test, np.arange(len(test)), result, model.threshold)
    figures["calibration"] = calibration(test.fraud, result)
    figures |= beyond_rows(test, result)
    return figures


def beyond_rows(test: History, result: Array) -> dict[str, Any]:
    """Card precision at 100 a day, and the Fraud Dataset Benchmark's protocol."""
    day = test.events["at"] // DAY
    found, possible = card_precision(day, test.card, test.fraud, result)
    return {
        "card_precision_at_100": found,
        "card_precision_at_100_best_possible": possible,
        "fraud_dataset_benchmark": fraud_dataset_benchmark(test.fraud, result),
    }


def fraud_dataset_benchmark(fraud: Array, result: Array) -> dict[str, dict[str, float]]:
    """Mean and standard deviation of the measures over ``FDB_SEEDS`` samples of ``FDB_ROWS`` random rows."""
    runs = []
    for seed in range(FDB_SEEDS):
        pick = np.random.default_rng(seed).choice(len(fraud), min(FDB_ROWS, len(fraud)), replace=False)
        runs.append(summary(fraud[pick], result[pick]))
    return {
        name: {"mean": float(np.mean([run[name] for run in runs])), "sd": float(np.std([run[name] for run in runs]))}
        for name in runs[0]
    }


def by_segment(history: History, rows: Array, result: Array, threshold: float) -> dict[str, Any]:
    """Measures of the given rows (their numbers in the history), by segment too, and the curve of thresholds."""
    fraud = history.fraud[rows]
    figures: dict[str, Any] = {
        "rows": len(rows),
        "frauds": int(fraud.sum()),
        **summary(fraud, result),
        "at_threshold": at_threshold(fraud, result, threshold),
        "threshold_curve": [{"threshold": t, **at_threshold(fraud, result, t)} for t in CURVE],
        "segments": {},
    }
    for name, labels in _segments(history, rows).items():
        figures["segments"][name] = {}
        for label in sorted(set(labels.tolist())):
            inside = labels == label
            part: dict[str, Any] = {"rows": int(inside.sum()), "frauds": int(fraud[inside].sum())}
            if 0 < part["frauds"] < part["rows"]:
                part |= summary(fraud[inside], result[inside]) | at_threshold(fraud[inside], result[inside], threshold)
            figures["segments"][name][label] = part
    return figures


def _segments(history: History, rows: Array) -> dict[str, Array]:
    event = {name: values[rows] for name, values in history.events.items()}
    hour, age, amount = event["hour"], event["age"], event["amount"]
    genuine = np.bincount(history.card, weights=1 - history.fraud)[history.card[rows]]
    month = np.datetime_as_string(event["at"].astype("datetime64[s]"), unit="M")
    return {
        "category": np.array([*CATEGORIES, "other"])[event["category"]],
        "part of day": np.where((hour >= 22) | (hour < 4), "22 to 4", "4 to 22"),
        "amount": np.select(
            [amount < 50, amount < 200, amount < 500], ["under 50", "50 to 200", "200 to 500"], "500 and over"
        ),
        "age": np.select([age < 25, age < 50], ["under 25", "25 to 50"], "50 and over"),
        "gender": np.where(event["male"] == 1, "M", "F"),
        "population of the city": np.where(history.city_population[rows] > 2500, "over 2,500", "up to 2,500"),
        "month": month,
        "card": np.where(genuine == 0, "with fraud only", "with genuine purchases"),
    }
