"""How long after it is sent is a transaction in DynamoDB, lake and warehouse, at a steady rate?

Method: requests of 250 rows begin on a schedule (open loop: a request that is late counts from when it was due). Of
each request, five rows are looked for: in DynamoDB by consistent reads of their keys, in the lake by reading each new
object, in the warehouse by their IDs in core.transaction, each store again and again until it has them (the interval
is stated beside the result, and is part of the latency). Afterwards every store is compared with what was sent
(counts of distinct IDs). Latency is from a request's due time until the row was first seen.
"""

from __future__ import annotations

import gzip
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.frame import Report, parser
from benchmarks.rows import input_file, raw_rows
from benchmarks.sending import Sender, chunks, percentile
from benchmarks.stack import CountedStack, running
from shared.card_keys.ring import CardKeys
from shared.errors import RejectedError
from shared.sinks.item import key_of
from shared.transaction.model import parse_many
from tests.e2e.stack import wait_until

REQUEST_ROWS, LOOKED_FOR = 250, 5
INTERVALS = {"DynamoDB": 0.05, "lake": 0.25, "warehouse": 0.5}  # seconds between two looks
LIMITS = {"DynamoDB": 1.5, "warehouse": 75.0}
Look = Callable[[list[str]], Iterable[str]]


@dataclass
class Watch:
    """Looks for IDs in one store until it is stopped and has them all."""

    name: str
    look: Look
    waiting: dict[str, float] = field(default_factory=dict)  # id -> due time of its request
    seconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, ids: Iterable[str], due: float) -> None:
        """Look for these from now on."""
        with self.lock:
            self.waiting |= dict.fromkeys(ids, due)

    def run(self, stop: threading.Event) -> None:
        """Look until all was found after `stop`."""
        while self.waiting or not stop.is_set():
            began = time.monotonic()
            with self.lock:
                wanted = list(self.waiting)
            found = list(self.look(wanted)) if wanted else []
            now = time.monotonic()
            with self.lock:
                self.seconds += [now - self.waiting.pop(one) for one in found if one in self.waiting]
            time.sleep(max(0.0, INTERVALS[self.name] - (time.monotonic() - began)))


