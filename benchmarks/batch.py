"""How fast does the batch path load a file on a laptop, step by step, beside a plain load of the same file into DuckDB?

Method: for each number of cores (all of them, then one; the stack is pinned to them), a stack of its own is started
in a fresh home and loads the first ``--rows`` rows of ``--data`` (CSV or Parquet in the Kaggle schema; without it,
simulated rows) with `swipeline batch`. A step's time is what lies between its state and the next in the execution's
history: crawl (with the embedded AWS's start of it), transform (Spark's start, reading, checking, tokenising, writing
Parquet, to S3 and back), load (COPY, merge into core, reconciliation). Before it, DuckDB reads the file with as many
threads into a typed table: no checks, no card tokens, no rejects, no retries. Memory is the stack's proportional set
size, Spark's included; the peak of the sum, sampled twice a second.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.frame import Report, parser
from benchmarks.rows import input_file
from benchmarks.stack import Probe
from local.tests.ports import free_port_pair
from tests.e2e.stack import Stack

STEPS = {"crawl": ("Crawl", "Transform"), "transform": ("Transform", "ReadRun"), "load": ("Load", "Note")}


def plain_duckdb(path: Path, folder: Path, threads: int) -> float:
    """Seconds for a plain load."""
    began = time.monotonic()
    with duckdb.connect(str(folder / "plain.duckdb"), config={"threads": threads}) as database:
        database.execute(f"CREATE TABLE t AS SELECT * FROM read_csv('{path}', types = {{'cc_num': 'VARCHAR'}})")
    seconds = time.monotonic() - began
    (folder / "plain.duckdb").unlink()
    return seconds


def step_seconds(stack: Stack, run_id: str) -> dict[str, float]:
    arn = stack.outputs["BatchMachineArn"].replace(":stateMachine:", ":execution:") + f":{run_id}"
    pages = stack.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    entered: dict[str, datetime] = {}
    for page in pages:
        for event in page["events"]:
            if "stateEnteredEventDetails" in event:
                entered.setdefault(event["stateEnteredEventDetails"]["name"], event["timestamp"])
    return {step: (entered[last] - entered[first]).total_seconds() for step, (first, last) in STEPS.items()}


def measure(path: Path, rows: int, cores: int, folder: Path) -> dict[str, Any]:
    os.sched_setaffinity(0, set(range(cores)))  # the stack's processes inherit it
    plain = plain_duckdb(path, folder, cores)
    stack = Stack(home=folder / f"home-{cores}", port=free_port_pair())
    try:
        stack.run("up")
        probe = Probe(stack)
        probe.start()
        began = time.monotonic()
        (loaded,) = json.loads(stack.run("batch", path, "--json", timeout=3600).stdout)
        total = time.monotonic() - began
        probe.stop()
        steps = step_seconds(stack, loaded["run_id"])
    finally:
        stack.run("down", check=False)
    assert loaded["inserted"] == rows, loaded
    seconds = {"plain DuckDB load": plain, **steps, "all of `swipeline batch`": total}
    return {
        "cores": cores,
        "peak_memory_mib": round(probe.peak / 2**20),
        "steps": {
            step: {"seconds": round(taken, 1), "rows_per_second": round(rows / taken)}
            for step, taken in seconds.items()
        },
    }


def main() -> int:
    """Measure for each number of cores."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int)
    arguments.add_argument("--cores", type=int, nargs="*", default=sorted({os.cpu_count() or 1, 1}, reverse=True))
    options = arguments.parse_args()
    rows = options.rows or (2_000 if options.quick else 100_000)
    report = Report.begin(__file__, __doc__, options)
    with tempfile.TemporaryDirectory() as name:
        path = input_file(options.data, rows, Path(name))
        runs = [measure(path, rows, cores, Path(name)) for cores in options.cores[: 1 if options.quick else None]]
    report.table(
        f"{rows:,} rows",
        ["cores", "step", "seconds", "rows per s", "peak memory, MiB"],
        [
            [run["cores"], step, taken["seconds"], taken["rows_per_second"], run["peak_memory_mib"]]
            for run in runs
            for step, taken in run["steps"].items()
        ],
    )
    series = {
        f"{run['cores']} cores": [(step, taken["seconds"]) for step, taken in run["steps"].items()] for run in runs
    }
    report.plot("Seconds by step", "", "s", series, kind="bar")
    report.figures = {"rows": rows, "runs": runs}
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
