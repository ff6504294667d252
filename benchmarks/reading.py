"""How fast is a file read, and in how much memory? ``python -m benchmarks.reading FILE... [--rows 1000000]``

Without files, a simulated CSV is made. Per file: seconds of CPU until the first row (the whole file is looked at) and
from there to the last, rows per second, and the most memory that the process had. Each file has a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from client.files.stream import open_input
from client.files.table import Table


def measure(path: str) -> dict[str, float]:
    """Read a file through once."""
    began = time.process_time()
    table = Table(open_input(path))
    opened = time.process_time()
    rows = sum(1 for _ in table)
    ended = time.process_time()
    return {
        "rows": rows,
        "open_seconds": round(opened - began, 2),
        "seconds": round(ended - began, 2),
        "rows_per_second": round(rows / (ended - began)),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.files[0])))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = given.files or [str(simulated(Path(folder), given.rows))]
        for file in files:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.reading", "--one", file], capture_output=True, text=True, check=True
            )
            print(f"{file}: {done.stdout.strip()}")


def simulated(folder: Path, rows: int) -> Path:
    """Write a simulated CSV file into a folder; give its path."""
    from client.simulator import Settings, batches, write

    target = folder / "simulated.csv"
    write(batches(Settings.of(rows=rows, seed=1)), str(target), "csv")
    return target


if __name__ == "__main__":
    main()
