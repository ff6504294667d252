"""Measure the simulator: rows per second on one core and peak memory, each case in a process of its own.

Usage: python benchmarks/generate.py [rows customers]...   (default: 2 million rows, of 10 thousand and 1 million)
The claim to hold: at least 100,000 rows/s to CSV, and a million customers in bounded memory.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from pathlib import Path


def measure(case: tuple[int, int]) -> dict[str, float]:
    """Generate to a CSV file on one core: set-up (names, people) is part of the time."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    from client import simulator

    rows, customers = case
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.csv"
        began = time.perf_counter()
        simulator.write(simulator.batches(simulator.Settings.of(rows, customers=customers)), str(out), "csv")
        seconds = time.perf_counter() - began
        size = out.stat().st_size
    return {
        "rows": rows,
        "customers": customers,
        "seconds": round(seconds, 2),
        "rows_per_second": round(rows / seconds),
        "bytes_per_row": round(size / rows),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    numbers = [int(a.replace(",", "")) for a in sys.argv[1:]] or [2_000_000, 10_000, 2_000_000, 1_000_000]
    cases = list(zip(numbers[::2], numbers[1::2], strict=True))
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for result in pool.imap(measure, cases):
            print(json.dumps(result))


if __name__ == "__main__":
    main()
