"""How well do the features do on data they were not made for: the Fraud Detection Handbook's compromised terminals?

Method: the Handbook's protocol (Le Borgne et al., Reproducible Machine Learning for Credit Card Fraud Detection, 3.4).
Learned from a week (2018-07-25 to 07-31), or from all labelled history before its end; labels come a week late;
measured on 2018-08-08 to 08-14 without the cards that are known to be compromised, day by day. Features come from the
code that the stream function runs, replayed in order of time, and the scores from the model's own trees. The data are
read with benchmarks/handbook.swipeline.toml; what they lack (category, age, gender) is absent. They are public (CC
BY-SA) and not in the repository: <https://github.com/Fraud-Detection-Handbook/simulated-data-transformed>.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.frame import Report, parser
from client.files.mapping import load
from fraud.event import DAY
from fraud.features import COLUMNS, FEATURES
from fraud.history import History, read
from fraud.learn import fit, out_of_fold, replay, tree_lists
from fraud.metrics import auc, average_precision, card_precision, curve
from fraud.progress import Lines
from fraud.trees import compile_trees

Array = npt.NDArray[Any]

MAPPING = Path(__file__).with_name("handbook.swipeline.toml")
START = (date(2018, 7, 25) - date(1970, 1, 1)).days  # of the training week
WARM_UP = 40  # days from whose end on "all history" is learned from: before, states are half empty
TREES = {"learning_rate": 0.05, "trees": 100}
# Published: chapter 5, baseline with the same protocol. AUC, average precision, card precision at 100.
PUBLISHED = {
    "logistic regression": (0.871, 0.606, 0.291),
    "random forest": (0.867, 0.658, 0.287),
    "XGBoost": (0.862, 0.639, 0.273),
}
KINDS = {1: "amount over 220", 2: "compromised terminal", 3: "compromised customer"}


@dataclass(frozen=True)
class Data:
    """The history up to the end of the test, the day of each row, its kind of fraud, and which rows are tested."""

    history: History
    day: Array
    kind: Array
    test: Array


def prepare(path: Path) -> Data:
    """Read the file, and find the rows of the test."""
    (whole,) = read(path, reading=load(MAPPING))
    table = pq.read_table(path, columns=["TX_DATETIME", "TRANSACTION_ID", "TX_FRAUD_SCENARIO"])
    number = table.column_names.index("TRANSACTION_ID")
    table = table.set_column(number, "TRANSACTION_ID", table["TRANSACTION_ID"].cast(pa.string()))
    table = table.sort_by([("TX_DATETIME", "ascending"), ("TRANSACTION_ID", "ascending")])
    kind = table["TX_FRAUD_SCENARIO"].to_numpy()
    if not np.array_equal(kind > 0, whole.fraud == 1):
        raise ValueError("the kinds of fraud are not in the order of the labels")
    early = whole.events["at"] // DAY < START + 21
    history = whole.where(early)
    day = history.events["at"] // DAY
    return Data(history, day, kind[early], tested(history, day))


def tested(history: History, day: Array) -> Array:
    """Which rows are measured: the third week's, but those of cards that are known to be compromised by then."""
    fraud = history.fraud == 1
    known = set(history.card[fraud & (day >= START) & (day < START + 7)].tolist())
    rows = np.zeros(len(history), dtype=bool)
    for number in range(7):
        known |= set(history.card[fraud & (day == START + 6 + number)].tolist())
        rows |= (day == START + 14 + number) & ~np.isin(history.card, list(known))
    return rows


def measure(data: Data, learned: Array, known: Array, seed: int, threads: int) -> dict[str, float]:
    """Figures of a model that learned from some rows (a mask); tables from those whose label is known."""
    history, test = data.history, data.test
    tables, choice = out_of_fold(history, known)
    rows = replay(history, tables, choice, progress=Lines())
    columns = list(range(len(FEATURES)))
    booster = fit(rows[learned], history.fraud[learned], columns, seed, threads, progress=Lines(), **TREES)
    served = compile_trees(tree_lists(booster, columns), len(FEATURES), len(COLUMNS))
    score = np.array(served(rows[test].tolist()))
    fraud, kind = history.fraud[test], data.kind[test]
    whole = curve(fraud, score)
    found, possible = card_precision(data.day[test], history.card[test], fraud, score)
    figures = {
        "auc": auc(whole),
        "average_precision": average_precision(whole),
        "card_precision_at_100": found,
        "card_precision_at_100_best_possible": possible,
        "rows": int(test.sum()),
        "frauds": int(fraud.sum()),
    }
    for number, name in KINDS.items():
        part = (fraud == 0) | (kind == number)
        of_kind = curve(fraud[part], score[part])
        figures |= {
            f"{name}: frauds": int(fraud[part].sum()),
            f"{name}: auc": auc(of_kind),
            f"{name}: average_precision": average_precision(of_kind),
        }
    return figures


def main() -> int:
    """Measure and publish."""
    arguments = parser(__doc__)
    arguments.add_argument("--handbook", type=Path, required=True, help="The data as one Parquet file.")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=2)
    given = arguments.parse_args()
    report = Report.begin(__file__, __doc__, given)
    data = prepare(given.handbook)
    day = data.day
    week, past = (day >= START) & (day < START + 7), day < START + 7
    learned = {"the published week": week, "all labelled history": past & (day >= day[0] + WARM_UP)}
    known = {"the published week": week, "all labelled history": past}
    found = {name: measure(data, rows, known[name], given.seed, given.threads) for name, rows in learned.items()}
    publish(report, found)
    return report.publish()


def publish(report: Report, found: dict[str, dict[str, float]]) -> None:
    """Put the tables and the targets into the report."""
    ours = [
        [f"ours, learned from {name}"]
        + [f"{one[key]:.3f}" for key in ("auc", "average_precision", "card_precision_at_100")]
        for name, one in found.items()
    ]
    published = [[f"published: {name}", *(f"{value:.3f}" for value in row)] for name, row in PUBLISHED.items()]
    report.table("2018-08-08 to 08-14", ["model", "AUC", "AP", "card precision at 100"], ours + published)
    report.table(
        "By kind of fraud, each against all genuine transactions",
        ["learned from", "kind", "frauds", "AUC", "AP"],
        [
            [
                name,
                kind,
                one[f"{kind}: frauds"],
                *(f"{one[f'{kind}: {key}']:.3f}" for key in ("auc", "average_precision")),
            ]
            for name, one in found.items()
            for kind in KINDS.values()
        ],
    )
    week, past = found["the published week"], found["all labelled history"]
    report.target("published week: AUC", week["auc"], at_least=0.89)
    report.target("published week: AP", week["average_precision"], at_least=0.70)
    report.target("published week: card precision at 100", week["card_precision_at_100"], at_least=0.295)
    report.target("all history: AP", past["average_precision"], at_least=0.73)
    report.target("all history: card precision at 100", past["card_precision_at_100"], at_least=0.305)
    report.figures = {"rows": found, "published": PUBLISHED}


if __name__ == "__main__":
    raise SystemExit(main())
