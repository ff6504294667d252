"""How long does a merge into the warehouse take as its core table grows to ten million rows?

Method: the warehouse of the embedded AWS (local/redshift: Redshift's SQL on DuckDB) in this process, in a fresh home,
asked through its Data API. Core is filled from simulated rows by the real COPY and merge, then multiplied by rows of
other ids and times. At each size, batches of new rows are staged and merged with redshift/merge.sql, the smallest of
the merges counts; and one batch that core has already, as after a resend. Checked: each merge inserts what is new,
all of it and nothing else. DuckDB's times, not Redshift's: what carries over is how they grow, and that no statement
of the merge but the look-up of the staged ids touches core.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import core_files
from benchmarks.frame import REPOSITORY, Report, parser
from benchmarks.warehouse import Own, own


def simulated(rows: int, seed: int, folder: Path) -> list[Path]:
    """Simulated rows as the files that COPY takes."""
    path = folder / f"simulated-{seed}.parquet"
    command = [
        sys.executable,
        "-m",
        "client.cli",
        "generate",
        "--rows",
        str(rows),
        "--seed",
        str(seed),
        "--out",
        str(path),
    ]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    return core_files.transactions([path], None, folder / f"parsed-{seed}")


def renamed(columns: list[str], suffix: str) -> str:
    """A list of columns that gives every transaction another id."""
    return ", ".join(f"MD5(transaction_id || '{suffix}')" if name == "transaction_id" else name for name in columns)


def grow(warehouse: Own, size: int) -> None:
    """Multiply core's rows until there are `size`."""
    columns = list(warehouse.run("SELECT * FROM core.transaction LIMIT 1")[0])
    while (there := rows_in(warehouse, "core.transaction")) < size:
        copied = f"SELECT {renamed(columns, str(there))} FROM core.transaction LIMIT {size - there}"
        warehouse.run(f"INSERT INTO core.transaction ({', '.join(columns)}) {copied}")


def rows_in(warehouse: Own, table: str) -> int:
    """How many rows a table has."""
    return int(warehouse.run(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"])


def merges(warehouse: Own, batch: int, size: int, rounds: int) -> tuple[float, float]:
    """Seconds of the quickest merge of new rows, and of the merge of known ones."""
    columns = list(warehouse.run("SELECT * FROM public.batch LIMIT 1")[0])
    seconds = []
    for number in range(rounds + 1):
        suffix = f"{size}-{min(number, rounds - 1)}"  # the last one is a duplicate
        copied = f"SELECT {renamed(columns, suffix)} FROM public.batch"
        warehouse.run(f"INSERT INTO staging.transaction ({', '.join(columns)}) {copied}")
        began = time.monotonic()
        counts = warehouse.merge()
        seconds.append(time.monotonic() - began)
        expected = (batch, 0) if number < rounds else (0, batch)
        assert (int(counts["inserted"]), int(counts["duplicates"])) == expected, counts
    return min(seconds[:-1]), seconds[-1]


def main() -> int:
    """Measure at each size."""
    options = parser(__doc__).parse_args()
    sizes = [20_000, 100_000] if options.quick else [100_000, 1_000_000, 10_000_000]
    batch, rounds = (1_000, 2) if options.quick else (10_000, 5)
    report = Report.begin(__file__, __doc__, options)
    found = []
    with tempfile.TemporaryDirectory() as name, own(Path(name) / "home") as warehouse:
        warehouse.migrate()
        for path in simulated(sizes[0] // 4, 1, Path(name)):
            warehouse.load(path)
        for path in simulated(batch, 2, Path(name)):
            warehouse.stage(path)
        warehouse.run("CREATE TABLE public.batch AS SELECT * FROM staging.transaction")
        assert rows_in(warehouse, "public.batch") == batch
        warehouse.merge()
        for size in sizes:
            grow(warehouse, size)
            before = rows_in(warehouse, "core.transaction")
            new, known = merges(warehouse, batch, size, rounds)
            assert rows_in(warehouse, "core.transaction") == before + batch * rounds
            found.append([before, new, known, new / batch * 1e6])
    columns = ["rows in core", "merge of new rows, s", "merge of known rows, s", "us per new row"]
    report.table(f"A merge of {batch:,} rows", columns, found)
    report.plot(
        f"A merge of {batch:,} rows as core grows",
        "rows in core",
        "seconds",
        {"new rows": [(row[0], row[1]) for row in found], "known rows": [(row[0], row[2]) for row in found]},
        log_x=True,
    )
    larger, longer = found[-1][0] / found[0][0], found[-1][1] / found[0][1]
    report.note(f"Core is {larger:.0f} times as large at the end, a merge takes {longer:.1f} times as long.")
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
