"""The stream function and the batch path against training's replay: one score for each of 100,000 transactions.

Usage: python -m benchmarks.fraud_stream [--rows N] [--seed N]

Method: simulated history in order of time. Expected: `fraud.features` over one profile per card in memory, as training
does, and the model's score. Got: `shared.detection.detector` (all of detect-fraud but the decoding of records) on
stores in memory that obey DynamoDB's rules, with a threshold of 0, so that every transaction's score reaches the alerts
table; batches of drawn sizes, over one shard and over four, some killed between two calls, some delivered again. The
batch path is `swipeline score`'s own code over the same transactions, in disorder and some twice.
The claim to hold: no score differs by more than 1e-6. The CPU is measured apart, at the shipped threshold.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from datetime import UTC, datetime
from time import process_time

from benchmarks.fraud_cost import simulated
from fraud.batch import in_order, score
from fraud.event import event_of
from fraud.features import features
from fraud.model import load
from fraud.profile import Profile
from shared.retry import Budget
from shared.transaction.partition import partition_key
from shared.transaction.schema import Transaction
from tests.unit.fakes.detection import FakeStores, KilledError
from tests.unit.fakes.lines import lines

TOLERANCE = 1e-6
ARRIVED = datetime(2100, 1, 1, tzinfo=UTC)  # after all of the history: nothing is dated ahead of its arrival


def replayed(transactions: list[Transaction]) -> dict[str, float]:
    """Give each transaction's score as training computes it, in order of time."""
    model = load()
    profiles: dict[str, Profile] = {}
    rows = []
    for transaction in transactions:
        profile = profiles.setdefault(transaction.card_id, Profile())
        event = event_of(transaction)
        rows.append(features(profile, event, model.tables))
        profile.add(event)
    return dict(zip((t.transaction_id for t in transactions), model.score(rows), strict=True))


def streamed(transactions: list[Transaction], seed: int, shards: int) -> dict[str, float]:
    """Give each transaction's score as the stream function stores it, through troubles drawn by the seed."""
    draw = random.Random(seed)
    model = load()
    model.threshold = 0.0
    stores = FakeStores()
    for shard in range(shards):
        of_shard = lines((t for t in transactions if int(partition_key(t.card_id)) % shards == shard), arrived=ARRIVED)
        start = 0
        while start < len(of_shard):
            begin = max(0, start - draw.choice((0, 0, 0, 40)))
            end = begin + draw.choice((1, 50, 500, 2000))
            stores.kill_before = draw.choice((None, None, draw.randrange(60)))
            try:
                outcome = stores.detector(model).run(of_shard[begin:end], Budget(60))
            except KilledError:
                continue
            assert not outcome.failed
            start = max(start, end)
    return {key: float(item["score"]["N"]) for key, item in stores.tables["alerts"].items()}


def batched(transactions: list[Transaction], seed: int) -> dict[str, float]:
    """Give each transaction's score as the batch path writes it, from a file in disorder with repeats."""
    draw = random.Random(seed)
    disorder = draw.sample(transactions, len(transactions)) + transactions[::10]
    ordered = in_order(disorder)
    return {number: result.score for number, result in score(load(), ordered, batch=draw.choice((1, 77, 500, 4000)))}


def cpu_microseconds(transactions: list[Transaction], batch: int) -> float:
    """Give the CPU per transaction of the detector at the shipped threshold, the stores' own part included."""
    stores, of_stream = FakeStores(), lines(transactions, arrived=ARRIVED)
    detector = stores.detector(load())
    began = process_time()
    for start in range(0, len(of_stream), batch):
        detector.run(of_stream[start : start + batch], Budget(60))
    return (process_time() - began) / len(transactions) * 1e6


def main() -> int:
    """Compare, print, and exit with 1 if a score differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    transactions = sorted(simulated(given.rows), key=lambda t: (t.occurred_at, t.transaction_id))
    expected = replayed(transactions)
    result: dict[str, object] = {"rows": len(transactions)}
    worst = 0.0
    for shards in (1, 4):
        got = streamed(transactions, given.seed, shards)
        assert set(got) == set(expected)
        worst = max(worst, *(abs(got[key] - score) for key, score in expected.items()))
    by_batch = batched(transactions, given.seed)
    assert set(by_batch) == set(expected)
    worst = max(worst, *(abs(by_batch[key] - score) for key, score in expected.items()))
    result |= {"largest_difference": worst, "cpu_us_batches_of_500": round(cpu_microseconds(transactions, 500), 1)}
    sys.stdout.write(json.dumps(result) + "\n")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
