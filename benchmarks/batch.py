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

import argparse
import json
import os
import platform
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import psutil

from benchmarks.end_to_end import RESULTS, MemoryProbe, input_file
from tests.e2e.stack import Stack, free_port_pair

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
        probe = MemoryProbe(stack)
        probe.start()
        began = time.monotonic()
        (loaded,) = json.loads(stack.run("batch", path, "--json", timeout=3600).stdout)
        total = time.monotonic() - began
        probe.done.set()
        probe.join()
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


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--cores", type=int, nargs="*", default=sorted({os.cpu_count() or 1, 1}, reverse=True))
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = input_file(options.data, options.rows, Stack(home=folder / "home", port=0), folder)
        runs = [measure(path, options.rows, cores, folder) for cores in options.cores]
        size = path.stat().st_size
    result = {
        "rows": options.rows,
        "megabytes": round(size / 10**6, 1),
        "input": options.data.name if options.data else "simulated",
        "machine": f"{os.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB",
        "python": platform.python_version(),
        "load_average_at_end": round(os.getloadavg()[0], 1),
        "runs": runs,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "batch.json").write_text(json.dumps(result, indent=2) + "\n")
    for run in runs:
        print(f"\n{options.rows:,} rows on {run['cores']} cores, peak {run['peak_memory_mib']:,} MiB")
        for step, taken in run["steps"].items():
            print(f"  {step:26} {taken['seconds']:8.1f} s  {taken['rows_per_second']:10,} rows/s")


if __name__ == "__main__":
    main()
