"""Training, from history in the Kaggle file's schema to the model's file and its card.

``python -m fraud.train --data FILE [--test FILE] --out DIR``
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from client.errors import ClientError
from client.files.mapping import Reading
from fraud import card as model_card
from fraud.drift import SCORE, SCORE_EDGES, reference
from fraud.evaluate import by_segment, measure
from fraud.features import COLUMNS, FEATURE_VERSION, FEATURES, RISK_FEATURES, Tables
from fraud.fixture import fixture
from fraud.history import History, HistoryError, read
from fraud.labelled import A_WEEK_LATE, Knowledge
from fraud.labels import Verdicts, read_verdicts
from fraud.learn import FOLDS, PARAMETERS, Array, fit, out_of_fold, replay, tree_lists
from fraud.metrics import average_precision, calibration, curve, threshold_for
from fraud.model import FORMAT, Model, fixture_rows, parse, serialize
from fraud.progress import Lines, Progress, quiet
from fraud.risk import LABEL_DELAY_DAYS
from fraud.trees import compile_trees

HELD_OUT = 0.1  # of the time, the last part
ABLATION_ROWS = 400_000  # approximate maximum, from a sample of the cards: twelve models are trained

Rows = tuple[Array, Array]  # of COLUMNS, and their labels
_ALL = list(range(len(FEATURES)))
_CORE = [i for i in _ALL if FEATURES[i] not in RISK_FEATURES]  # what is known without a verdict or label


@dataclass(frozen=True)
class Options:
    """What to train with."""

    seed: int = 1
    precision: float = 0.98  # at the threshold, on the held-out time
    threads: int = 2
    ablate: bool = True  # train once more for each feature, without it
    try_without_risk: bool = True  # train once more without the features of verdicts and labels, and take the better
    source: str = ""  # how the data came about, for the card
    knowledge: Knowledge = A_WEEK_LATE  # when labels become known
    fraud_rate: float | None = None  # share of frauds for which scores and threshold are meant; None: the data's
    progress: Progress = quiet


@dataclass(frozen=True)
class Trained:
    """A model's file and what its card says."""

    data: bytes
    card: dict[str, Any]


@dataclass(frozen=True)
class _Chosen:
    """What the held-out time decided: features, size and threshold, with the figures found there."""

    columns: list[int]  # the features that the trees may read
    trees: int
    threshold: float
    figures: dict[str, Any]


