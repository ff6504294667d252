"""Compiled trees: their sums, and that nothing but numbers is ever compiled."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from fraud.trees import TreeError, compile_trees
from tests.unit.fraud.made import split


def test_a_row_takes_the_left_branch_at_the_threshold_and_the_right_one_above() -> None:
    score = compile_trees([split(0, 1.5, -1.0, split(1, 0.0, 2.0, 3.0))], 2, 3)
    assert score([[1.5, 9, 9], [1.6, 0, 9], [1.6, 0.1, 9]]) == [-1.0, 2.0, 3.0]


def test_what_is_absent_goes_the_way_that_the_node_says() -> None:
    score = compile_trees([split(0, 1.5, -1.0, 1.0, absent=0), split(0, 1.5, -10.0, 10.0, absent=1)], 1, 2)
    assert score([[nan, 0], [1.5, 0], [2.0, 0]]) == [1.0 - 10.0, -11.0, 1.0 + 10.0]


def test_leaves_are_added_in_the_order_of_the_trees() -> None:
    leaves = [0.1, 1e17, -1e17, 0.3]
    expected = 0.0
    for leaf in leaves:
        expected += leaf
    assert compile_trees(leaves, 1, 1)([[0.0]]) == [expected]


def test_no_trees_give_zero_and_no_rows_give_nothing() -> None:
    assert compile_trees([], 1, 1)([[5.0]]) == [0.0]
    assert compile_trees([0.5], 1, 1)([]) == []


@pytest.mark.parametrize(
    "tree",
    [
        "__import__('os')",
        [0, "1 if print() else 2", 0.0, 0.0, 0, 1, 1],
        ["0", 1.0, 0.0, 0.0, 0, 1, 1],
        [2, 1.0, 0.0, 0.0, 0, 1, 1],
        [-1, 1.0, 0.0, 0.0, 0, 1, 1],
        [True, 1.0, 0.0, 0.0, 0, 1, 1],
        [0, 1.0, 0.0, 0.0],
        [0, float("nan"), 0.0, 0.0, 0, 1, 1],
        [0, 1.0, float("inf"), 0.0, 0, 1, 1],
        [0, 1.0, 0.0, 0.0, 2, 1, 1],
        [0, 1.0, 0.0, 0.0, True, 1, 1],
        [0, 1.0, 0.0, 0.0, 0, 0, 1],
        [0, 1.0, 0.0, 0.0, 0, 1, 1.5],
        None,
        True,
    ],
)
def test_anything_but_numbers_in_their_places_is_refused(tree: Any) -> None:
    with pytest.raises(TreeError):
        compile_trees([tree], 2, 2)


def test_a_tree_too_deep_to_compile_is_refused() -> None:
    tree: Any = 0.0
    for _ in range(40):
        tree = split(0, 1.0, tree, 0.0)
    with pytest.raises(TreeError, match="depth"):
        compile_trees([tree], 1, 1)
