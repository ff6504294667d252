"""How fast is `send` up to the network? ``python -m benchmarks.send_pairs [FILE] [--against CHECKOUT] [--pairs 5]``

Reads a file, makes the requests' bodies and keeps the journal, as `send` does; requests are acknowledged without being
sent. With ``--against``, another checkout of this repository does the same with the same file, turn by turn: the
pairs share whatever else the machine does. Without a file, a simulated CSV is made.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.reading import simulated

ROWS = 1_300_000
# It has to run in checkouts of other ages, so it uses nothing but `send_file` and the batch it hands to the API.
_RUN = """
import json, resource, sys, tempfile, time
from pathlib import Path
from types import SimpleNamespace
from client.send import run

class Acknowledges:
    def __init__(self, *_, **__): pass
    def send(self, batch):
        rows = batch.open_rows()
        batch.body(rows)
        for row in rows:
            batch.accept(row, f"{row:032d}")

run.Api = Acknowledges
with tempfile.TemporaryDirectory() as folder:
    stage = SimpleNamespace(
        name="local", local=True, transactions_url="http://127.0.0.1/", api_key="k", api_auth=None,
        journals=Path(folder),
    )
    began, used = time.perf_counter(), time.process_time()
    done = run.send_file(stage, sys.argv[1], run.Options())
    print(json.dumps({
        "rows": done.accepted, "seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))
"""


def measure(checkout: Path, file: Path) -> dict[str, float]:
    """One run of a checkout, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    with tempfile.TemporaryDirectory() as folder:  # for rejected rows
        done = subprocess.run(
            [sys.executable, "-c", _RUN, str(file)],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"{checkout}: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=ROWS, help="of the simulated file")
    given = parser.parse_args()
    here = Path(__file__).parents[1]
    checkouts = [here] if given.against is None else [given.against.resolve(), here]
    with tempfile.TemporaryDirectory() as folder:
        file = given.file.resolve() if given.file else simulated(Path(folder), given.rows)
        runs: list[list[dict[str, float]]] = []
        for turn in range(given.pairs):
            order = checkouts if turn % 2 == 0 else checkouts[::-1]
            found = {checkout: measure(checkout, file) for checkout in order}
            runs.append([found[checkout] for checkout in checkouts])
            for checkout in checkouts:
                print(checkout, json.dumps(found[checkout]), flush=True)
    if given.against:
        for kind in ("seconds", "cpu_seconds"):
            print(f"{kind}, this / the other, median: {median(mine[kind] / other[kind] for other, mine in runs):.3f}")


if __name__ == "__main__":
    main()
