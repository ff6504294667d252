"""How fast does the whole stream path go on a laptop, and when is the last transaction in every store?

Method: a stack of its own is started and deployed in a fresh home. The first ``--rows`` rows of ``--data`` (CSV or
Parquet in the Kaggle schema; without it, simulated rows) are sent with `swipeline send` (4 workers, 500 rows each).
Meanwhile the three stores are polled; a store is complete when it holds every row once. Memory is the proportional set
size (PSS) of every process of the stack, functions included, sampled twice a second; the peak of the sum is reported.
Clock: monotonic, from the first request.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow.csv
import pyarrow.parquet

from tests.e2e.stack import Stack, free_port_pair

RESULTS = Path(__file__).parent / "results"


def stack_processes(stack: Stack) -> list[psutil.Process]:
    """Every process whose environment names this stack's home, and their children."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if process.environ().get("SWIPELINE_HOME") == str(stack.home) and process.pid != os.getpid():
                found[process.pid] = process
                found |= {child.pid: child for child in process.children(recursive=True)}
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return list(found.values())


class MemoryProbe(threading.Thread):
    """Samples the stack's memory until stopped; ``peak`` in bytes."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.stack, self.peak, self.done = stack, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.5):
            total = 0
            for process in stack_processes(self.stack):
                try:
                    total += process.memory_full_info().pss
                except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
                    continue
            self.peak = max(self.peak, total)


def input_file(data: Path | None, rows: int, stack: Stack, folder: Path) -> Path:
    path = folder / "input.csv"
    if data is None:
        stack.run("generate", "--rows", rows, "--seed", 1, "--out", path)
    elif data.suffix == ".parquet":
        pyarrow.csv.write_csv(next(pyarrow.parquet.ParquetFile(data).iter_batches(batch_size=rows)), path)
    else:
        with data.open() as source:
            path.write_text("".join(line for _, line in zip(range(rows + 1), source, strict=False)))
    return path


def measure(stack: Stack, path: Path, rows: int) -> dict[str, Any]:
    probe = MemoryProbe(stack)
    probe.start()
    started = time.monotonic()
    sent = json.loads(stack.run("send", path, "--json", timeout=600).stdout)
    acknowledged = time.monotonic() - started
    report = json.loads(stack.run("reconcile", "--file", path, "--wait", 300, "--json", timeout=600).stdout)
    complete = time.monotonic() - started
    probe.done.set()
    probe.join()
    hops = report["hops"]
    written = {store: hops[store]["written"] for store in ("dynamodb", "lake", "warehouse")}
    assert all(count == rows for count in written.values()), written
    return {
        "rows": rows,
        "acknowledged": sent["accepted"],
        "seconds_to_last_acknowledgement": round(acknowledged, 1),
        "acknowledged_per_second": round(sent["accepted"] / acknowledged),
        "seconds_to_complete_in_all_stores": round(complete, 1),
        "seconds_from_last_sent_to_all_stores": round(complete - acknowledged, 1),
        "peak_memory_mib": round(probe.peak / 2**20),
        "written": written,
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--data", type=Path)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(home=Path(folder) / "home", port=free_port_pair())
        try:
            stack.run("up")
            path = input_file(options.data, options.rows, stack, Path(folder))
            result = measure(stack, path, options.rows)
        finally:
            stack.run("down", check=False)
    result |= {
        "input": options.data.name if options.data else "simulated",
        "machine": f"{os.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB",
        "python": platform.python_version(),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "end_to_end.json").write_text(json.dumps(result, indent=2) + "\n")
    for name, value in result.items():
        print(f"{name:40} {value}")


if __name__ == "__main__":
    main()
