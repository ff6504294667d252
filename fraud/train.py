"""Training, from history in the Kaggle file's schema to the model's file and its card.

``python -m fraud.train --data FILE [--test FILE] --out DIR``
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from fraud import card as model_card
from fraud.evaluate import by_segment, measure
from fraud.features import FEATURE_VERSION, FEATURES, Tables
from fraud.fixture import fixture
from fraud.history import History, HistoryError, read
from fraud.learn import FOLDS, PARAMETERS, Array, fit, out_of_fold, replay, tree_lists
from fraud.metrics import average_precision, calibration, curve, threshold_for
from fraud.model import FORMAT, Model, fixture_rows, parse, serialise

PRECISION = 0.98  # at the threshold, on the held-out time
HELD_OUT = 0.1  # of the time, the last part
_ALL = list(range(len(FEATURES)))


@dataclass(frozen=True)
class Trained:
    """A model's file and what its card says."""

    data: bytes
    card: dict[str, Any]


@dataclass(frozen=True)
class _Chosen:
    """What the held-out time decided: size and threshold, with the figures found there."""

    trees: int
    threshold: float
    figures: dict[str, Any]


def train(data: Path, test: Path | None = None, seed: int = 1, threads: int = 2, ablate: bool = True) -> Trained:
    """Learn a model. The same file, seed and library versions give the same bytes.

    Raises
    ------
    HistoryError
        If the data cannot be learned from.

    """
    history, *tests = read(data, *([test] if test else []))
    chosen = _choose(history, seed, threads, ablate)
    tables, choice = out_of_fold(history, np.ones(len(history), dtype=bool))
    rows = replay(history, tables, choice)
    booster = fit(rows, history.fraud, _ALL, seed, threads, chosen.trees)
    document = _document(history, data.name, seed, booster, tables[-1], chosen)
    content = serialise(document)
    model = parse(content)
    _require_equal(model, booster, rows[:: max(len(rows) // 20_000, 1)])
    card = document["about"] | {"version": document["version"], "threshold": chosen.threshold, "bytes": len(content)}
    card |= {"features": list(FEATURES), "parameters": PARAMETERS, "held_out": chosen.figures}
    if tests:
        card["test"] = {"sha256": tests[0].sha256} | measure(model, history, tests[0])
    return Trained(content, card)


def _choose(history: History, seed: int, threads: int, ablate: bool) -> _Chosen:
    """Learn from all but the last tenth of the time; on that tenth find the number of trees and the threshold."""
    at = history.events["at"]
    known = at < at[0] + (1 - HELD_OUT) * (at[-1] - at[0])
    tables, choice = out_of_fold(history, known)
    rows = replay(history, tables, choice)
    held_out, fraud = rows[~known], history.fraud[~known]
    if not 0 < fraud.sum() < len(fraud):
        raise HistoryError(f"the last tenth of the time has {int(fraud.sum())} frauds in {len(fraud)} rows")

    def held_out_scores(columns: list[int]) -> tuple[Array, int]:
        booster = fit(rows[known], history.fraud[known], columns, seed, threads, valid=(held_out, fraud))
        return np.asarray(booster.predict(held_out[:, columns], num_threads=threads)), booster.best_iteration

    score, trees = held_out_scores(_ALL)
    threshold = threshold_for(curve(fraud, score), PRECISION)
    figures = by_segment(history, np.flatnonzero(~known), score, threshold)
    figures["calibration"] = calibration(fraud, score)
    if ablate:
        whole = average_precision(curve(fraud, score))
        figures["ablation"] = {
            FEATURES[i]: whole - average_precision(curve(fraud, held_out_scores([j for j in _ALL if j != i])[0]))
            for i in _ALL
        }
    return _Chosen(trees, threshold, figures)


def _document(
    history: History, name: str, seed: int, booster: lgb.Booster, tables: Tables, chosen: _Chosen
) -> dict[str, Any]:
    at = history.events["at"]
    first, last = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(second))) for second in (at[0], at[-1]))
    transactions = fixture()
    rows = np.array(fixture_rows(transactions, tables))[:, : len(FEATURES)]
    return {
        "format": FORMAT,
        "version": f"{last[:10]}-{history.sha256[:8]}-{seed}",
        "feature_version": FEATURE_VERSION,
        "features": list(FEATURES),
        "threshold": chosen.threshold,
        "about": {
            "data": name,
            "data_sha256": history.sha256,
            "rows": len(history),
            "frauds": int(history.fraud.sum()),
            "cards": len(np.unique(history.card)),
            "from": first,
            "to": last,
            "seed": seed,
            "trees": chosen.trees,
            "folds": FOLDS,
            "lightgbm": lgb.__version__,
            "numpy": np.__version__,
            "python": sys.version.split()[0],
        },
        "tables": tables._asdict(),
        "trees": tree_lists(booster),
        "fixture": {"transactions": transactions, "scores": np.asarray(booster.predict(rows)).tolist()},
    }


def _require_equal(model: Model, booster: lgb.Booster, rows: Array) -> None:
    """Raise unless the served scores are those of LightGBM, to the last bit."""
    expected = np.asarray(booster.predict(rows[:, : len(FEATURES)], raw_score=True))
    difference = np.abs(np.array(model.raw(rows.tolist())) - expected).max()
    if difference:
        raise AssertionError(f"the served scores differ from LightGBM's by {difference}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives its exit status."""
    parser = argparse.ArgumentParser(prog="python -m fraud.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="CSV or Parquet in the Kaggle file's schema, labelled")
    parser.add_argument("--test", type=Path, help="later history of any cards, to measure the model on")
    parser.add_argument(
        "--out", type=Path, required=True, help="directory for NAME.json, NAME.card.json and NAME.card.md"
    )
    parser.add_argument("--name", default="swipeline")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-ablation", action="store_true", help="leave out the one training per feature")
    options = parser.parse_args(arguments)
    try:
        trained = train(options.data, options.test, options.seed, options.threads, not options.no_ablation)
    except (HistoryError, OSError) as error:
        sys.stderr.write(f"fraud.train: {error}\n")
        return 1
    model_card.write(options.out, options.name, trained.data, trained.card)
    sys.stdout.write(model_card.headline(trained.card) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
