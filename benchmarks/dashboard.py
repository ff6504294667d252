"""Is every page of the dashboard there within 2 s of a click, with all rows of the data set, and are its figures right?

Method: an embedded AWS of its own is filled with the files' rows and their alerts (benchmarks.load_core), `swipeline
dashboard` opened; a headless Chromium clicks on each page: the clock runs until every chart is drawn and nothing is
stale. Each round has other dates, so that no answer is remembered; a page that is clicked on again has one. Then the
files behind the charts are downloaded and compared, row by row, with DuckDB's own account of the source files.

Usage: python -m benchmarks.dashboard --data TRAIN.parquet --also TEST.parquet [--running ADDRESS]

With --running, a page that is open already is measured; its warehouse must hold the rows of the files, and no others.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow.csv
import pyarrow.parquet

from benchmarks.frame import Report, parser
from benchmarks.load_core import fill
from benchmarks.rows import input_file
from benchmarks.stack import running
from benchmarks.warehouse import own
from client.dashboard.serve import answers
from dashboard.words import CATEGORIES
from local import manifest
from local.tests.ports import free_port_pair
from tests.browser.chromium import chromium, context
from tests.browser.dashboard import PAGES, Dashboard
from tests.e2e.stack import wait_until

QUICK_ROWS, ROWS = 20_000, 1_851_291
LIMIT_SECONDS = 2.0
_BY = "CAST(SUM(CAST(amt AS DECIMAL(12,2))) AS VARCHAR) AS amount, COUNT(*) AS transactions"
_RATE = "COUNT(*) AS labelled, SUM(is_fraud) AS frauds"
_NAMES = "CASE category " + " ".join(f"WHEN '{code}' THEN '{name}'" for code, name in CATEGORIES.items()) + " END"
_AMOUNT = (
    "[band[2] FOR band IN [(10, 'under 10'), (25, '10-24'), (50, '25-49'), (100, '50-99'), (250, '100-249'), "
    "(500, '250-499'), (1000, '500-999'), (1e12, '1,000+')] IF CAST(amt AS DECIMAL(12,2)) < band[1]][1]"
)
_DOT = (
    "(sin(radians(lat)) * sin(radians(merch_lat)) + cos(radians(lat)) * cos(radians(merch_lat)) "
    "* cos(radians(long - merch_long)))"
)
_KM = (
    "[band[2] FOR band IN [(25, 'under 25'), (50, '25-49'), (75, '50-74'), (100, '75-99'), (150, '100-149'), "
    f"(500, '150-499'), (1e9, '500+')] IF round(6371.0088 * acos(least(1, {_DOT})), 3) < band[1]][1]"
)
# page, file of the chart, its columns, the same from the source files
FIGURES = (
    ("Overview", "spend-by-category", ("category", "amount", "transactions"), f"category, {_BY}"),
    (
        "Overview",
        "purchases-by-weekday-and-hour",
        ("weekday", "hour_of_day", "transactions"),
        "isodow(moment) AS weekday, hour(moment) AS hour_of_day, COUNT(*) AS transactions",
    ),
    ("Regions", "map", ("state", "amount", "transactions"), f"state, {_BY}"),
    ("Regions", "preference", ("state", "category", "amount", "transactions"), f"state, category, {_BY}"),
    ("Customers", "spend-by-gender-and-state", ("state", "gender", "amount"), f"state, gender, {_BY}"),
    ("Customers", "spend-by-gender-and-category", ("category", "gender", "amount"), f"category, gender, {_BY}"),
    (
        "Customers",
        "spend-by-birth-year",
        ("birth_year", "gender", "amount"),
        f"year(CAST(dob AS DATE)) AS birth_year, gender, {_BY}",
    ),
    (
        "Merchants",
        "merchants",
        ("merchant", "amount", "transactions"),
        f"regexp_replace(merchant, '^fraud_', '') AS merchant, {_BY}",
    ),
    ("Fraud", "fraud-rate-by-category", ("category", "labelled", "frauds"), f"category, {_RATE}"),
    ("Fraud", "fraud-rate-by-hour", ("hour_of_day", "labelled", "frauds"), f"hour(moment) AS hour_of_day, {_RATE}"),
    ("Fraud", "fraud-rate-by-state", ("state", "labelled", "frauds"), f"state, {_RATE}"),
    (
        "Fraud",
        "fraud-rate-by-weekday-and-hour",
        ("weekday", "hour_of_day", "labelled", "frauds"),
        f"isodow(moment) AS weekday, hour(moment) AS hour_of_day, {_RATE}",
    ),
    ("Fraud", "fraud-rate-by-amount", ("amount_band", "labelled", "frauds"), f"{_AMOUNT} AS amount_band, {_RATE}"),
    ("Fraud", "fraud-rate-by-distance", ("distance_band", "labelled", "frauds"), f"{_KM} AS distance_band, {_RATE}"),
    (
        "Merchants",
        "merchants-by-category",
        ("merchant", "Category", "amount", "transactions"),
        f"regexp_replace(merchant, '^fraud_', '') AS merchant, {_NAMES} AS \"Category\", {_BY}",
    ),
)


def main() -> int:
    """Fill, open, click, compare."""
    options = parser(__doc__)
    options.add_argument("--also", type=Path, nargs="*", default=[], help="more files, in Parquet")
    options.add_argument("--running", help="the address of a page that is open")
    options.add_argument("--rounds", type=int)
    given = options.parse_args()
    report = Report.begin(__file__, __doc__, given)
    with tempfile.TemporaryDirectory() as folder:
        files = [given.data, *given.also] if given.data and not given.quick else [made(given, Path(folder))]
        with _opened(files, Path(folder), given.running) as address, chromium() as browser, context(browser) as profile:
            page = Dashboard(profile.new_page(), address)
            _time(report, page, given.rounds or (1 if given.quick else 5))
            _compare(report, page, files)
    return report.publish()


def made(given: object, folder: Path) -> Path:
    """Simulated rows, or the first ones of a file, as Parquet."""
    rows = QUICK_ROWS if getattr(given, "quick", False) else ROWS
    text = input_file(getattr(given, "data", None), rows, folder)
    path = text.with_suffix(".parquet")
    texts = ("cc_num", "zip", "trans_date_trans_time", "dob")
    kept = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(texts, "string"))
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(text, convert_options=kept), path)
    return path


@contextmanager
def _opened(files: Sequence[Path], folder: Path, address: str | None) -> Iterator[str]:
    """The page over a warehouse with the files' rows."""
    if address:
        yield address.rstrip("/")
        return
    with running(folder) as stack:
        stack.run("down", timeout=900)
        with own(stack.home / "state" / "redshift") as warehouse:
            rows = fill(warehouse, files)
        manifest.write(stack.home)  # the files are as they are meant to be: `up` would put the old ones back
        stack.run("up", timeout=600)
        [(found,)] = stack.sql("SELECT COUNT(*) FROM core.transaction")
        assert found == rows > 0, (found, rows)
        port = free_port_pair()
        server = stack.start("dashboard", "--no-open", "--port", str(port), "--refresh", "0")
        try:
            wait_until(lambda: answers(port), 90, "the dashboard is up")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _time(report: Report, page: Dashboard, rounds: int) -> None:
    """Each page: asked of the warehouse, and remembered."""
    fresh: dict[str, list[float]] = {name: [] for name in PAGES}
    again: dict[str, list[float]] = {name: [] for name in PAGES}
    page.open("Card lookup")
    for round_ in range(rounds):
        for name in PAGES:  # from another page, under dates that no page was asked for before
            page.open("Card lookup" if name != "Card lookup" else "Overview", **{"from": f"2019-01-{round_ + 2:02d}"})
            fresh[name].append(page.go(name))
            page.go("Card lookup" if name != "Card lookup" else "Overview")
            again[name].append(page.go(name))
    table = [
        [name, *(round(figure, 2) for figure in (statistics.median(fresh[name]), max(fresh[name]))),
         *(round(figure, 2) for figure in (statistics.median(again[name]), max(again[name])))]
        for name in PAGES
    ]  # fmt: skip
    columns = ["page", "asked: median, s", "asked: longest, s", "remembered: median, s", "remembered: longest, s"]
    report.table("From the click to the last chart drawn", columns, table)
    for name in PAGES:
        report.target(f"{name}, from click to complete", round(max(fresh[name]), 2), at_most=LIMIT_SECONDS, unit="s")


