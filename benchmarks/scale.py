"""Does a transaction take the same time at a million rows as at ten thousand?

Method: one stack for each number of rows, in a fresh home, warmed by 1,000 simulated rows, so that no cold start is
counted. All inputs are of 1,000 cards, as the data set is: fraud detection writes a profile once per card and batch, so
that more cards are more work per row at any number of rows (the last table: 100,000 rows of more and of fewer cards).
The rows are sent with `swipeline send` and its defaults, until every store has them (counted as
benchmarks/end_to_end.py does, without scans); then `swipeline reconcile` must find each once in every store. Figures:
the time per row until the last is in the last store; the CPU per row of all of the stack's processes (psutil, user and
system, from the first request until all is stored, scored and in the marts, less what the idle stack took in as much
time before), which a constant delay at the end (the delivery's buffer, the schedules of merge and marts) does not blur;
and the time per row until the last acknowledgment. This one has no target: ten thousand rows are acknowledged before
the functions behind the stream have started to take their share of the cores.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from benchmarks.frame import Report, parser
from benchmarks.rows import input_file
from benchmarks.stack import CountedStack, Probe, processes, running, wait_for_stores
from tests.e2e.stack import Stack, wait_until

PROFILES = "swipeline-local-profiles"
_NAME = re.compile(r"local\.supervised local\.(\w+)|ministack-lambda-swipeline-local-([a-z0-9-]+)-\w{8}/_worker")
WARM_ROWS, IDLE_SECONDS = 1_000, 10.0
CARDS = 1_000
OTHER_CARDS = (100, 10_000)


def cpu_seconds(stack: Stack) -> Counter[str]:
    """CPU of the stack's processes so far, by name; of children that have ended, too, as their parent's."""
    found: Counter[str] = Counter()
    for process in processes(stack):
        try:
            times, command = process.cpu_times(), " ".join(process.cmdline())
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        name = _NAME.search(command)
        found[next(filter(None, name.groups())) if name else "others"] += (
            times.user + times.system + times.children_user + times.children_system
        )
    return found


def wait_for_all(stack: CountedStack, rows: int) -> None:
    """Wait until every store has ``rows`` rows."""
    outputs = stack.outputs
    wait_for_stores(stack, rows, "core.transaction", outputs["TableName"], outputs["LakeBucket"], "transaction_id")


def wait_for_the_rest(stack: CountedStack, rows: int) -> None:
    """Wait until the rows are scored and in the marts: work that a short run would leave unmeasured."""
    profiles = stack.client("dynamodb").get_paginator("scan")

    def done() -> bool:
        if stack.sql("SELECT COUNT(*) FROM mart.purchase")[0][0] < rows:
            return False
        items = (item for page in profiles.paginate(TableName=PROFILES) for item in page["Items"])
        return sum(int(item["scored"]["N"]) for item in items) >= rows

    wait_until(done, 600, "fraud detection and marts", every=2.0)  # a scan: seldom, for its CPU is counted


def measure(path: Path, rows: int, folder: Path) -> dict[str, Any]:
    """Send and wait, on a stack of its own."""
    with running(folder) as stack:
        warm = input_file(None, WARM_ROWS, folder, seed=99)
        stack.run("send", warm)
        wait_for_all(stack, WARM_ROWS)
        wait_for_the_rest(stack, WARM_ROWS)
        before = cpu_seconds(stack)
        time.sleep(IDLE_SECONDS)
        idle = {name: used / IDLE_SECONDS for name, used in (cpu_seconds(stack) - before).items()}
        probe = Probe(stack, every_seconds=2.0)
        probe.start()
        before, began = cpu_seconds(stack), time.monotonic()
        sent = json.loads(stack.run("send", path, "--json", timeout=7200).stdout)
        acknowledged = time.monotonic() - began
        wait_for_all(stack, WARM_ROWS + rows)
        complete = time.monotonic() - began
        wait_for_the_rest(stack, WARM_ROWS + rows)
        cpu, lasted = cpu_seconds(stack) - before, time.monotonic() - began
        by_process = {name: used - idle.get(name, 0.0) * lasted for name, used in cpu.items()}
        probe.stop()
        stack.run("reconcile", "--file", path, "--wait", 60, timeout=7200)  # fails unless each is everywhere once
    assert sent["accepted"] == rows, sent
    return {
        "rows": rows,
        "complete_us": complete / rows * 1e6,
        "cpu_us": sum(by_process.values()) / rows * 1e6,
        "acknowledged_us": acknowledged / rows * 1e6,
        "complete_seconds": complete,
        "peak_memory_mib": probe.peak / 2**20,
        "cpu_us_by_process": {name: used / rows * 1e6 for name, used in sorted(by_process.items())},
    }


def measured(data: Path | None, rows: int, cards: int) -> dict[str, Any]:
    """The same, with an input made for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return measure(input_file(data, rows, folder, cards=cards), rows, folder)


def main() -> int:
    """Measure each number of rows."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int, nargs="*")
    options = arguments.parse_args()
    sizes = sorted(options.rows or ([1_000, 4_000] if options.quick else [10_000, 100_000, 1_000_000]))
    report = Report.begin(__file__, __doc__, options)
    found = [measured(options.data, rows, CARDS) for rows in sizes]
    columns = {
        "rows": "rows",
        "complete_us": "complete, us per row",
        "cpu_us": "CPU of the stack, us per row",
        "acknowledged_us": "acknowledged, us per row",
        "complete_seconds": "complete, s",
        "peak_memory_mib": "peak memory, MiB",
    }
    report.table("Time per row", list(columns.values()), [[one[key] for key in columns] for one in found])
    names = [name for name, _ in Counter(found[-1]["cpu_us_by_process"]).most_common()]
    by_process = [[name, *(one["cpu_us_by_process"].get(name, 0.0) for one in found)] for name in names]
    report.table("CPU, us per row", ["process", *(f"{one['rows']:,} rows" for one in found)], by_process)
    series = {
        "complete": [(one["rows"], one["complete_us"]) for one in found],
        "CPU of the stack": [(one["rows"], one["cpu_us"]) for one in found],
    }
    report.plot("Time per row", "rows", "us per row", series, log_x=True)
    first, last = found[0], found[-1]
    for name, key in (("until complete", "complete_us"), ("CPU of the stack", "cpu_us")):
        claim = f"time per row {name}, {last['rows']:,} against {first['rows']:,} rows"
        report.target(claim, last[key] / first[key], at_most=1.15, unit="times")
    report.figures = {"sizes": found}
    if not (options.quick or options.data):
        by_cards = {cards: measured(None, sizes[len(sizes) // 2], cards) for cards in OTHER_CARDS}
        by_cards[CARDS] = found[len(sizes) // 2]
        shown = [[cards, one["complete_us"], one["cpu_us"]] for cards, one in sorted(by_cards.items())]
        report.table(
            f"By cards: {by_cards[CARDS]['rows']:,} rows", ["cards", columns["complete_us"], columns["cpu_us"]], shown
        )
        report.figures["by_cards"] = by_cards
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
