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

from client.errors import ClientError
from client.files.mapping import load
from fraud import card as model_card
from fraud.drift import SCORE, SCORE_EDGES, reference
from fraud.evaluate import by_segment, measure
from fraud.features import FEATURE_VERSION, FEATURES, Tables
from fraud.fixture import fixture
from fraud.history import History, HistoryError, read
from fraud.labels import Verdicts, read_verdicts
from fraud.learn import FOLDS, PARAMETERS, Array, fit, out_of_fold, replay, tree_lists
from fraud.metrics import average_precision, calibration, curve, threshold_for
from fraud.model import FORMAT, Model, fixture_rows, parse, serialize

HELD_OUT = 0.1  # of the time, the last part
ABLATION_ROWS = 400_000  # approximate maximum, from a sample of the cards: twelve models are trained

Rows = tuple[Array, Array]  # of COLUMNS, and their labels
_ALL = list(range(len(FEATURES)))


@dataclass(frozen=True)
class Options:
    """What to train with."""

    seed: int = 1
    precision: float = 0.98  # at the threshold, on the held-out time
    threads: int = 2
    ablate: bool = True  # train once more for each feature, without it
    source: str = ""  # how the data came about, for the card


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


def train(
    data: Path,
    test: Path | None = None,
    options: Options = Options(),
    verdicts: Path | None = None,
    mapping: Path | None = None,
) -> Trained:
    """Learn a model from a file, and from verdicts on some of its rows. The same input gives the same bytes.

    Raises
    ------
    HistoryError
        If the data cannot be learned from.

    """
    given = read_verdicts(verdicts) if verdicts else None
    reading = load(mapping) if mapping else None
    history, *tests = read(data, *([test] if test else []), verdicts=given, reading=reading)
    trained = learn(history, data.name, options, given)
    if tests:
        trained.card["test"] = {"sha256": tests[0].sha256} | measure(parse(trained.data), history, tests[0])
    return trained


