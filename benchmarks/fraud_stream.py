"""Do the stream function, the batch path and training give one score to each of 100,000 transactions?

Method: simulated history in order of time. Expected: `fraud.features` over one profile per card in memory, as training
does, and the model's score. Got: `fraud.serving.detector` (all of detect-fraud but the decoding of records) on
stores in memory that obey DynamoDB's rules, with a threshold of 0, so that every transaction's score reaches the alerts
table; batches of drawn sizes, over one shard and over four, some killed between two calls, some delivered again. The
batch path is `swipeline score`'s own code over the same transactions, in disorder and some twice.
The CPU is measured apart, at the shipped threshold.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from time import process_time

from benchmarks.frame import Report, parser
from benchmarks.fraud_cost import simulated
from fraud.batch import in_order, score
from fraud.event import event_of
from fraud.features import features
from fraud.model import load
from fraud.profile import Profile
from shared.retry import Budget
from shared.stream.partition import partition_key
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


def largest(expected: dict[str, float], got: dict[str, float]) -> float:
    """Give the largest difference. Raises AssertionError unless the same transactions are scored."""
    if set(got) != set(expected):
        raise AssertionError(f"{len(set(got) ^ set(expected))} transactions have a score on one side alone")
    return max(abs(got[key] - score) for key, score in expected.items())


def main() -> int:
    """Compare and publish; exits with 1 if a score differs."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    report = Report.begin(__file__, __doc__, options)
    rows = options.rows or (5_000 if options.quick else 100_000)
    transactions = sorted(simulated(rows), key=lambda t: (t.occurred_at, t.transaction_id))
    expected = replayed(transactions)
    found = {f"stream, {n} shards": largest(expected, streamed(transactions, options.seed, n)) for n in (1, 4)}
    found["batch path"] = largest(expected, batched(transactions, options.seed))
    report.table(
        "Scores against training's replay", ["path", "transactions", "largest difference"],
        [[path, len(transactions), f"{difference:.2g}"] for path, difference in found.items()],
    )  # fmt: skip
    report.target("largest difference of a score", max(found.values()), at_most=TOLERANCE)
    cpu = round(cpu_microseconds(transactions, 500), 1)
    report.note(f"detect-fraud's code on stores in memory takes {cpu} us of CPU per transaction in batches of 500.")
    report.figures = {"largest_difference": found, "cpu_us_batches_of_500": cpu}
    return report.publish() or int(max(found.values()) > TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
