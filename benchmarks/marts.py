"""What does a refresh of the marts cost as the warehouse grows, how fast are they read, and are they right?

Usage: python -m benchmarks.marts [--quick] [--data FILE] [--also FILE...]

Method: for each size, a warehouse of its own (local/redshift, Data API) is loaded by COPY and merge.sql with the first
rows of --data and --also (Parquet in the Kaggle schema; without, simulated rows), alerts of the fraud model included.
Measured: the refresh that makes all marts (the best of three, emptied in between), then three refreshes of 1/20 of the
rows more, 10,000 at most (the best of them). Then each chart's question is asked five times, without a filter and with
all of them, from the call to the answer's rows (median). At the end every mart is compared with a computation from the
source files in other SQL (benchmarks/marts_check.py); mart.purchase row by row up to 100,000 rows, else by month and
all filters.
"""

from __future__ import annotations

import gzip
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import core_files
from benchmarks.frame import Report, parser
from benchmarks.marts_check import differences
from benchmarks.warehouse import Own, own
from client.simulator import Settings, batches
from shared.warehouse.marts import rebuild

SIZES, QUICK_SIZES = (10_000, 100_000, 1_851_291), (1_000, 5_000)
MOST_NEW = 10_000
MOST_ROW_BY_ROW = 100_000
FILTERS = (
    "WHERE purchase_date BETWEEN CAST('2019-06-01' AS DATE) AND CAST('2020-09-30' AS DATE)"
    " AND state IN ('CA', 'NY', 'TX') AND category IN ('grocery_pos', 'travel', 'misc_net')"
    " AND gender IN ('F') AND age_band IN ('25-34', '35-44', '45-54')"
)
# What a chart groups by, and what it shows.
QUESTIONS = {
    "key figures": ("", "COUNT(*) AS n, SUM(amount) AS a, COUNT(DISTINCT customer_id), COUNT(DISTINCT merchant_id)"),
    "week": ("DATE_TRUNC('week', purchase_date)", "SUM(amount) AS a"),
    "state and gender": ("state, gender", "COUNT(*) AS n, SUM(amount) AS a, COUNT(DISTINCT customer_id) AS c"),
    "category and gender": ("category, gender", "COUNT(*) AS n, SUM(amount) AS a"),
    "year of birth": ("birth_year", "COUNT(*) AS n, SUM(amount) AS a"),
    "weekday and hour": ("weekday, hour_of_day", "COUNT(*) AS n, SUM(amount) AS a"),
    "merchant": ("merchant_id", "COUNT(*) AS n, SUM(amount) AS a, COUNT(DISTINCT customer_id) AS c"),
    "fraud by age": (
        "age_band",
        "SUM(CASE WHEN is_fraud THEN amount END) AS a, SUM(CASE WHEN is_alert THEN 1 END) AS n",
    ),
}
VIEWS = ("overview", "customer_segment", "merchant_league", "category_by_state", "fraud_by_state")


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def source_of(files: Sequence[Path], rows: int, folder: Path) -> Path:
    """A Parquet file of the first ``rows`` rows. Raises ValueError when there are fewer."""
    tables = [pq.read_table(path) for path in files] or [
        pa.Table.from_batches(batches(Settings.of(rows=rows, seed=1, customers=983)))
    ]
    table = pa.concat_tables(
        [one.select([c for c in one.column_names if c not in core_files.DROPPED]) for one in tables]
    )
    if table.num_rows < rows:
        raise ValueError(f"{table.num_rows} rows, {rows} are wanted")
    target = folder / f"source-{rows}.parquet"
    pq.write_table(table.slice(0, rows), target)
    return target


