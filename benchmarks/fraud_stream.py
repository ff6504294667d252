"""Do the stream function, the batch path and training give one score to each of 100,000 transactions?

Method: simulated history in order of time. Expected: `fraud.features` over one profile per card in memory and the known
frauds of cards and merchants, labels a week late, as training does, and the model's score. Got:
`fraud.serving.detector` (all of detect-fraud but the decoding of records) on stores in memory that obey DynamoDB's
rules, with a threshold of 0, so that every transaction's score reaches the alerts table, without its reasons, which
take a hundred times as long as a score; batches of drawn sizes, over one shard, four and eight, some killed between two
calls, some delivered again. The batch path, which has no labels, is `swipeline score`'s own code over the same
transactions, in disorder and some twice. The CPU is measured apart, at the shipped threshold.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime
from time import process_time
from typing import NamedTuple
from unittest.mock import patch

from benchmarks.frame import Report, parser
from benchmarks.fraud_cost import simulated
from fraud.batch import in_order, score
from fraud.event import DAY, event_of
from fraud.features import features, is_plain
from fraud.model import load
from fraud.profile import Profile
from fraud.risk import WEEK, Fraud, Risk
from fraud.stream import padded
from shared.retry import Budget
from shared.sinks.consumer import Line
from shared.stream.partition import partition_key
from shared.transaction.schema import Transaction
from tests.unit.fakes.detection import FakeStores, KilledError
from tests.unit.fakes.lines import lines

TOLERANCE = 1e-6
SHARDS = (1, 4, 8)


class Known(NamedTuple):
    """What verdicts and labels say at the end of a history: a week after each fraud, it is known."""

    cards: dict[str, Risk]
    merchants: dict[str, Risk]


def replayed(transactions: list[Transaction], blind: bool = False) -> tuple[dict[str, float], Known]:
    """Give each transaction's score as training computes it, in order of time, and what is known in the end."""
    model = load()
    profiles: dict[str, Profile] = defaultdict(Profile)
    known = Known(defaultdict(Risk), defaultdict(Risk))
    rows = []
    for transaction in transactions:
        event = event_of(transaction)
        profile, card = profiles[transaction.card_id], known.cards[transaction.card_id]
        merchant = known.merchants[transaction.merchant_id]
        risks = (None, None) if blind else (card, merchant)
        rows.append(features(profile, event, model.tables, *risks))
        profile.add(event)
        merchant.purchase(event.at // DAY)
        if transaction.is_fraud:
            fraud = Fraud(event.at, event.at + WEEK, event.check, is_plain(rows[-1]))
            card.mark(fraud)
            merchant.mark(fraud)
    return dict(zip((t.transaction_id for t in transactions), model.score(rows), strict=True)), known


def of_shard(transactions: list[Transaction], shard: int, shards: int) -> list[Line]:
    """Give a shard's transactions as lines that arrived when they happened."""
    made = lines(t for t in transactions if int(partition_key(t.card_id)) % shards == shard)
    return [
        line._replace(position=line.position._replace(arrived_at=datetime.fromisoformat(line.transaction.occurred_at)))
        for line in made
    ]


def streamed(transactions: list[Transaction], known: Known, seed: int, shards: int) -> dict[str, float]:
    """Give each transaction's score as the stream function stores it, through troubles drawn by the seed.

    All verdicts are in the tables from the start: a transaction must find only those given before it arrived.
    """
    draw = random.Random(seed)
    model = load()
    model.threshold = 0.0
    stores = FakeStores()
    stores.tables["risk"] = {
        name: {"id": {"S": name}, "risk": {"B": risk.pack()}} for name, risk in known.merchants.items() if risk.frauds
    }
    for card_id, risk in known.cards.items():
        item = {"profile": {"B": Profile().pack()}, "seq": {"S": padded("0")}, "scored": {"N": "1"}}
        stores.tables["profiles"][card_id] = {"card_id": {"S": card_id}, "risk": {"B": risk.pack()}} | item
    for shard in range(shards):
        arrived = of_shard(transactions, shard, shards)
        start = 0
        while start < len(arrived):
            begin = max(0, start - draw.choice((0, 0, 0, 40)))
            end = begin + draw.choice((1, 50, 500, 2000))
            stores.kill_before = draw.choice((None, None, draw.randrange(60)))
            try:
                with patch("fraud.alert.reasons", return_value=["left out"]):
                    outcome = stores.detector(model).run(arrived[begin:end], Budget(600))
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
    stores, of_stream = FakeStores(), of_shard(transactions, 0, 1)
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
    expected, known = replayed(transactions)
    found = {f"stream, {n} shards": largest(expected, streamed(transactions, known, options.seed, n)) for n in SHARDS}
    found["batch path"] = largest(replayed(transactions, blind=True)[0], batched(transactions, options.seed))
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
