"""Learning from history: the features' tables, out of fold by card, the rows they give, and the trees."""

from __future__ import annotations

from itertools import islice
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from fraud.event import CELLS, OTHER
from fraud.features import COLUMNS, FEATURES, Tables
from fraud.history import History
from fraud.labelled import A_WEEK_LATE, Course, Knowledge
from fraud.progress import Progress, quiet

Array = npt.NDArray[Any]

FOLDS = 5
_CLIP = 6.0  # of a cell's log-odds
_PRIOR = 4.0  # rows at the base rate that each cell is taken to start with
MAX_TREES = 300
_EARLY_STOPPING_ROUNDS = 30
_BLOCK = 50_000  # rows held as Python objects at once

# A leaf's hessian is nearly zero where the model is sure, which is almost everywhere: without the two floors LightGBM
# takes steps of any size there, and the training diverges.
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "metric": ["average_precision"],
    "learning_rate": 0.1,
    "num_leaves": 16,
    "min_data_in_leaf": 20,
    "min_sum_hessian_in_leaf": 0.1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def make_tables(history: History, rows: Array) -> Tables:
    """The tables of the given rows (a mask)."""
    fraud, cell = history.fraud[rows], history.events["cell"][rows]
    rate = fraud.mean()
    if not 0 < rate < 1:
        raise ValueError(f"the tables need both kinds of rows, got {int(fraud.sum())} frauds in {len(fraud)} rows")
    bad = np.bincount(cell, weights=fraud, minlength=CELLS) + _PRIOR * rate
    good = np.bincount(cell, weights=1 - fraud, minlength=CELLS) + _PRIOR * (1 - rate)
    evidence = np.clip(np.log(bad / good) - np.log(rate / (1 - rate)), -_CLIP, _CLIP)
    log_amount = np.log(np.maximum(history.events["amount"][rows], 0.01))
    category = history.events["category"][rows]
    count = np.bincount(category, minlength=OTHER + 1)
    sums = np.bincount(category, weights=log_amount, minlength=OTHER + 1)
    usual = np.where(count > 0, sums / np.maximum(count, 1), log_amount.mean())
    return Tables(tuple(np.round(evidence, 4).tolist()), tuple(np.round(usual, 4).tolist()))


def replay(
    history: History,
    tables: list[Tables],
    choice: Array,
    knowledge: Knowledge = A_WEEK_LATE,
    progress: Progress = quiet,
) -> Array:
    """Rows of ``COLUMNS`` of a history, cards' profiles starting empty. A row takes the table its choice numbers."""
    made = Course(knowledge).rows(history, tables, choice.tolist())
    rows = np.empty((len(history), len(COLUMNS)))
    for start in range(0, len(history), _BLOCK):
        part = list(islice(made, _BLOCK))
        rows[start : start + len(part)] = part
        progress("features", start + len(part), len(history))
    return rows


def out_of_fold(history: History, known: Array) -> tuple[list[Tables], Array]:
    """Tables for training, and which one each row takes.

    A known row (a mask) takes the table learned from the known rows of the cards in other folds, so that no row's own
    label, nor one of the same burst of fraud, is in its features. The other rows take the last table, learned from all
    known rows: the one that is shipped.
    """
    fold = history.card % FOLDS
    tables = [make_tables(history, known & (fold != k)) for k in range(FOLDS)] + [make_tables(history, known)]
    return tables, np.where(known, fold, FOLDS)


def fit(
    rows: Array,
    fraud: Array,
    columns: list[int],
    seed: int,
    threads: int,
    trees: int = MAX_TREES,
    valid: tuple[Array, Array] | None = None,
    progress: Progress = quiet,
    genuine_weight: float = 1.0,
    **parameters: Any,
) -> lgb.Booster:
    """Boost trees on some columns of rows of ``COLUMNS``; with ``valid`` rows and labels, stop early by them.

    Each genuine row counts ``genuine_weight`` times.
    """
    names = [FEATURES[i] for i in columns]
    data = lgb.Dataset(
        rows[:, columns], fraud, weight=_weights(fraud, genuine_weight), feature_name=names, free_raw_data=True
    )
    parameters = PARAMETERS | {"seed": seed, "num_threads": threads} | parameters

    def report(state: Any) -> None:
        progress("trees", state.iteration + 1, state.end_iteration)

    callbacks: list[Any] = [report]
    if valid is None:
        return lgb.train(parameters, data, trees, callbacks=callbacks)
    check = data.create_valid(valid[0][:, columns], valid[1], weight=_weights(valid[1], genuine_weight))
    callbacks.append(lgb.early_stopping(_EARLY_STOPPING_ROUNDS, verbose=False))
    return lgb.train(parameters, data, trees, valid_sets=[check], callbacks=callbacks)


def _weights(fraud: Array, genuine: float) -> Array | None:
    return None if genuine == 1.0 else np.where(fraud, 1.0, genuine)


def tree_lists(booster: lgb.Booster, columns: list[int]) -> list[Any]:
    """The trees as :mod:`fraud.trees` takes them; ``columns`` are the features that the booster learned from."""
    return [_node(tree["tree_structure"], columns) for tree in booster.dump_model()["tree_info"]]


def _node(node: dict[str, Any], columns: list[int]) -> Any:
    """A node of the dumped model.

    A feature that was never absent in training has nodes of missing type None, for which LightGBM takes NaN for zero.
    Here NaN goes the way of most rows instead.
    """
    if "leaf_value" in node:
        return node["leaf_value"]
    missing = node["missing_type"]
    if node["decision_type"] != "<=" or missing not in ("None", "NaN"):
        raise ValueError(f"cannot serve a split by {node['decision_type']} with missing values {missing}")
    left, right = node["left_child"], node["right_child"]
    to_left, to_right = _rows(left), _rows(right)
    nan_left = node["default_left"] if missing == "NaN" else to_left >= to_right
    feature = columns[node["split_feature"]]
    return [feature, node["threshold"], _node(left, columns), _node(right, columns), int(nan_left), to_left, to_right]


def _rows(node: dict[str, Any]) -> int:
    return int(node["leaf_count"] if "leaf_value" in node else node["internal_count"])
