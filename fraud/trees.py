"""Gradient-boosted trees as one Python function, exact to LightGBM.

A tree is a leaf (a number) or ``[feature, threshold, left, right, nan, to_left, to_right]``: left if the row's feature
is at most the threshold, or is absent (NaN) and ``nan`` is 1. The last two are how many rows of the training went each
way; :mod:`fraud.contributions` needs them. The trees are compiled to one function of nested conditional expressions,
which adds the leaves in the order LightGBM does; it costs a fifth of a walk over nested tuples. Only integers and
floats, checked here, ever reach the compiled source.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

Row = Sequence[float]
Scorer = Callable[[Sequence[Row]], list[float]]  # raw scores, log-odds

PARTS = 7  # of a node
_MAX_DEPTH = 32


class TreeError(ValueError):
    """The trees are not of the described form."""


def compile_trees(trees: Sequence[Any], features: int, columns: int) -> Scorer:
    """Make the function that sums the trees' leaves for each row.

    Parameters
    ----------
    trees
        As described above.
    features
        Number of features the trees may read, the first ones of a row.
    columns
        Length of a row.

    Raises
    ------
    TreeError
        If a node has another form, reads another feature, or a number is not finite.

    """
    names = ", ".join(f"x{i}" for i in range(columns))
    lines = ["def score(rows):", "    scores = []", f"    for {names} in rows:", "        s = 0.0"]
    lines += [f"        s += {_expression(tree, features, 0)}" for tree in trees]
    lines += ["        scores.append(s)", "    return scores"]
    namespace: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<trees>", "exec"), {"__builtins__": {}}, namespace)  # noqa: S102 - numbers only, see _number
    scorer: Scorer = namespace["score"]
    return scorer


def _expression(node: Any, features: int, depth: int) -> str:
    if isinstance(node, list):
        if len(node) != PARTS or depth >= _MAX_DEPTH:
            raise TreeError(
                f"got a node of {len(node)} parts at depth {depth}, expected {PARTS} parts above depth {_MAX_DEPTH}"
            )
        feature, threshold, left, right, absent, to_left, to_right = node
        if type(feature) is not int or not 0 <= feature < features:
            raise TreeError(f"got feature {feature!r}, expected 0 to {features - 1}")
        if type(absent) is not int or absent not in (0, 1):
            raise TreeError(f"got {absent!r} for where NaN goes, expected 0 or 1")
        if any(type(rows) is not int or rows <= 0 for rows in (to_left, to_right)):
            raise TreeError(f"got {to_left!r} and {to_right!r} rows, expected whole numbers above 0")
        if_left, if_right = _expression(left, features, depth + 1), _expression(right, features, depth + 1)
        if absent:  # a comparison with NaN is false
            return f"({if_right} if x{feature} > {_number(threshold)} else {if_left})"
        return f"({if_left} if x{feature} <= {_number(threshold)} else {if_right})"
    return _number(node)


def _number(value: Any) -> str:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise TreeError(f"got {value!r}, expected a finite number")
    return repr(float(value))