class Stores:
    """How to look into each store of a stack."""

    def __init__(self, stack: CountedStack) -> None:
        self.stack = stack
        self.dynamodb, self.s3 = stack.client("dynamodb"), stack.client("s3")
        self.read: set[str] = set()
        self.in_lake: set[str] = set()
        self.keys: dict[str, dict[str, Any]] = {}

    def know(self, rows: list[dict[str, Any]]) -> None:
        """Work out the keys that rows will have in the table, as the stage does."""
        secret = self.stack.client("secretsmanager").get_secret_value(SecretId=self.stack.outputs["CardKeySecretArn"])
        for one in parse_many(rows, CardKeys.read(secret["SecretString"])):
            assert not isinstance(one, RejectedError), one
            card, moment = key_of(one)
            self.keys[one.transaction_id] = {"card_id": {"S": card}, "time_id": {"S": moment}}

    def table(self, wanted: list[str]) -> Iterable[str]:
        """DynamoDB: the oldest hundred, in one consistent read of their keys."""
        table = self.stack.outputs["TableName"]
        asked = {"Keys": [self.keys[one] for one in wanted[:100]], "ConsistentRead": True}
        asked |= {"ProjectionExpression": "transaction_id"}
        found = self.dynamodb.batch_get_item(RequestItems={table: asked})["Responses"][table]
        return [item["transaction_id"]["S"] for item in found]

    def lake(self, wanted: list[str]) -> Iterable[str]:
        """The lake: objects not read before are read."""
        bucket = self.stack.outputs["LakeBucket"]
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="transactions/"):
            for key in {item["Key"] for item in page.get("Contents", [])} - self.read:
                body = gzip.decompress(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
                self.in_lake |= {json.loads(line)["transaction_id"] for line in body.splitlines()}
                self.read.add(key)
        return [one for one in wanted if one in self.in_lake]

    def warehouse(self, wanted: list[str]) -> Iterable[str]:
        """The warehouse: those of the oldest 500."""
        ids = ", ".join(f"'{one}'" for one in wanted[:500])
        return [
            row[0]
            for row in self.stack.sql(f"SELECT transaction_id FROM core.transaction WHERE transaction_id IN ({ids})")
        ]


def measure(stack: CountedStack, rows: list[dict[str, Any]], rate: float) -> dict[str, list[float]]:
    """Latencies in seconds: of the acknowledgment, and by store."""
    stores, stop = Stores(stack), threading.Event()
    watches = [Watch("DynamoDB", stores.table), Watch("lake", stores.lake), Watch("warehouse", stores.warehouse)]
    sender = Sender(stack)
    stores.know(rows)

    class Watched(Sender):
        """Hands some ids of each request to the watches, once it is answered."""

        def post(self, rows: Any, due: float | None = None) -> Any:
            sent = super().post(rows, due)
            ids = [row["trans_num"] for row in rows[:: max(1, len(rows) // LOOKED_FOR)]][:LOOKED_FOR]
            for watch in watches:
                watch.expect(ids, sent.due)
            return sent

    warm = rows[: 4 * REQUEST_ROWS]
    sender.closed_loop(chunks(warm, REQUEST_ROWS), 2)  # cold starts are another question (benchmarks.cold_start)
    wait_until(
        lambda: stack.sql("SELECT COUNT(*) FROM core.transaction")[0][0] == len(warm), 180, "the warm-up is stored"
    )
    threads = [threading.Thread(target=watch.run, args=(stop,), daemon=True) for watch in watches]
    for thread in threads:
        thread.start()
    sent = Watched(stack).open_loop(chunks(rows[len(warm) :], REQUEST_ROWS), rate / REQUEST_ROWS)
    stop.set()
    for thread in threads:
        thread.join(600)
        assert not thread.is_alive(), "a store never got all that was acknowledged"
    found = {"acknowledged": [one.seconds for one in sent]} | {watch.name: watch.seconds for watch in watches}
    count = "SELECT COUNT(*), COUNT(DISTINCT transaction_id) FROM core.transaction"
    wait_until(lambda: stack.sql(count)[0] == [len(rows)] * 2, 300, "the warehouse has all")
    wait_until(lambda: len(set(stores.lake([])) | stores.in_lake) == len(rows), 120, "the lake has all")
    items = sum(1 for _ in stack.items())
    assert items == len(rows), f"DynamoDB has {items} of {len(rows)}"
    return found


def main() -> int:
    """Measure."""
    arguments = parser(__doc__)
    arguments.add_argument("--rate", type=float, help="transactions per second")
    arguments.add_argument("--seconds", type=float)
    options = arguments.parse_args()
    rate = options.rate or (250.0 if options.quick else 1000.0)
    seconds = options.seconds or (12.0 if options.quick else 300.0)
    report = Report.begin(__file__, __doc__, options)
    wanted = 4 * REQUEST_ROWS + int(rate * seconds / REQUEST_ROWS) * REQUEST_ROWS
    with tempfile.TemporaryDirectory() as name:
        rows = list(raw_rows(input_file(options.data, wanted, Path(name))))
        with running(Path(name)) as stack:
            found = measure(stack, rows, rate)
    table = [
        [
            name,
            len(values),
            *(percentile(values, share) for share in (0.5, 0.9, 0.99)),
            max(values),
            INTERVALS.get(name),
        ]
        for name, values in found.items()
    ]
    columns = ["until", "seen", "p50 s", "p90 s", "p99 s", "most s", "looked every, s"]
    report.table(f"At {rate:,.0f} transactions/s for {seconds:.0f} s; none lost", columns, table)
    shares = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
    series = {name: [(share * 100, percentile(values, share)) for share in shares] for name, values in found.items()}
    report.plot("Latency by percentile", "percentile", "seconds", series, log_y=True)
    for store, limit in LIMITS.items():
        report.target(f"p99 until a transaction is in {store}", percentile(found[store], 0.99), at_most=limit, unit="s")
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
