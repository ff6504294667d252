"""Fills a warehouse from files, past the API: COPY of Parquet, staging, merge.sql, the marts.

Usage: python -m benchmarks.load_core --data FILE... [--rows N] [--no-alerts] [--home FOLDER]

FILE is Parquet in the Kaggle schema. FOLDER is the embedded AWS's own warehouse by default: stop it before
(`swipeline down`) and start it after. Any other folder is for `benchmarks.warehouse.own`. What is made of the
files is kept under build/core, so a second warehouse takes seconds. Cards get other tokens than the API gives them: the
card key is the tests'. Loading a file again changes nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import core_files
from benchmarks.warehouse import Own, own
from local.settings import Settings


def fill(warehouse: Own, files: Sequence[Path], rows: int | None = None, with_alerts: bool = True) -> int:
    """Migrate, load the files with their alerts, refresh the marts; give the number of rows new to core."""
    parquet = core_files.transactions(files, rows)
    alerts = core_files.alert_lines(parquet) if with_alerts else []
    warehouse.migrate()
    inserted = sum(int(warehouse.load(path)["inserted"]) for path in parquet)
    for path in alerts:
        warehouse.load_alerts(path, core_files.ALERT_COLUMNS)
    warehouse.refresh()
    return inserted


def main() -> int:
    """Fill the tables and return their counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--no-alerts", action="store_true")
    parser.add_argument("--home", type=Path, help="default: of the embedded AWS")
    given = parser.parse_args()
    console, began = Console(), time.monotonic()
    with own(given.home or Settings.from_environment().state / "redshift") as warehouse:
        inserted = fill(warehouse, given.data, given.rows, not given.no_alerts)
        [overview] = warehouse.run("SELECT * FROM mart.overview")
    console.print(f"{inserted:,} rows new to core in {time.monotonic() - began:.0f} s")
    console.print(overview)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
