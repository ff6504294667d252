"""Drift against the reference in a model's file."""

from __future__ import annotations

from math import log

import pytest

from fraud.drift import DRIFTED, SCORE, SCORE_EDGES, STEADY, Drift, population_stability_index, reference
from fraud.features import COLUMNS, FEATURES, Row

EDGES = dict.fromkeys(FEATURES, (10.0, 20.0)) | {SCORE: SCORE_EDGES}


def rows(*values: float) -> list[Row]:
    return [[value] * len(COLUMNS) for value in values]


def test_the_index_is_zero_for_equal_shares_and_its_formula_otherwise() -> None:
    assert population_stability_index([0.5, 0.5], [0.5, 0.5]) == 0
    assert population_stability_index([0.5, 0.5], [0.25, 0.75]) == pytest.approx(-0.25 * log(0.5) + 0.25 * log(1.5))


def test_an_empty_bin_gives_a_large_but_finite_index() -> None:
    assert DRIFTED < population_stability_index([0.0, 1.0], [1.0, 0.0]) < 100


def test_the_same_rows_do_not_drift() -> None:
    then = rows(5, 15, 15, 25)
    drift = Drift(reference(EDGES, then, [0.0, 0.2, 0.6, 1.0]))
    drift.add(then, [0.0, 0.2, 0.6, 1.0])
    assert set(drift.indices()) == {*FEATURES, SCORE}
    assert max(drift.indices().values()) < STEADY


def test_other_rows_drift_in_the_variable_that_moved() -> None:
    then = rows(5, 15, 15, 25)
    drift = Drift(reference(EDGES, then, [0.0] * 4))
    moved = rows(5, 15, 15, 25)
    for row in moved:
        row[0] = 99.0
    drift.add(moved, [0.0] * 4)
    assert [name for name, index in drift.indices().items() if index > DRIFTED] == [FEATURES[0]]


def test_an_edge_belongs_to_the_bin_above() -> None:
    drift = Drift(reference(EDGES, rows(10), [0.1]))
    drift.add(rows(10), [0.1])
    assert drift.counts[FEATURES[0]] == [0, 1, 0]
    assert drift.counts[SCORE] == [int(edge == 0.1) for edge in (None, *SCORE_EDGES)]


def test_counts_of_several_batches_add_up() -> None:
    known = reference(EDGES, rows(5, 15), [0.0, 1.0])
    together, apart, other = Drift(known), Drift(known), Drift(known)
    together.add(rows(5, 25), [0.5, 0.7])
    apart.add(rows(5), [0.5])
    other.add(rows(25), [0.7])
    apart.merge(other.counts)
    assert apart.indices() == together.indices()


def test_nothing_counted_gives_no_index() -> None:
    assert Drift(reference(EDGES, rows(5), [0.0])).indices() == {}
