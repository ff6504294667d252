"""How much does a lookup read for what it gives, and how long does the handler take besides the store?

Method: the first rows of ``--data`` (CSV or Parquet in the Kaggle schema; without it, simulated rows) become items of
tables in this process that obey Query's order, limits and cursors (tests/unit/fakes/query_table.py), answering at most
1,300 items at a time: 1 MB of them. Random cards, merchants and windows are asked for through the deployed function's
own code, from API Gateway's event to its answer, page by page, and compared with a scan of the rows. boto3's client is
within, signing and parsing; only the network is not. Per call: the handler's time less the time within the store; items
read and items given as the store counts them. Clocks, of calls after a warm-up of 50: perf_counter, and thread_time
beside it, which a busy machine does not stretch.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from bisect import bisect_left
from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson

from benchmarks.frame import Report, parser
from benchmarks.rows import input_file, transactions
from shared.aws import read_items_plainly
from shared.memory import tune_gc
from shared.sinks.item import key_of, merchant_bucket, to_item
from shared.sinks.merchants import entry_keys
from shared.transaction.schema import Transaction
from tests.unit.fakes.api_events import read_event
from tests.unit.fakes.dynamodb_wire import wire_client
from tests.unit.fakes.events import Context
from tests.unit.fakes.query_api import make_api
from tests.unit.fakes.query_table import FakeTables

ITEMS_PER_MEGABYTE = 1_300
WARM_UP = 50


class TimedTables(FakeTables):
    """Counts the time spent within, and the items of transactions read."""

    spent = spent_cpu = 0.0
    read = 0

    def answer(self, **asked: Any) -> bytes:
        """The answer to a Query, as DynamoDB sends it."""
        started, started_cpu = time.perf_counter(), time.thread_time()
        found = self.query(**asked)
        answer = orjson.dumps(found)
        if asked["TableName"] == "transactions":
            self.read += found["ScannedCount"]
        self.spent += time.perf_counter() - started
        self.spent_cpu += time.thread_time() - started_cpu
        return answer

    def load(self, transactions: list[Transaction]) -> None:
        """Store all at once: sorted at the end, not item by item."""
        self.stored["transactions"] = LazyItems()
        for one in transactions:
            key = key_of(one)
            self.stored["transactions"][key] = one  # type: ignore[assignment]  # an item when it is read
            self.sorted["transactions"][key[0]].append((key[1], *key))
            self.sorted["merchant-time"][merchant_bucket(one.merchant_id, one.occurred_at[:7])].append((key[1], *key))
            for part, sort in entry_keys(one):
                if (part, sort) not in self.stored["merchants"]:
                    self.stored["merchants"][part, sort] = {"part": {"S": part}, "sort": {"S": sort}}
                    self.sorted["merchants"][part].append((sort, part, sort))
        for index in self.sorted.values():
            for entries in index.values():
                entries.sort()


class LazyItems(dict[tuple[str, ...], Any]):
    """Transactions that become items when they are read: as items, half a million take 4 GB."""

    def __getitem__(self, key: tuple[str, ...]) -> Any:
        return to_item(super().__getitem__(key))


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(stored: list[Transaction], questions: int, seed: int) -> dict[str, Any]:
    """Ask, compare with a scan, and give the figures by page size."""
    tables = TimedTables(ITEMS_PER_MEGABYTE)
    tables.load(stored)
    api = make_api(tables, client=read_items_plainly(wire_client({"Query": tables.answer})))
    by_key: dict[str, list[Transaction]] = defaultdict(list)
    for one in sorted(stored, key=lambda t: (t.occurred_at, t.transaction_id)):
        by_key[one.card_id].append(one)
        by_key[one.merchant_id].append(one)
    tune_gc()  # as the function does; it also leaves half a million rows out, which no function holds
    choose = random.Random(seed)
    figures: dict[str, Any] = {}
    for limit in (10, 100, 1000):
        times: list[float] = []
        cpu: list[float] = []
        read = given = calls = 0
        for _ in range(questions):
            one, edge = choose.choice(stored), choose.choice(stored)
            begin, end = sorted((one.occurred_at, edge.occurred_at))
            by_card = choose.random() < 0.5
            key = {"card_id": one.card_id} if by_card else {"merchant": one.merchant}
            window = choose.choice([{}, {"from_": begin}, {"to": end}, {"from_": begin, "to": end}])
            candidates = by_key[one.card_id if by_card else one.merchant_id]
            when = [t.occurred_at for t in candidates]
            low = bisect_left(when, window.get("from_", ""))
            high = bisect_left(when, window.get("to", "~"))
            expected = [t.transaction_id for t in candidates[low:high]][::-1]
            found: list[str] = []
            cursor: dict[str, str] = {}
            for _ in range(20):
                event = read_event("/transactions", **key, **window, limit=str(limit), **cursor)
                tables.spent, tables.spent_cpu, tables.read = 0.0, 0.0, 0
                started, started_cpu = time.perf_counter(), time.thread_time()
                response, _counts = api.respond(event, "benchmark", Context())
                times.append(time.perf_counter() - started - tables.spent)
                cpu.append(time.thread_time() - started_cpu - tables.spent_cpu)
                page = json.loads(response["body"])
                found += [row["transaction_id"] for row in page["transactions"]]
                read, given, calls = read + tables.read, given + len(page["transactions"]), calls + 1
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
            assert found == expected[: len(found)], (key, window)
            assert page["next_cursor"] is not None or len(found) == len(expected), (key, window)
        times, cpu = times[WARM_UP:] or times, cpu[WARM_UP:] or cpu
        figures[str(limit)] = {
            "calls": calls,
            "rows_given": given,
            "items_read_per_row_given": round(read / max(given, 1), 4),
            "handler_ms_p50": round(percentile(times, 0.5) * 1000, 2),
            "handler_ms_p99": round(percentile(times, 0.99) * 1000, 2),
            "handler_cpu_ms_p50": round(percentile(cpu, 0.5) * 1000, 2),
            "handler_cpu_ms_p99": round(percentile(cpu, 0.99) * 1000, 2),
        }
    return figures


def main() -> int:
    """Measure at growing numbers of rows: what a lookup costs must not depend on them."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int, nargs="*")
    arguments.add_argument("--questions", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=6)
    options = arguments.parse_args()
    sizes = options.rows or ([2_000, 20_000] if options.quick else [10_000, 100_000, 500_000])
    if options.quick:
        options.questions = min(options.questions, 60)
    report = Report.begin(__file__, __doc__, options)
    found: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            found[rows] = measure(
                transactions(input_file(options.data, rows, Path(folder))), options.questions, options.seed
            )
    columns = ["rows", "page", "calls", "items read per row given", "p50 ms", "p99 ms", "CPU p50 ms", "CPU p99 ms"]
    report.table(
        "A call by the size of the table and of the page, besides the store",
        columns,
        [
            [rows, int(limit), one["calls"], one["items_read_per_row_given"]]
            + [one[name] for name in ("handler_ms_p50", "handler_ms_p99", "handler_cpu_ms_p50", "handler_cpu_ms_p99")]
            for rows, by_limit in found.items()
            for limit, one in by_limit.items()
        ],
    )
    report.plot(
        "CPU of a lookup as the table grows",
        "rows in the table",
        "ms, median",
        {
            f"page of {limit}": [(rows, found[rows][limit]["handler_cpu_ms_p50"]) for rows in sizes]
            for limit in found[sizes[0]]
        },
        log_x=True,
    )
    read = max(one["items_read_per_row_given"] for by_limit in found.values() for one in by_limit.values())
    report.target("items read per row given, the worst page", read, at_most=1.05)
    slowest = max(one["handler_ms_p99"] for by_limit in found.values() for one in by_limit.values())
    report.target("handler's p99 besides the store, the worst page", slowest, at_most=25, unit="ms")
    report.figures = {str(rows): by_limit for rows, by_limit in found.items()}
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