def learn(history: History, name: str, options: Options, verdicts: Verdicts | None = None) -> Trained:
    """Learn a model from a history that goes by a name in the card; ``verdicts`` are in its labels already."""
    chosen = _choose(history, options)
    tables, choice = out_of_fold(history, np.ones(len(history), dtype=bool))
    rows = replay(history, tables, choice)
    booster = fit(rows, history.fraud, _ALL, options.seed, options.threads, chosen.trees)
    document = _document(history, name, options, booster, tables[-1], chosen)
    if verdicts is not None:
        document["about"]["verdicts"] = verdicts.as_json()
    document["reference"] = _reference(rows, booster)
    content = serialize(document)
    _require_equal(parse(content), booster, rows[:: max(len(rows) // 20_000, 1)])
    card = document["about"] | {"version": document["version"], "threshold": chosen.threshold, "bytes": len(content)}
    card |= {"features": list(FEATURES), "parameters": PARAMETERS, "held_out": chosen.figures}
    return Trained(content, card)


def _choose(history: History, options: Options) -> _Chosen:
    """Learn from all but the last tenth of the time; on that tenth find the number of trees and the threshold."""
    at = history.events["at"]
    known = at < at[0] + (1 - HELD_OUT) * (at[-1] - at[0])
    tables, choice = out_of_fold(history, known)
    rows = replay(history, tables, choice)
    held_out, fraud = rows[~known], history.fraud[~known]
    if not 0 < fraud.sum() < len(fraud):
        raise HistoryError(f"the last tenth of the time has {int(fraud.sum())} frauds in {len(fraud)} rows")

    booster = fit(rows[known], history.fraud[known], _ALL, options.seed, options.threads, valid=(held_out, fraud))
    score = np.asarray(booster.predict(held_out[:, _ALL], num_threads=options.threads))
    threshold = threshold_for(curve(fraud, score), options.precision)
    figures = by_segment(history, np.flatnonzero(~known), score, threshold)
    figures["calibration"] = calibration(fraud, score)
    if options.ablate:
        every = int(np.ceil(known.sum() / ABLATION_ROWS))
        sample = known & (history.card // FOLDS % every == 0)
        figures["ablation"] = _ablation((rows[sample], history.fraud[sample]), (held_out, fraud), options)
    return _Chosen(booster.best_iteration, threshold, figures)


def _ablation(known: Rows, held_out: Rows, options: Options) -> dict[str, float]:
    """Average precision on held-out rows that is lost when a model is trained without each feature."""

    def precision(columns: list[int]) -> float:
        booster = fit(*known, columns, options.seed, options.threads, valid=held_out)
        score = np.asarray(booster.predict(held_out[0][:, columns], num_threads=options.threads))
        return average_precision(curve(held_out[1], score))

    whole = precision(_ALL)
    return {FEATURES[i]: whole - precision([j for j in _ALL if j != i]) for i in _ALL}


def _document(
    history: History, name: str, options: Options, booster: lgb.Booster, tables: Tables, chosen: _Chosen
) -> dict[str, Any]:
    at = history.events["at"]
    first, last = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(second))) for second in (at[0], at[-1]))
    transactions = fixture()
    rows = np.array(fixture_rows(transactions, tables))[:, : len(FEATURES)]
    return {
        "format": FORMAT,
        "version": f"{last[:10]}-{history.sha256[:8]}-{options.seed}",
        "feature_version": FEATURE_VERSION,
        "features": list(FEATURES),
        "threshold": chosen.threshold,
        "about": {
            "data": name,
            "source": options.source,
            "data_sha256": history.sha256,
            "rows": len(history),
            "frauds": int(history.fraud.sum()),
            "cards": len(np.unique(history.card)),
            "from": first,
            "to": last,
            "seed": options.seed,
            "precision": options.precision,
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


def _reference(rows: Array, booster: lgb.Booster) -> dict[str, Any]:
    """The distributions of training, in tenths of each feature; of a sample, which is plenty for shares."""
    sample = rows[:: max(len(rows) // 100_000, 1)]
    edges = {
        name: np.unique(np.round(np.quantile(sample[:, i], np.arange(1, 10) / 10), 4)).tolist()
        for i, name in enumerate(FEATURES)
    }
    scores = np.asarray(booster.predict(sample[:, : len(FEATURES)])).tolist()
    return reference(edges | {SCORE: SCORE_EDGES}, sample.tolist(), scores)


def _require_equal(model: Model, booster: lgb.Booster, rows: Array) -> None:
    """Raise unless the served scores are those of LightGBM, to the last bit."""
    expected = np.asarray(booster.predict(rows[:, : len(FEATURES)], raw_score=True))
    difference = np.abs(np.array(model.raw(rows.tolist())) - expected).max()
    if difference:
        raise AssertionError(f"the served scores differ from LightGBM's by {difference}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives its exit status."""
    parser = argparse.ArgumentParser(prog="python -m fraud.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="labelled transactions")
    parser.add_argument("--test", type=Path, help="later history of any cards, to measure the model on")
    parser.add_argument(
        "--verdicts", type=Path, help="CSV of transaction_id,verdict: labels that count before the data's"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="directory for NAME.json, NAME.card.json and NAME.card.md"
    )
    parser.add_argument("--source", default="", help="how the data came about, for the card")
    parser.add_argument("--mapping", type=Path, help="TOML file that says which columns are which")
    parser.add_argument("--name", default="swipeline")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", type=float, default=0.98, help="at the threshold, on the last tenth of the time")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-ablation", action="store_true", help="leave out the one training per feature")
    given = parser.parse_args(arguments)
    options = Options(given.seed, given.precision, given.threads, not given.no_ablation, given.source)
    try:
        trained = train(given.data, given.test, options, given.verdicts, given.mapping)
    except (HistoryError, ClientError, OSError) as error:
        sys.stderr.write(f"fraud.train: {error}\n")
        return 1
    model_card.write(given.out, given.name, trained.data, trained.card)
    sys.stdout.write(model_card.headline(trained.card) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
