"""`python -m benchmarks.run`: every benchmark, one after the other, each in a process of its own.

Continues after a failure, reports at the end, exits with the number of failures. With --quick each takes seconds
to a minute (`make bench`); without, they take what they need (`make bench-full`), and docs/performance.md is rebuilt.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from benchmarks.frame import QUICK_RESULTS, REPOSITORY, RESULTS, cell, limit_of

# In this order: what needs no stack first. Each is a module of this package with a `main`.
BENCHMARKS: tuple[str, ...] = (
    "fraud_cost",
    "fraud_stream",
    "fraud_learning",
    "handlers",
    "telemetry",
    "cold_start",
    "query",
    "generate",
    "merge",
    "marts",
    "end_to_end",
    "cost",
    "ingest",
    "latency",
    "shards",
    "scale",
    "poison",
    "batch",
    "questions",
    "dashboard",
)
# Not in `make bench`: Spark is fetched at first use (300 MB); growth shows at no small size.
SLOW = frozenset({"batch", "scale"})
APART = ("fraud_accuracy", "fraud_handbook")  # need files of their own; their results are on the page all the same


def run_all(names: list[str], extra: list[str]) -> dict[str, tuple[int, float]]:
    """Exit code and seconds of each."""
    console, outcome = Console(), {}
    for name in names:
        console.rule(name)
        began = time.monotonic()
        code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *extra], cwd=REPOSITORY).returncode
        outcome[name] = (code, time.monotonic() - began)
    return outcome


def report_outcome(outcome: dict[str, tuple[int, float]], folder: Path) -> None:
    """What ran, what failed, which targets were missed."""
    console = Console()
    console.rule("summary")
    for name, (code, seconds) in outcome.items():
        console.print(f"{name:16} {seconds:7.0f} s  {'ok' if code == 0 else f'[red]exit {code}[/red]'}")
        path = folder / f"{name}.json"
        for target in json.loads(path.read_text())["targets"] if code == 0 and path.exists() else []:
            if not target["met"]:
                console.print(f"    missed: {target['claim']}: {cell(target['measured'])}, {limit_of(target)}")


def main() -> int:
    """Run them."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--data", type=Path, help="CSV or Parquet in the Kaggle schema; default: simulated rows")
    arguments.add_argument("--only", nargs="*", choices=BENCHMARKS, default=list(BENCHMARKS))
    options = arguments.parse_args()
    names = [name for name in options.only if not (options.quick and name in SLOW)]
    extra = [*(["--quick"] if options.quick else []), *(["--data", str(options.data)] if options.data else [])]
    outcome = run_all(names, extra)
    report_outcome(outcome, QUICK_RESULTS if options.quick else RESULTS)
    if not options.quick:
        subprocess.run([sys.executable, "-m", "benchmarks.page"], cwd=REPOSITORY, check=True)
    return sum(1 for code, _ in outcome.values() if code)


if __name__ == "__main__":
    raise SystemExit(main())
