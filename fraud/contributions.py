"""How much each feature added to a score: exact Shapley values of the model's trees.

For each tree the value of a set of features is the mean over the training rows of what the tree gives when it knows
those features alone (the conditional expectation along its paths, weighted by the rows that went each way). The Shapley
value of a feature is its mean effect over all orders in which features could become known. Their sum and the mean of
the trees is the log-odds of the score, and they equal LightGBM's ``predict(..., pred_contrib=True)``.

Source: Lundberg, Erion, Lee, Consistent Individualized Feature Attribution for Tree Ensembles, arXiv 1802.03888,
algorithm 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fraud.trees import Row

# An element of a path: feature, share of rows that get through without it, whether the row gets through, the weight.
_Path = list[tuple[int, float, float, float]]
_NO_FEATURE = -1
MOST_KEPT = 50_000  # patterns, about 30 MB


class Explainer:
    """The contributions of a model's trees.

    A tree's contributions depend on nothing but which way each of its splits sends the row. So they are kept by that
    pattern: rows of alerts are alike, and a kept pattern costs a hundredth of a new one.
    """

    def __init__(self, trees: Sequence[Any], features: int) -> None:
        """Take trees as :mod:`fraud.trees` describes them, and how many numbers of a row they read."""
        self._features = features
        self._trees = [(tree, _splits(tree)) for tree in trees if isinstance(tree, list)]
        self.mean = sum(_mean(tree)[0] if isinstance(tree, list) else tree for tree in trees)
        self._kept: dict[tuple[int, int], list[tuple[int, float]]] = {}

    def contributions(self, row: Row) -> list[float]:
        """The contribution of each feature to the log-odds of a row; with ``mean`` they add up to it."""
        found = [0.0] * self._features
        for number, (tree, splits) in enumerate(self._trees):
            pattern = 0
            for bit, (feature, threshold, absent) in splits:
                value = row[feature]
                if value <= threshold or (absent and value != value):
                    pattern |= bit
            parts = self._kept.get((number, pattern))
            if parts is None:
                if len(self._kept) >= MOST_KEPT:
                    self._kept.clear()
                made = [0.0] * self._features
                _descend(tree, row, made, [], 1.0, 1.0, _NO_FEATURE)
                parts = self._kept[number, pattern] = [(at, value) for at, value in enumerate(made) if value]
            for at, value in parts:
                found[at] += value
        return found


def _splits(tree: Any) -> list[tuple[int, tuple[int, float, int]]]:
    """The different splits of a tree, each with a bit of its own."""
    found: dict[tuple[int, float, int], None] = {}
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, list):
            found[node[0], node[1], node[4]] = None
            left += (node[2], node[3])
    return [(1 << at, split) for at, split in enumerate(found)]


def _mean(node: Any) -> tuple[float, int]:
    """The mean over the training rows of what a node gives, and how many they are; 0: a leaf, its parent knows."""
    if not isinstance(node, list):
        return float(node), 0
    _feature, _threshold, left, right, _absent, to_left, to_right = node
    whole = to_left + to_right
    return (_mean(left)[0] * to_left + _mean(right)[0] * to_right) / whole, whole


def _descend(node: Any, row: Row, found: list[float], path: _Path, zero: float, one: float, feature: int) -> None:
    path = _extend(path, zero, one, feature)
    if not isinstance(node, list):
        for at in range(1, len(path)):
            name, through, taken, _ = path[at]
            found[name] += _unwound_sum(path, at) * (taken - through) * node
        return
    split, threshold, left, right, absent, to_left, to_right = node
    value = row[split]
    goes_left = bool(absent) if value != value else value <= threshold
    hot, cold, to_hot, to_cold = (left, right, to_left, to_right) if goes_left else (right, left, to_right, to_left)
    zero_before = one_before = 1.0
    for at in range(1, len(path)):
        if path[at][0] == split:
            zero_before, one_before = path[at][1], path[at][2]
            path = _unwind(path, at)
            break
    whole = to_left + to_right
    _descend(hot, row, found, path, zero_before * to_hot / whole, one_before, split)
    _descend(cold, row, found, path, zero_before * to_cold / whole, 0.0, split)


def _extend(path: _Path, zero: float, one: float, feature: int) -> _Path:
    length = len(path)
    weights = [element[3] for element in path] + [1.0 if length == 0 else 0.0]
    for i in range(length - 1, -1, -1):
        weights[i + 1] += one * weights[i] * (i + 1) / (length + 1)
        weights[i] = zero * weights[i] * (length - i) / (length + 1)
    made = [(name, through, taken, weights[i]) for i, (name, through, taken, _) in enumerate(path)]
    made.append((feature, zero, one, weights[length]))
    return made


def _unwind(path: _Path, at: int) -> _Path:
    last = len(path) - 1
    _name, zero, one, _weight = path[at]
    weights = [element[3] for element in path]
    following = weights[last]
    for i in range(last - 1, -1, -1):
        if one != 0.0:
            kept = weights[i]
            weights[i] = following * (last + 1) / ((i + 1) * one)
            following = kept - weights[i] * zero * (last - i) / (last + 1)
        else:
            weights[i] = weights[i] * (last + 1) / (zero * (last - i))
    left = path[:at] + path[at + 1 :]
    return [(name, through, taken, weights[i]) for i, (name, through, taken, _) in enumerate(left)]


def _unwound_sum(path: _Path, at: int) -> float:
    return sum(element[3] for element in _unwind(path, at))