def _compare(report: Report, page: Dashboard, files: Sequence[Path]) -> None:
    """The downloads against the files, both sorted as text."""
    source = ", ".join(f"'{path}'" for path in files)
    moment = "CAST(trans_date_trans_time AS TIMESTAMP) AS moment"
    rows, differing = [], 0
    shown = ""
    for name, chart, columns, select in FIGURES:
        if name != shown:
            page.open(name)
            shown = name
        data = page.download(chart)
        if "amount" in columns:
            data["amount"] = data["amount"].map("{:.2f}".format)
        ours = sorted(tuple(map(str, row)) for row in data[list(columns)].itertuples(index=False))
        direct = duckdb.sql(
            f"SELECT {', '.join(columns)} FROM (SELECT {select} "
            f"FROM (SELECT *, {moment} FROM read_parquet([{source}], union_by_name=true)) GROUP BY ALL)"
        ).fetchall()
        theirs = sorted(tuple(map(str, row)) for row in direct)
        missing = len(set(ours) ^ set(theirs))
        differing += missing
        rows.append([name, chart, len(theirs), missing])
    report.table("Figures against DuckDB's account of the source files", ["page", "chart", "rows", "differing"], rows)
    report.target("rows of the charts that differ from the source files", differing, at_most=0)


if __name__ == "__main__":
    raise SystemExit(main())
