"""How much does a lookup read for what it gives, and how long does the handler take besides the store?

Method: the first ``--rows`` rows of ``--data`` (CSV or Parquet in the Kaggle schema; without it, simulated rows) become
items of tables in this process that obey Query's order, limits and cursors (tests/unit/fakes/query_table.py), answering
at most 1,300 items at a time: 1 MB of them. Random cards, merchants and windows are asked for through the deployed
function's own code, from API Gateway's event to its answer, page by page, and compared with a scan of the rows. Per
call: the handler's time less the time within the store's client; items read and items given as the store counts them.
Clocks, of calls after a warm-up of 50: perf_counter, and thread_time beside it, which a busy machine does not stretch.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import os
import platform
import random
import tempfile
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet

from shared.errors import RejectedError
from shared.query.api import Api
from shared.query.reader import Reader
from shared.sinks.item import key_of, merchant_bucket, to_item
from shared.sinks.merchants import entry_keys
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction
from tests.unit.fakes.api_events import READER, read_event
from tests.unit.fakes.events import Context
from tests.unit.fakes.query_table import FakeTables
from tests.unit.fakes.rows import CARD_KEY

RESULTS = Path(__file__).parent / "results"
ITEMS_PER_MEGABYTE = 1_300
WARM_UP = 50


class Secret:
    """The card key, without a store."""

    def get(self) -> bytes:
        return CARD_KEY


class TimedTables(FakeTables):
    """Counts the time spent within, and the items of transactions read."""

    spent = spent_cpu = 0.0
    read = 0

    def query(self, **asked: Any) -> dict[str, Any]:
        started, started_cpu = time.perf_counter(), time.thread_time()
        answer = super().query(**asked)
        if asked["TableName"] == "transactions":
            self.read += answer["ScannedCount"]
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


def source_rows(data: Path | None, most: int) -> Iterator[dict[str, Any]]:
    """Rows as text, as a CSV file has them."""
    if data is None:
        from client.commands.generate import generate

        path = Path(tempfile.mkdtemp()) / "rows.csv"
        generate(rows=most, seed=1, out=path)
        data = path
    if data.suffix == ".parquet":
        for batch in pyarrow.parquet.ParquetFile(data).iter_batches(batch_size=10_000):
            yield from ({k: str(v) for k, v in row.items()} for row in batch.to_pylist())
    else:
        with data.open(newline="") as file:
            yield from csv.DictReader(file)


def transactions_of(data: Path | None, most: int) -> list[Transaction]:
    rows = (row for row, _ in zip(source_rows(data, most), range(most), strict=False))
    parsed = parse_many(rows, CARD_KEY)
    return [one for one in parsed if not isinstance(one, RejectedError)]


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(transactions: list[Transaction], questions: int, seed: int) -> dict[str, Any]:
    """Ask, compare with a scan, and give the figures by page size."""
    tables = TimedTables(ITEMS_PER_MEGABYTE)
    tables.load(transactions)
    api = Api(Reader(tables, "transactions", "merchants"), Secret(), READER)
    by_key: dict[str, list[Transaction]] = defaultdict(list)
    for one in sorted(transactions, key=lambda t: (t.occurred_at, t.transaction_id)):
        by_key[one.card_id].append(one)
        by_key[one.merchant_id].append(one)
    gc.collect()
    gc.freeze()  # a function holds no half a million rows that its garbage collection would go through
    choose = random.Random(seed)
    figures: dict[str, Any] = {}
    for limit in (10, 100, 1000):
        times: list[float] = []
        cpu: list[float] = []
        read = given = calls = 0
        for _ in range(questions):
            one, edge = choose.choice(transactions), choose.choice(transactions)
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


def main() -> None:
    """Measure, print, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=551_093)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=6)
    arguments = parser.parse_args()
    transactions = transactions_of(arguments.data, arguments.rows)
    result = {
        "question": "items read per row given, and the handler's time besides the store, by page size",
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "load_average": os.getloadavg()[0],
        },
        "transactions": len(transactions),
        "by_limit": measure(transactions, arguments.questions, arguments.seed),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "query.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
