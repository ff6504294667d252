"""What does a fraud score cost: CPU per transaction in batches of 500, the model's size and its loading time?

Method: simulated transactions (as many cards as in the Kaggle data, in order of time, profiles warmed by the first
half) are scored in batches of 500 in one process, by process CPU time, the best of several runs. Each step is timed by
itself; "profiles" is unpacking and packing each card's profile once per batch, as the stream function does. For
comparison the same trees are walked as nested tuples. Loading is timed with the modules imported: reading, hash,
compiling, the fixture's check. "drift" is counting rows and scores by bin.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.frame import Report, parser
from client.simulator import Settings, batches
from fraud.drift import Drift
from fraud.event import Event, event_of
from fraud.features import Row, features
from fraud.model import SHIPPED, Model, load
from fraud.profile import Profile
from fraud.risk import NONE
from shared.transaction.kinds import utc
from shared.transaction.schema import Transaction

BATCH = 500


def simulated(rows: int) -> list[Transaction]:
    """Transactions of 983 cards, with the fields the features read."""
    return transactions_of(Settings.of(rows=rows, seed=99, customers=983))


def transactions_of(settings: Settings) -> list[Transaction]:
    """The transactions of a run of the simulator, with the fields the features read."""
    blank: dict[str, Any] = dict.fromkeys(Transaction._fields, "")
    return [
        Transaction(
            **blank
            | {
                "transaction_id": raw["trans_num"],
                "occurred_at": utc(str(raw["trans_date_trans_time"])),
                "card_id": str(raw["cc_num"]),
                "merchant_id": raw["merchant"],
                "is_fraud": raw["is_fraud"] == 1,
                "category": raw["category"],
                "amount": Decimal(str(raw["amt"])).quantize(Decimal("0.01")),
                "gender": raw["gender"],
                "date_of_birth": str(raw["dob"]),
            }
        )
        for batch in batches(settings)
        for raw in batch.to_pylist()
    ]


def walk(trees: list[Any], rows: list[Row]) -> list[float]:
    """The trees as nested tuples, walked."""
    scores = []
    for row in rows:
        total = 0.0
        for tree in trees:
            node = tree
            while node.__class__ is tuple:
                value = row[node[0]]
                node = node[2] if value <= node[1] or (node[4] and value != value) else node[3]
            total += node
        scores.append(total)
    return scores


def tuples(node: Any) -> Any:
    """A tree of lists as one of tuples."""
    return (node[0], node[1], tuples(node[2]), tuples(node[3]), node[4]) if isinstance(node, list) else node


def make_rows(model: Model, profiles: dict[str, Profile], batch: list[Transaction], events: list[Event]) -> list[Row]:
    """The features of a batch, profiles brought up to date, as :func:`fraud.scoring.score_batch` does."""
    rows = []
    for transaction, event in zip(batch, events, strict=True):
        profile = profiles[transaction.card_id]
        rows.append(features(profile, event, model.tables, NONE, NONE))
        profile.add(event)
    return rows


def unpack(packed: dict[str, bytes], batch: list[Transaction]) -> dict[str, Profile]:
    """The profiles of a batch's cards."""
    cards = {transaction.card_id for transaction in batch}
    return {card: Profile.unpack(packed[card]) if card in packed else Profile() for card in cards}


def run(model: Model, trees: list[Any], transactions: list[Transaction], packed: dict[str, bytes]) -> dict[str, float]:
    """CPU seconds by step over all batches."""
    spent: dict[str, float] = dict.fromkeys(("profiles", "events", "features", "score", "drift", "walk"), 0.0)
    began = process_time()

    def lap(step: str) -> None:
        nonlocal began
        now = process_time()
        spent[step] += now - began
        began = process_time()

    for start in range(0, len(transactions), BATCH):
        batch = transactions[start : start + BATCH]
        profiles = unpack(packed, batch)
        lap("profiles")
        events = [event_of(transaction) for transaction in batch]
        lap("events")
        rows = make_rows(model, profiles, batch, events)
        lap("features")
        scores = model.score(rows)
        lap("score")
        drift = Drift(model.reference)
        drift.add(rows, scores)
        lap("drift")
        walked = walk(trees, rows)
        lap("walk")
        packed |= {card: profile.pack() for card, profile in profiles.items()}
        lap("profiles")
        if walked != model.raw(rows) or len(scores) != len(batch):
            raise AssertionError("the walked trees do not give the compiled ones' scores")
        began = process_time()
    return spent


def main() -> int:
    """Measure and publish."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--model", type=Path, default=SHIPPED)
    options = arguments.parse_args()
    report = Report.begin(__file__, __doc__, options)

    loads = []
    for _ in range(5):
        began = process_time()
        model = load(options.model)
        loads.append(1000 * (process_time() - began))
    trees = [tuples(tree) for tree in json.loads(options.model.read_bytes())["trees"]]
    transactions = simulated(options.rows or (10_000 if options.quick else 100_000))
    first, second = transactions[: len(transactions) // 2], transactions[len(transactions) // 2 :]
    warmed: dict[str, bytes] = {}
    run(model, trees, first, warmed)
    runs = [run(model, trees, second, dict(warmed)) for _ in range(options.runs)]
    micros = {step: min(1e6 * spent[step] / len(second) for spent in runs) for step in runs[0]}
    scoring = micros["events"] + micros["features"] + micros["score"]
    sizes = sorted(map(len, warmed.values()))
    report.table(
        "CPU per transaction by step, us",
        ["step", "us"],
        [
            ["events: numbers of a transaction", micros["events"]],
            ["features", micros["features"]],
            ["score", micros["score"]],
            ["profiles: unpack and pack", micros["profiles"]],
            ["drift: counts by bin", micros["drift"]],
            ["score by walking the trees, for comparison", micros["walk"]],
        ],
    )
    report.table(
        "Sizes",
        ["what", "bytes"],
        [
            ["a profile, median", sizes[len(sizes) // 2]],
            ["a profile, largest", sizes[-1]],
            [f"the model, {len(trees)} trees", options.model.stat().st_size],
        ],
    )
    report.target("features and score", round(scoring, 1), at_most=40, unit="us")
    state = round(scoring + micros["profiles"], 1)
    report.target("features, score and state", state, at_most=60, unit="us")
    report.target("the model's file", options.model.stat().st_size, at_most=1_000_000, unit="bytes")
    report.target("loading the model", round(min(loads), 1), at_most=50, unit="ms")
    report.figures = {f"{step}_us": round(spent, 2) for step, spent in micros.items()}
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
