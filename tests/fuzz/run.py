"""Runs Schemathesis on a deployed API, from its OpenAPI description, with every check on.

`python -m tests.fuzz.run --cases 2000` tries stage local as it runs; it fails on any finding, and on too few cases.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import requests

from client.aws import Stage, explained
from tests.unit.fakes.rows import raw_row

REPO = Path(__file__).resolve().parents[2]
EXAMPLES_PER_CASE = 14  # so many cases come of one more example per operation: measured, rounded down
CASES = re.compile(r"([\d,]+) generated")


class Target(NamedTuple):
    """A deployed API, and the keys of a reader and of a sender."""

    url: str
    read_key: str
    send_key: str


class Report(NamedTuple):
    """What came of a run."""

    passed: bool
    cases: int
    output: str


def fuzz(target: Target, examples: int, seed: int | None = None) -> Report:
    """Try every operation with so many examples each, besides the coverage and the stateful phases."""
    known = _known_transaction(target)
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "SWIPELINE_READ_KEY": target.read_key,
        "SWIPELINE_SEND_KEY": target.send_key,
        "SWIPELINE_KNOWN_CARD": known["card_id"],
        "SWIPELINE_KNOWN_MERCHANT": known["merchant"],
        "PYTHONPATH": str(REPO),
    }
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", "tests/fuzz/schemathesis.toml"]
    command += ["run", "docs/openapi.json", "--url", target.url, "--checks", "all", "--max-examples", str(examples)]
    command += ["--generation-database", "none", *(["--seed", str(seed)] if seed is not None else [])]
    done = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True, check=False)
    cases = CASES.search(done.stdout)
    return Report(done.returncode == 0, int(cases[1].replace(",", "")) if cases else 0, done.stdout + done.stderr)


def _known_transaction(target: Target) -> dict[str, str]:
    """Send a few rows, so that some answers are not empty, and give one of them."""
    rows = [raw_row(number, cc_num=raw_row()["cc_num"]) for number in range(30)]
    requests.post(
        f"{target.url}/transactions", json=rows, headers={"x-api-key": target.send_key}, timeout=30
    ).raise_for_status()
    for _ in range(300):
        answer = requests.get(
            f"{target.url}/transactions/{rows[-1]['trans_num']}", headers={"x-api-key": target.read_key}, timeout=30
        )
        if answer.status_code == 200:
            return dict(answer.json())
        time.sleep(0.2)
    raise TimeoutError("a transaction that was sent is not found after a minute")


def main() -> None:
    """Try stage local, or the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="local")
    parser.add_argument("--cases", type=int, default=2000)
    arguments = parser.parse_args()
    stage = Stage(arguments.stage)
    with explained(stage):
        target = Target(stage.api_url, stage.reader_api_key, stage.api_key)
    report = fuzz(target, max(20, arguments.cases // EXAMPLES_PER_CASE))
    print(report.output)
    if not report.passed or report.cases < arguments.cases:
        sys.exit(f"{report.cases} cases, {arguments.cases} wanted; passed: {report.passed}")


if __name__ == "__main__":
    main()
