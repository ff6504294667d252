"""Contributions are Shapley values: they add up to the score, equal LightGBM's, and the definition's on small trees."""

from __future__ import annotations

from itertools import combinations
from math import factorial, nan
from typing import Any

import lightgbm as lgb
import numpy as np

from fraud.contributions import Explainer
from fraud.learn import tree_lists
from tests.unit.fraud.made import split

TREE = split(
    0, 1.0, split(1, 0.0, -2.0, 3.0, rows=(10, 50)), split(0, 4.0, 1.0, 5.0, absent=1, rows=(30, 10)), rows=(60, 40)
)


def value(node: Any, row: list[float], known: set[int]) -> float:
    """What a tree gives on average when only some features are known: the definition."""
    if not isinstance(node, list):
        return float(node)
    feature, threshold, left, right, absent, to_left, to_right = node
    if feature in known:
        goes_left = row[feature] <= threshold or (row[feature] != row[feature] and absent)
        return value(left if goes_left else right, row, known)
    return (value(left, row, known) * to_left + value(right, row, known) * to_right) / (to_left + to_right)


def shapley(row: list[float], features: int) -> list[float]:
    found = []
    for one in range(features):
        others = [feature for feature in range(features) if feature != one]
        sums = 0.0
        for size in range(features):
            weight = factorial(size) * factorial(features - size - 1) / factorial(features)
            for known in combinations(others, size):
                sums += weight * (value(TREE, row, {*known, one}) - value(TREE, row, set(known)))
        found.append(sums)
    return found


def test_they_are_the_mean_effect_over_all_orders_of_knowing() -> None:
    explainer = Explainer([TREE, 0.5], 3)
    for row in ([0.0, 1.0, 9.0], [2.0, -1.0, 9.0], [5.0, 1.0, 9.0], [nan, 0.0, 9.0]):
        assert np.allclose(explainer.contributions(row), shapley(row, 3), atol=1e-12)


def test_they_equal_lightgbms_and_add_up_to_the_score() -> None:
    draw = np.random.default_rng(1)
    rows = draw.normal(size=(3_000, 5))
    rows[draw.random(rows.shape) < 0.1] = nan
    known = np.nan_to_num(rows)
    labels = (known[:, 0] + known[:, 1] * known[:, 2] + draw.normal(size=3_000) > 1).astype(int)
    parameters = {"objective": "binary", "verbosity": -1, "num_leaves": 16, "num_threads": 1}
    booster = lgb.train(parameters, lgb.Dataset(rows, labels), 20)
    explainer = Explainer(tree_lists(booster, list(range(5))), 5)
    got = np.array([[*explainer.contributions(row.tolist()), explainer.mean] for row in rows[:100]])
    assert np.allclose(got, booster.predict(rows[:100], pred_contrib=True), atol=1e-9)
    assert np.allclose(got.sum(axis=1), booster.predict(rows[:100], raw_score=True), atol=1e-9)


def test_a_pattern_that_was_kept_gives_what_a_new_one_gives() -> None:
    explainer = Explainer([TREE], 2)
    first = explainer.contributions([0.5, 1.0])
    assert explainer.contributions([0.7, 2.0]) == first == Explainer([TREE], 2).contributions([0.7, 2.0])
