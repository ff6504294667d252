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
EXAMPLES_PER_CASE = 14  # cases per additional example and operation: measured, rounded down
CASES = re.compile(r"([\d,]+) generated")


class Target(NamedTuple):
    """A deployed API, and the keys of a reader, a sender and a reviewer."""

    url: str
    read_key: str
    send_key: str
    review_key: str


class Report(NamedTuple):
    """The result of a run."""

    passed: bool
    cases: int
    output: str


def fuzz(target: Target, examples: int, seed: int | None = None) -> Report:
    """Try every operation with a number of examples each, besides the coverage and the stateful phases."""
    known = _known_transaction(target)
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "SWIPELINE_READ_KEY": target.read_key,
        "SWIPELINE_SEND_KEY": target.send_key,
        "SWIPELINE_REVIEW_KEY": target.review_key,
        "SWIPELINE_KNOWN_ALERTS": ",".join(_known_alerts(target)),
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


def _known_alerts(target: Target) -> list[str]:
    """Send purchases that the model flags, and give the alerts: verdicts on one that is not there are all 404."""
    cards = [str(int(raw_row()["cc_num"]) - 1000 - card) for card in range(5)]
    rows = [
        raw_row(2000 + 10 * card + n, cc_num=number, trans_date_trans_time=f"2020-06-21 23:{10 + n}:00",
                category="shopping_net", amt=f"{900 + n}.10")
        for card, number in enumerate(cards) for n in range(4)
    ]  # fmt: skip
    requests.post(
        f"{target.url}/transactions", json=rows, headers={"x-api-key": target.send_key}, timeout=30
    ).raise_for_status()
    for _ in range(300):
        answer = requests.get(
            f"{target.url}/alerts", params={"limit": 1000}, headers={"x-api-key": target.read_key}, timeout=30
        ).json()
        found = {alert["alert_id"] for alert in answer["alerts"]} & {row["trans_num"] for row in rows}
        if len(found) >= len(cards):
            return sorted(found)
        time.sleep(0.2)
    raise TimeoutError("purchases of 900 dollars at night are no alerts after a minute")


def main() -> None:
    """Try stage local, or the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="local")
    parser.add_argument("--cases", type=int, default=2000)
    arguments = parser.parse_args()
    stage = Stage(arguments.stage)
    with explained(stage):
        target = Target(stage.api_url, stage.reader_api_key, stage.api_key, stage.reviewer_api_key)
    report = fuzz(target, max(20, arguments.cases // EXAMPLES_PER_CASE))
    print(report.output)
    if not report.passed or report.cases < arguments.cases:
        sys.exit(f"{report.cases} cases, {arguments.cases} wanted; passed: {report.passed}")


if __name__ == "__main__":
    main()
