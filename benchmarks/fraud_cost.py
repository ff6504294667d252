"""What a fraud score costs: CPU per transaction in batches of 500, the model's size and its loading time.

Usage: python -m benchmarks.fraud_cost [--rows N]

Method: simulated transactions (as many cards as in the Kaggle data, in order of time, profiles warmed by the first
half) are scored in batches of 500 in one process, by process CPU time, the best of three runs. Each step is timed by
itself; "profiles" is unpacking and packing each card's profile once per batch, as the stream function does. For
comparison the same trees are walked as nested tuples. Loading is timed with the modules imported: reading, hash,
compiling, the fixture's check.
The claims to hold: at most 40 us per transaction for features and score, 1 MB and 50 ms for the model.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

from client.simulator import Settings, batches
from fraud.event import Event, event_of
from fraud.features import Row, features
from fraud.model import SHIPPED, Model, load
from fraud.profile import Profile
from shared.transaction.moments import utc
from shared.transaction.schema import Transaction

BATCH = 500
RESULTS = Path(__file__).parent / "results"


def simulated(rows: int) -> list[Transaction]:
    """Transactions of 983 cards, with the fields the features read."""
    blank: dict[str, Any] = dict.fromkeys(Transaction._fields, "")
    return [
        Transaction(
            **blank
            | {
                "transaction_id": raw["trans_num"],
                "occurred_at": utc(str(raw["trans_date_trans_time"])),
                "card_id": str(raw["cc_num"]),
                "category": raw["category"],
                "amount": Decimal(str(raw["amt"])).quantize(Decimal("0.01")),
                "gender": raw["gender"],
                "date_of_birth": str(raw["dob"]),
            }
        )
        for batch in batches(Settings.of(rows=rows, seed=99, customers=983))
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
                node = node[2] if row[node[0]] <= node[1] else node[3]
            total += node
        scores.append(total)
    return scores


def tuples(node: Any) -> Any:
    """A tree of lists as one of tuples."""
    return (node[0], node[1], tuples(node[2]), tuples(node[3])) if isinstance(node, list) else node


def make_rows(model: Model, profiles: dict[str, Profile], batch: list[Transaction], events: list[Event]) -> list[Row]:
    """The features of a batch, profiles brought up to date, as :func:`fraud.scoring.score_batch` does."""
    rows = []
    for transaction, event in zip(batch, events, strict=True):
        profile = profiles[transaction.card_id]
        rows.append(features(profile, event, model.tables))
        profile.add(event)
    return rows


def unpack(packed: dict[str, bytes], batch: list[Transaction]) -> dict[str, Profile]:
    """The profiles of a batch's cards."""
    cards = {transaction.card_id for transaction in batch}
    return {card: Profile.unpack(packed[card]) if card in packed else Profile() for card in cards}


def run(model: Model, trees: list[Any], transactions: list[Transaction], packed: dict[str, bytes]) -> dict[str, float]:
    """CPU seconds by step over all batches."""
    spent: dict[str, float] = dict.fromkeys(("profiles", "events", "features", "score", "walk"), 0.0)
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
        walked = walk(trees, rows)
        lap("walk")
        packed |= {card: profile.pack() for card, profile in profiles.items()}
        lap("profiles")
        if walked != model.raw(rows) or len(scores) != len(batch):
            raise AssertionError("the walked trees do not give the compiled ones' scores")
        began = process_time()
    return spent


def main() -> int:
    """Measure, print and give the exit status: 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    options = parser.parse_args()

    loads = []
    for _ in range(5):
        began = process_time()
        model = load(options.model)
        loads.append(1000 * (process_time() - began))
    trees = [tuples(tree) for tree in json.loads(options.model.read_bytes())["trees"]]
    transactions = simulated(options.rows)
    first, second = transactions[: len(transactions) // 2], transactions[len(transactions) // 2 :]
    warmed: dict[str, bytes] = {}
    run(model, trees, first, warmed)
    runs = [run(model, trees, second, dict(warmed)) for _ in range(3)]
    micros = {step: min(1e6 * spent[step] / len(second) for spent in runs) for step in runs[0]}
    sizes = sorted(map(len, warmed.values()))
    figures = {
        "features_and_score_us": micros["events"] + micros["features"] + micros["score"],
        "with_profiles_us": micros["events"] + micros["features"] + micros["score"] + micros["profiles"],
        **{f"{step}_us": spent for step, spent in micros.items()},
        "profile_bytes_median": sizes[len(sizes) // 2],
        "profile_bytes_largest": sizes[-1],
        "model_bytes": options.model.stat().st_size,
        "trees": len(trees),
        "load_ms": min(loads),
        "python": platform.python_version(),
    }
    for name, value in figures.items():
        sys.stdout.write(f"{name:24} {value:.2f}\n" if isinstance(value, float) else f"{name:24} {value}\n")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "fraud_cost.json").write_text(json.dumps(figures, indent=2) + "\n")
    held = figures["features_and_score_us"] <= 40 and figures["model_bytes"] <= 1_000_000 and figures["load_ms"] <= 50
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