def train(
    data: Path,
    test: Path | None = None,
    options: Options = Options(),
    verdicts: Path | None = None,
    reading: Reading | None = None,
    rejected: list[str] | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Learn a model from a file, and from verdicts on some of its rows. The same input gives the same bytes.

    ``reading`` says how files are read; of rows that are left out, line and reason go to ``rejected``; ``notify`` hears
    of what is unusual about a file.

    Raises
    ------
    HistoryError
        If the data cannot be learned from.

    """
    given = read_verdicts(verdicts) if verdicts else None
    paths = [data, test] if test else [data]
    history, *tests = read(*paths, verdicts=given, reading=reading, rejected=rejected, notify=notify)
    trained = learn(history, data.name, options, given)
    if tests:
        trained.card["test"] = {"sha256": tests[0].sha256} | measure(
            parse(trained.data), history, tests[0], options.knowledge
        )
    return trained


def learn(history: History, name: str, options: Options, verdicts: Verdicts | None = None) -> Trained:
    """Learn a model from a history that goes by a name in the card; ``verdicts`` are in its labels already."""
    chosen = _choose(history, options)
    tables, choice = out_of_fold(history, np.ones(len(history), dtype=bool))
    rows = replay(history, tables, choice, options.knowledge, options.progress)
    booster = fit(
        rows,
        history.fraud,
        chosen.columns,
        options.seed,
        options.threads,
        chosen.trees,
        progress=options.progress,
        genuine_weight=_genuine_weight(history.fraud, options),
    )
    document = _document(history, name, options, booster, tables[-1], chosen)
    if verdicts is not None:
        document["about"]["verdicts"] = verdicts.as_json()
    document["reference"] = _reference(rows, booster, chosen.columns)
    content = serialize(document)
    _require_equal(parse(content), booster, chosen.columns, rows[:: max(len(rows) // 20_000, 1)])
    card = document["about"] | {"version": document["version"], "threshold": chosen.threshold, "bytes": len(content)}
    card |= {"features": list(FEATURES), "parameters": PARAMETERS, "held_out": chosen.figures}
    return Trained(content, card)


def _choose(history: History, options: Options) -> _Chosen:
    """Learn from all but the last tenth of the time; on that tenth find the features, the size and the threshold."""
    at = history.events["at"]
    known = at < at[0] + (1 - HELD_OUT) * (at[-1] - at[0])
    tables, choice = out_of_fold(history, known)
    rows = replay(history, tables, choice, options.knowledge, options.progress)
    held_out, fraud = rows[~known], history.fraud[~known]
    if not 0 < fraud.sum() < len(fraud):
        raise HistoryError(f"the last tenth of the time has {int(fraud.sum())} frauds in {len(fraud)} rows")

    learned = rows[known], history.fraud[known]
    tried = [
        _try(learned, (held_out, fraud), columns, options)
        for columns in ((_ALL, _CORE) if options.try_without_risk else (_ALL,))
    ]
    best = max(tried, key=lambda one: one.precision)
    threshold = _threshold(fraud, best.score, options)
    figures = by_segment(history, np.flatnonzero(~known), best.score, threshold)
    figures["calibration"] = calibration(fraud, best.score)
    if options.try_without_risk:
        figures["without_risk"] = {"all": tried[0].precision, "without": tried[1].precision}
    if options.ablate:
        every = int(np.ceil(known.sum() / ABLATION_ROWS))
        sample = known & (history.card // FOLDS % every == 0)
        part = rows[sample], history.fraud[sample]
        figures["ablation"] = _ablation(part, (held_out, fraud), best.columns, options)
    return _Chosen(best.columns, best.trees, threshold, figures)


@dataclass(frozen=True)
class _Tried:
    """A model that learned from some features, on the held-out time."""

    columns: list[int]
    trees: int
    precision: float  # average precision
    score: Array


def _try(known: Rows, held_out: Rows, columns: list[int], options: Options) -> _Tried:
    weight = _genuine_weight(known[1], options)
    booster = fit(
        *known,
        columns,
        options.seed,
        options.threads,
        valid=held_out,
        progress=options.progress,
        genuine_weight=weight,
    )
    score = np.asarray(booster.predict(held_out[0][:, columns], num_threads=options.threads))
    return _Tried(columns, booster.best_iteration, average_precision(curve(held_out[1], score)), score)


def _genuine_weight(fraud: Array, options: Options) -> float:
    """How often a genuine row counts, so that frauds have the share that the scores are meant for."""
    if options.fraud_rate is None:
        return 1.0
    rate = float(fraud.mean())
    return (1 / options.fraud_rate - 1) / (1 / rate - 1)


def _threshold(fraud: Array, score: Array, options: Options) -> float:
    found = curve(fraud, score)
    return threshold_for(found._replace(false=found.false * _genuine_weight(fraud, options)), options.precision)


def _ablation(known: Rows, held_out: Rows, columns: list[int], options: Options) -> dict[str, float]:
    """Average precision on held-out rows that is lost when a model is trained without each feature."""
    whole = _try(known, held_out, columns, options).precision
    return {
        FEATURES[i]: whole - _try(known, held_out, [j for j in columns if j != i], options).precision for i in columns
    }


def _document(
    history: History, name: str, options: Options, booster: lgb.Booster, tables: Tables, chosen: _Chosen
) -> dict[str, Any]:
    at = history.events["at"]
    first, last = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(second))) for second in (at[0], at[-1]))
    transactions = fixture()
    rows = np.array(fixture_rows(transactions, tables))
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
            "fraud_rate": float(history.fraud.mean()) if options.fraud_rate is None else options.fraud_rate,
            "trees": chosen.trees,
            "learned_from": [FEATURES[i] for i in chosen.columns],
            "label_delay_days": options.knowledge.delay_days,
            "labels_within_a_day": options.knowledge.fast,
            "cards_without_risk": options.knowledge.blind,
            "folds": FOLDS,
            "lightgbm": lgb.__version__,
            "numpy": np.__version__,
            "python": sys.version.split()[0],
        },
        "tables": tables._asdict(),
        "trees": (trees := tree_lists(booster, chosen.columns)),
        "fixture": {"transactions": transactions, "scores": _scores(trees, rows)},
    }


def _scores(trees: list[Any], rows: Array) -> list[float]:
    """The served scores: where a feature is absent that never was in training, LightGBM would take it for zero."""
    raw = compile_trees(trees, len(FEATURES), len(COLUMNS))(rows.tolist())
    return [1.0 / (1.0 + exp(-one)) for one in raw]


def _reference(rows: Array, booster: lgb.Booster, columns: list[int]) -> dict[str, Any]:
    """The distributions of training, in tenths of each feature; of a sample, which is plenty for shares."""
    sample = rows[:: max(len(rows) // 100_000, 1)]
    edges = {
        name: np.unique(np.round(np.quantile(_present(sample[:, i]), np.arange(1, 10) / 10), 4)).tolist()
        for i, name in enumerate(FEATURES)
    }
    scores = np.asarray(booster.predict(sample[:, columns])).tolist()
    return reference(edges | {SCORE: SCORE_EDGES}, sample.tolist(), scores)


def _present(values: Array) -> Array:
    """The values that are not NaN; one zero if there are none."""
    present = values[~np.isnan(values)]
    return present if len(present) else np.zeros(1)


def _require_equal(model: Model, booster: lgb.Booster, columns: list[int], rows: Array) -> None:
    """Raise unless the served scores are those of LightGBM, to the last bit."""
    expected = np.asarray(booster.predict(rows[:, columns], raw_score=True))
    difference = np.abs(np.array(model.raw(rows.tolist())) - expected).max()
    if difference:
        raise AssertionError(f"the served scores differ from LightGBM's by {difference}")


def main(arguments: list[str] | None = None, reading: Reading | None = None) -> int:
    """Run the command; gives its exit status. ``reading`` says how the files are read."""
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
    parser.add_argument("--name", default="swipeline")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", type=float, default=0.98, help="at the threshold, on the last tenth of the time")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--label-delay-days", type=float, default=LABEL_DELAY_DAYS, help="after which a fraud is known")
    parser.add_argument("--fast-labels", type=float, default=0.0, help="share of the frauds known within a day")
    parser.add_argument("--blind-cards", type=float, default=0.0, help="share of the cards without any risk state")
    parser.add_argument("--fraud-rate", type=float, help="share of frauds the scores are for (default: the data's)")
    parser.add_argument("--no-ablation", action="store_true", help="leave out the one training per feature")
    given = parser.parse_args(arguments)
    knowledge = Knowledge(given.label_delay_days, given.fast_labels, given.blind_cards)
    options = Options(
        given.seed,
        given.precision,
        given.threads,
        ablate=not given.no_ablation,
        source=given.source,
        knowledge=knowledge,
        fraud_rate=given.fraud_rate,
        progress=Lines(),
    )
    try:
        rejected: list[str] = []

        def report(text: str) -> None:
            sys.stderr.write(f"{text}\n")

        trained = train(given.data, given.test, options, given.verdicts, reading, rejected, report)
    except (HistoryError, ClientError, OSError) as error:
        sys.stderr.write(f"fraud.train: {error}\n")
        return 1
    for line in rejected[:10]:
        sys.stderr.write(f"not learned from, {line}\n")
    if len(rejected) > 10:
        sys.stderr.write(f"and {len(rejected) - 10:,} other rows\n")
    model_card.write(given.out, given.name, trained.data, trained.card)
    sys.stdout.write(model_card.headline(trained.card) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
