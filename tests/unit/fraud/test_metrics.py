"""Measures, against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fraud.evaluate import fraud_dataset_benchmark
from fraud.metrics import (
    at_threshold,
    auc,
    average_precision,
    calibration,
    card_precision,
    curve,
    recall_at,
    threshold_for,
)

FRAUD = np.array([1, 1, 0, 1, 0, 0])
SCORE = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.1])


def test_auc_is_the_share_of_pairs_in_order() -> None:
    assert auc(curve(FRAUD, SCORE)) == pytest.approx(8 / 9)


def test_average_precision_is_the_mean_precision_at_each_fraud() -> None:
    assert average_precision(curve(FRAUD, SCORE)) == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_the_order_of_tied_rows_makes_no_difference() -> None:
    fraud, score = np.array([1, 0, 1, 0]), np.full(4, 0.5)
    for order in ([0, 1, 2, 3], [1, 3, 0, 2]):
        c = curve(fraud[order], score)
        assert auc(c) == 0.5
        assert average_precision(c) == 0.5


def test_recall_is_that_with_at_most_the_allowed_false_positives() -> None:
    c = curve(FRAUD, SCORE)
    assert recall_at(c, 0.0) == pytest.approx(2 / 3)
    assert recall_at(c, 0.33) == pytest.approx(2 / 3)
    assert recall_at(c, 0.34) == 1
    assert recall_at(curve(np.array([0, 1]), np.array([1.0, 0.5])), 0.01) == 0


def test_the_threshold_has_the_largest_recall_at_the_precision() -> None:
    c = curve(FRAUD, SCORE)
    assert threshold_for(c, 1.0) == pytest.approx(0.75)
    assert threshold_for(c, 0.75) == pytest.approx(0.55)
    assert at_threshold(FRAUD, SCORE, 0.55) == {
        "precision": 0.75,
        "recall": 1.0,
        "alerts": 4,
        "alerts_per_thousand": pytest.approx(4000 / 6),
    }
    with pytest.raises(ValueError, match="no threshold"):
        threshold_for(curve(np.array([0, 1]), np.array([1.0, 0.5])), 0.9)


def test_rows_of_one_kind_cannot_be_ranked() -> None:
    for fraud in (np.zeros(3), np.ones(3)):
        with pytest.raises(ValueError, match="both kinds"):
            curve(fraud, np.arange(3.0))


def test_a_compromised_card_counts_on_its_first_day_only() -> None:
    day = np.array([0, 0, 0, 1, 1, 1])
    card = np.array([7, 8, 9, 7, 8, 9])
    fraud = np.array([1, 0, 0, 1, 1, 0])
    score = np.array([0.9, 0.2, 0.1, 0.9, 0.8, 0.1])
    assert card_precision(day, card, fraud, score, top=1) == (1.0, 1.0)
    assert card_precision(day, card, fraud, score, top=2) == (0.5, 0.5)
    assert card_precision(day, card, fraud, 1 - score, top=1) == (0.0, 1.0)


def test_calibration_compares_scores_with_what_happened() -> None:
    bands = calibration(np.array([0, 0, 1, 1]), np.array([0.0001, 0.0003, 0.995, 1.0]))
    assert [(band["rows"], band["fraud"]) for band in bands] == [(2, 0.0), (2, 1.0)]
    assert bands[0]["mean_score"] == pytest.approx(0.0002)


def test_the_benchmarks_samples_are_seeded() -> None:
    random = np.random.default_rng(1)
    fraud = (random.random(30_000) < 0.1).astype(int)
    score = fraud * 0.3 + random.random(30_000)
    first, second = fraud_dataset_benchmark(fraud, score), fraud_dataset_benchmark(fraud, score)
    assert first == second
    assert first["auc"]["sd"] > 0