def measure(files: Sequence[Path], rows: int, folder: Path) -> dict[str, Any]:
    """Load, refresh, ask, compare."""
    source = source_of(files, rows, folder)
    parquet = core_files.transactions([source], folder=folder / f"made-{rows}")
    alerts = core_files.alert_lines(parquet)
    loaded, new = pq.read_table(parquet), min(MOST_NEW, rows // 20)
    first = rows - 3 * new
    slices = [(0, first), *((first + part * new, new) for part in range(3))]
    with own(folder / f"warehouse-{rows}") as warehouse:
        warehouse.migrate()
        paths = [folder / f"slice-{rows}-{number}.parquet" for number in range(len(slices))]
        for path, (start, count) in zip(paths, slices, strict=True):
            pq.write_table(loaded.slice(start, count), path)
        warehouse.load(paths[0])
        for path in alerts:
            warehouse.load_alerts(path, core_files.ALERT_COLUMNS)
        built = []
        for _ in range(3):
            rebuild(warehouse.warehouse, 60)
            built.append(seconds(warehouse.refresh))
        added = []
        for path in paths[1:]:
            warehouse.load(path)
            added.append(seconds(warehouse.refresh))
        lines = [line for path in alerts for line in gzip.decompress(path.read_bytes()).splitlines()]
        listed = [json.loads(line)["transaction_id"] for line in lines]
        wrong = differences(warehouse, [source], listed, () if rows <= MOST_ROW_BY_ROW else ("purchase",))
        return {
            "rows": rows,
            "build": min(built),
            "built": first,
            "add": min(added),
            "added": new,
            "alerts": len(listed),
            "wrong": {name: count for name, count in wrong.items() if count},
            "marts": len(wrong),
            "questions": ask(warehouse),
        }


def ask(warehouse: Own) -> dict[str, tuple[float, float | None]]:
    """Median seconds per question: without a filter, with all."""

    def median(sql: str) -> float:
        return statistics.median(seconds(lambda: warehouse.run(sql)) for _ in range(5))

    found: dict[str, tuple[float, float | None]] = {}
    for name, (keys, shown) in QUESTIONS.items():
        select, group = (f"SELECT {keys}, {shown}", f"GROUP BY {keys}") if keys else (f"SELECT {shown}", "")
        found[name] = (
            median(f"{select} FROM mart.purchase {group}"),
            median(f"{select} FROM mart.purchase {FILTERS} {group}"),
        )
    for view in VIEWS:
        found[f"mart.{view}"] = (median(f"SELECT * FROM mart.{view}"), None)
    [card] = warehouse.run("SELECT card_id FROM mart.card_purchase LIMIT 1")
    found["a card"] = (median(f"SELECT * FROM mart.card WHERE card_id = '{card['card_id']}'"), None)
    return found


def main() -> int:
    """Measure each size; print and keep the result. 1 if a mart is wrong."""
    arguments = parser(__doc__)
    arguments.add_argument("--also", type=Path, nargs="*", default=[], help="files that follow --data")
    options = arguments.parse_args()
    report = Report.begin(__file__, __doc__, options)
    files = [options.data, *options.also] if options.data else []
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(files, rows, Path(folder)) for rows in (QUICK_SIZES if options.quick else SIZES)]
    options.also = len(options.also)
    report.table(
        "Refresh",
        [
            "rows",
            "all marts made, s",
            "us per row",
            "new rows",
            "these added, s",
            "us per new row",
            "marts compared",
            "wrong",
        ],
        [
            [
                *(one["rows"], round(one["build"], 2), round(one["build"] / one["built"] * 1e6, 2)),
                *(one["added"], round(one["add"], 3), round(one["add"] / one["added"] * 1e6, 1)),
                *(one["marts"], len(one["wrong"])),
            ]
            for one in found
        ],
    )
    largest, before = found[-1], found[-2]
    report.table(
        f"Reading {largest['rows']:,} rows, ms",
        ["question", "no filter", "all filters"],
        [
            [name, *(None if one is None else round(one * 1000, 1) for one in two)]
            for name, two in largest["questions"].items()
        ],
    )
    per_row = [one["build"] / one["built"] for one in (largest, before)]
    report.target(
        f"time per row, {largest['rows']:,} against {before['rows']:,} rows",
        round(per_row[0] / per_row[1], 2),
        at_most=1.5,
    )
    slowest = max(one for two in largest["questions"].values() for one in two if one is not None)
    report.target("slowest question of a chart", round(slowest, 3), at_most=1.0, unit="s")
    report.target("marts that differ from the source files", sum(len(one["wrong"]) for one in found), at_most=0)
    report.figures = {"sizes": found}
    published = report.publish()
    return published or int(any(one["wrong"] for one in found))


if __name__ == "__main__":
    raise SystemExit(main())
