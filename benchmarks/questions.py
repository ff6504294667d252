"""How much CPU does the warehouse need to answer the questions of each page of the dashboard?

Method: a warehouse in this process is filled with the files' rows and their alerts (benchmarks.load_core). Each page's
questions are asked as the page asks them, in one batch through the Data API, three times under dates from 2 March 2020
on, with the period before to compare with. What counts is this process' CPU, all threads, of the cheapest of the three:
unlike the time on a clock it hardly depends on what else the machine does. benchmarks.dashboard has the time that a
reader waits.

Usage: python -m benchmarks.questions --data TRAIN.parquet --also TEST.parquet [--home FOLDER]

FOLDER is a warehouse that benchmarks.load_core has filled; its rows are not loaded again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from benchmarks.dashboard import made
from benchmarks.frame import Report, parser
from benchmarks.load_core import fill
from benchmarks.warehouse import Own, own
from dashboard.compare import bound, previous
from dashboard.data_api import Marts
from dashboard.filters import Filters
from dashboard.views import customers, fraud, merchants, overview, purchases, regions

FROM, TIMES = date(2020, 3, 2), 3
MOST_SECONDS = 1.0  # of CPU: on two cores, half of what a click may take


def main() -> int:
    """Fill, ask, report."""
    options = parser(__doc__)
    options.add_argument("--also", type=Path, nargs="*", default=[], help="more files, in Parquet")
    options.add_argument("--home", type=Path, help="a warehouse that is filled already")
    given = options.parse_args()
    report = Report.begin(__file__, __doc__, given)
    with tempfile.TemporaryDirectory() as folder, own(given.home or Path(folder) / "warehouse") as warehouse:
        if not given.home:
            files = [given.data, *given.also] if given.data and not given.quick else [made(given, Path(folder))]
            fill(warehouse, files)
        _ask(report, warehouse)
    return report.publish()


def pages(first: date, last: date) -> Iterator[tuple[str, dict[str, str], Mapping[str, str]]]:
    """Name, questions and parameters of each page; ``first`` and ``last`` bound the data."""
    chosen = Filters(first=FROM)
    before, days = bound(previous(chosen, first, last))
    where, alone, compared = chosen.where, chosen.parameters, chosen.parameters | days
    yield "Overview", overview.questions(where, "week", before), compared
    yield "Regions", regions.questions(where), alone
    yield "Customers", customers.questions(where), alone
    yield "Merchants", merchants.questions(where), alone
    yield "Fraud", fraud.questions(where, "week", before), compared
    yield "Purchases", purchases.questions(where, before), compared


def _ask(report: Report, warehouse: Own) -> None:
    marts = Marts(warehouse.warehouse)
    [held] = warehouse.run("SELECT transactions, first_date, last_date FROM mart.overview")
    first, last = (date.fromisoformat(str(held[name])[:10]) for name in ("first_date", "last_date"))
    rows = []
    for name, questions, parameters in pages(first, last):
        seconds = min(_cpu(marts, questions, parameters) for _ in range(TIMES))
        rows.append([name, len(questions), round(seconds, 3)])
        report.target(f"{name}, CPU of its questions", round(seconds, 3), at_most=MOST_SECONDS, unit="s")
    report.table(f"At {int(held['transactions']):,} purchases", ["page", "questions", "CPU, s"], rows)


def _cpu(marts: Marts, questions: dict[str, str], parameters: Mapping[str, str]) -> float:
    began = time.process_time()
    marts.ask(questions, parameters, seconds=600)
    return time.process_time() - began


if __name__ == "__main__":
    raise SystemExit(main())
