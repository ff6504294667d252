"""How fast is the simulator on one core, and does its memory stay bounded with a million customers?

Method: each case in a process of its own, pinned to one core, writes a CSV file; set-up (names, people) is part of the
time. Peak memory is the process's largest resident set.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.frame import Report, parser


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


def main() -> int:
    """Measure each case."""
    options = parser(__doc__).parse_args()
    cases = [(50_000, 1_000)] if options.quick else [(2_000_000, 10_000), (2_000_000, 1_000_000)]
    report = Report.begin(__file__, __doc__, options)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        found = list(pool.imap(measure, cases))
    columns = ["rows", "customers", "seconds", "rows per s", "bytes per row", "peak memory, MiB"]
    report.table("To a CSV file, on one core", columns, [list(one.values()) for one in found])
    report.target("simulated rows per second", min(one["rows_per_second"] for one in found), at_least=100_000)
    report.figures = {"cases": found}
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
