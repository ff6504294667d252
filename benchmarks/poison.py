"""One poison record among 1,000 on the stream: when are the other 999 in every store, and it in quarantine?

Method: a stack of its own is started and deployed in a fresh home, and warmed with two rounds that are not counted. A
round puts 1,000 records on the stream with two PutRecords calls: 999 of one transaction each and, at a random place,
one that nobody can read (its kinds take turns: tests/chaos/poison.py). Clock: monotonic, from just before the first
call. Each store is asked by a thread of its own, five times a second, until it has all of the round's 999 (which share
a merchant that is the round's own); the quarantine until it has the poison's position. The pause between rounds is
drawn from the seed, so that rounds meet the delivery's buffer and the merge's schedule at any phase. After the last
round all IDs are compared, and the poison's bytes.
"""

from __future__ import annotations

import base64
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.frame import Report, parser
from local.tests.ports import free_port_pair
from shared.stream.records import build_records
from shared.transaction.codec import encode_line
from shared.transaction.schema import Transaction
from tests.chaos import poison
from tests.chaos.stores import Stores
from tests.e2e.stack import Stack
from tests.unit.fakes.rows import transaction

RECORDS, CALL = 1_000, 500  # PutRecords takes 500
LOOK_EVERY_SECONDS = 0.2
WAIT_SECONDS = 120.0
WARM_UP = 2
LIMIT_SECONDS = 5.0
STORES = ("dynamodb", "lake", "warehouse", "quarantine")


class Bench:
    """A stack, its stores, and what was put on its stream."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.stack, self.random = stack, Random(seed)
        self.stores = Stores(stack)
        self.kinds = itertools.cycle(sorted(poison.KINDS))
        self.sent: set[str] = set()
        self.poison: dict[tuple[str, str], bytes] = {}
        self.dynamodb, self.kinesis = stack.client("dynamodb"), stack.client("kinesis")

    def round(self, number: int) -> dict[str, Any]:
        """Put a round on the stream; the seconds until each store has it."""
        good = [transaction(number * RECORDS + n, merchant=f"Poison bench, round {number}") for n in range(RECORDS - 1)]
        kind, place = next(self.kinds), self.random.randrange(RECORDS)
        bad = poison.make(kind, self.random, encode_line(good[0])[:-1])
        records = [_record(one) for one in good]
        records.insert(place, {"Data": bad, "PartitionKey": "00"})
        self.sent |= {one.transaction_id for one in good}
        began = time.monotonic()
        results = []
        for start in range(0, RECORDS, CALL):
            name = self.stack.outputs["StreamName"]
            answer = self.kinesis.put_records(StreamName=name, Records=records[start : start + CALL])
            assert answer["FailedRecordCount"] == 0, "the stream refused records: nothing is measured by this"
            results += answer["Records"]
        position = results[place]["ShardId"], results[place]["SequenceNumber"]
        self.poison[position] = bad
        looks = self._looks(good, position)
        with ThreadPoolExecutor(len(looks)) as pool:
            seconds = dict(zip(looks, pool.map(lambda one: _until(*one, began), looks.items()), strict=True))
        return {"poison": kind, "place": place} | {store: round(taken, 2) for store, taken in seconds.items()}

    def _looks(self, good: list[Transaction], position: tuple[str, str]) -> dict[str, Callable[[], bool]]:
        merchant, ids = good[0].merchant_id, {one.transaction_id for one in good}
        query = {
            "TableName": self.stack.outputs["TableName"],
            "IndexName": "merchant-time",
            "KeyConditionExpression": "merchant_bucket = :bucket",
            "ExpressionAttributeValues": {":bucket": {"S": f"{merchant}#{good[0].occurred_at[:7]}"}},
            "Select": "COUNT",
        }
        count = f"SELECT COUNT(*) FROM core.transaction WHERE merchant_id = '{merchant}'"
        pages = self.dynamodb.get_paginator("query")
        return {
            "dynamodb": lambda: sum(page["Count"] for page in pages.paginate(**query)) == len(good),
            "lake": lambda: ids <= self.stores.lake().keys(),
            "warehouse": lambda: self.stack.sql(count) == [[len(good)]],
            "quarantine": lambda: position in self._quarantined(),
        }

    def _quarantined(self) -> dict[tuple[str, str], bytes]:
        kept = self.stores.quarantine().values()
        return {(one["shard_id"], one["sequence_number"]): base64.b64decode(one["data"]) for one in kept}

    def check(self) -> None:
        """Compare every id and every byte. Raises AssertionError."""
        for store, found in self.stores.content().by_store().items():
            assert found.keys() == self.sent, f"{store} holds {len(found)} of {len(self.sent)}"
            assert sum(map(len, found.values())) == len(self.sent), f"{store} holds some twice"
        assert self._quarantined() == self.poison, "the quarantine does not hold the poison, or not its bytes"


def _record(one: Transaction) -> dict[str, Any]:
    """As write-to-kinesis makes a request of one row into a record."""
    ((record,),) = build_records([(0, one)])
    return {"Data": record.data, "PartitionKey": record.partition_key}


def _until(store: str, look: Callable[[], bool], began: float) -> float:
    while not look():
        assert time.monotonic() - began < WAIT_SECONDS, f"{store} has not got the round"
        time.sleep(LOOK_EVERY_SECONDS)
    return time.monotonic() - began


def measure(rounds: int, seed: int, quick: bool) -> list[dict[str, Any]]:
    warm_up = 1 if quick else WARM_UP
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(home=Path(folder) / "home", port=free_port_pair())
        try:
            stack.run("up")
            bench, found = Bench(stack, seed), []
            for number in range(warm_up + rounds):
                found.append(bench.round(number))
                print(f"{'warm-up' if number < warm_up else number - warm_up + 1:>8} {found[-1]}", flush=True)
                time.sleep(0 if quick else bench.random.uniform(1, 9))
            bench.check()
        finally:
            stack.run("down", check=False)
    return found[warm_up:]


def main() -> int:
    """Measure and compare with the limit."""
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    count = options.rounds or (2 if options.quick else 30)
    report = Report.begin(__file__, __doc__, options)
    rounds = measure(count, options.seed, quick=options.quick)
    columns = {store: [one[store] for one in rounds] for store in STORES}
    columns["all of them"] = [max(one[store] for store in STORES) for one in rounds]
    report.table(
        f"Seconds from the put until all is there, {count} rounds",
        ["store", "median", "longest"],
        [[store, statistics.median(found), max(found)] for store, found in columns.items()],
    )
    within = sum(taken <= LIMIT_SECONDS for taken in columns["all of them"])
    report.target("rounds that are everywhere within 5 s", within / count, at_least=1.0)
    report.figures = {"records": RECORDS, "rounds": rounds}
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
