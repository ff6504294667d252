"""Every command that README and docs show, run as it is written on one stack; a new one needs no change here.

What is left out, and why, is in tests/unit/docs/running.py.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.tests.ports import free_port_pair
from tests.e2e.stack import REPO, Stack, wait_until
from tests.how_to.recipe import apply, copy
from tests.unit.docs.running import Step, steps

pytestmark = [pytest.mark.slow, pytest.mark.long]  # Spark, a demo, and about 140 commands

FIRST = "make demo"
WAIT = "it takes a minute or two"  # what `swipeline sql --lake` says until a crawl has followed the first batch
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+[^\s\"']*")


class Checkout:
    """A reader's checkout: a copy of the tree with an environment of its own, so that no command changes this one."""

    def __init__(self, folder: Path, stack: Stack) -> None:
        self.folder, self.stack = folder, stack
        copy(folder)
        tools = folder / ".venv" / "bin"
        tools.mkdir(parents=True)
        here = Path(sys.prefix)
        for one in [*here.iterdir(), *(here / "bin").iterdir()]:
            to = (tools if one.parent.name == "bin" else folder / ".venv") / one.name
            if one.name not in ("bin", "swipeline", "pyvenv.cfg"):
                to.symlink_to(one)
        shutil.copy(here / "pyvenv.cfg", folder / ".venv")
        own = tools / "swipeline"
        own.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {tools / "python"} -m client.cli "$@"\n')
        own.chmod(0o755)
        (folder / "build").mkdir()
        if (REPO / "build" / "layers").exists():
            (folder / "build" / "layers").symlink_to(REPO / "build" / "layers")
        path = os.pathsep.join([str(tools), str(folder / "node_modules" / ".bin"), os.environ["PATH"]])
        self.env = stack.env | {"PATH": path, "BROWSER": "true", "COLUMNS": "200"}

    def run(self, command: str, seconds: float = 900) -> subprocess.CompletedProcess[str]:
        """Run a line in bash, as somebody types it here."""
        if command.startswith("sls "):
            command = f'eval "$(.venv/bin/swipeline env)"\n{command}'
        return subprocess.run(
            ["bash", "-c", f"set -o pipefail\n{command}"], cwd=self.folder, env=self.env, capture_output=True,
            text=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False,
        )  # fmt: skip

    def must(self, command: str) -> str:
        """Run a line that has to succeed and return what it prints."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def why_not(self, step: Step) -> str | None:
        """Run a step; why it failed, or None."""
        if step.endless:
            return self._why_not_endless(step)
        deadline = time.monotonic() + 180
        while True:
            done = self.run(step.run)
            if done.returncode in step.exits and "Traceback" not in done.stderr:
                return None
            if WAIT not in done.stderr or time.monotonic() > deadline:
                return f"exit {done.returncode}: {done.stdout[-600:].strip()} {done.stderr[-600:].strip()}"
            time.sleep(5)

    def _why_not_endless(self, step: Step) -> str | None:
        """Start it and end it as Ctrl-C does; in between, a page answers at the printed address, or a stream runs."""
        with tempfile.TemporaryFile("w+") as printed:
            started = subprocess.Popen(
                ["bash", "-c", f"exec {step.run}"], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                stdout=printed, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

            def text() -> str:
                printed.seek(0)
                return printed.read()

            try:
                deadline = time.monotonic() + (120 if "--follow" not in step.run else 5)
                while started.poll() is None and time.monotonic() < deadline:
                    address = ADDRESS.search(text())
                    if address and _answers(address[0]):
                        return None
                    time.sleep(0.3)
                if started.poll() is None and "--follow" in step.run:
                    return None
                return f"ended with {started.poll()}, or no page answered: {text()[-800:]}"
            finally:
                if started.poll() is None:
                    os.killpg(started.pid, signal.SIGINT)
                    try:
                        started.wait(30)
                    except subprocess.TimeoutExpired:
                        os.killpg(started.pid, signal.SIGKILL)
                        started.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    stack = Stack(home=tmp_path_factory.mktemp("home"), port=free_port_pair())
    reader = Checkout(tmp_path_factory.mktemp("checkout"), stack)
    apply(reader.folder, "add-a-mart.md")
    try:
        yield reader
    finally:
        stack.run("down", check=False)


def sample_files(reader: Checkout) -> None:
    """The files that the documents take for the reader's own."""
    names = {"my": 400, "mine": 50, "history": 3000, "transactions": 100, "big": 2000, "twice": 5}
    for seed, (name, rows) in enumerate(names.items(), 700):
        reader.must(f"swipeline generate --rows {rows} --seed {seed} --start 2024-0{seed - 699}-01 --out {name}.csv")
    (reader.folder / "big.csv.gz").write_bytes(gzip.compress((reader.folder / "big.csv").read_bytes()))
    (reader.folder / "big.csv").unlink()  # which README has made by `swipeline generate`
    mine = reader.folder / "mine.csv"  # a file with other column names, as its page says
    mine.write_text(mine.read_text().replace("cc_num", "card_number", 1).replace(",amt,", ",amount,", 1))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def quarantine(reader: Checkout, kind: str) -> list[dict[str, Any]]:
    return list(json.loads(reader.must(f"swipeline quarantine list --kind {kind} --json"))["entries"])


def values_of(reader: Checkout) -> dict[str, str]:
    """What stands for the documents' placeholders: an alert, a quarantined line, a conflict, the files."""
    stack = reader.stack
    stack.client("kinesis").put_record(StreamName=stack.outputs["StreamName"], Data=b"\xffpoison\n", PartitionKey="0")
    reader.must("swipeline send twice.csv")
    rows = rows_of(reader.folder / "twice.csv")
    with (reader.folder / "other.csv").open("w", newline="", encoding="utf-8") as file:
        other = csv.DictWriter(file, rows[0].keys())
        other.writeheader()
        other.writerow(rows[0] | {"amt": "1.23"})
    reader.must("swipeline send other.csv")
    line = wait_until(lambda: quarantine(reader, "lines"), 60, "the poison record is in quarantine", every=1)
    conflict = wait_until(lambda: quarantine(reader, "conflicts"), 60, "the conflict is kept", every=1)
    alerts = [json.loads(one) for one in reader.must("swipeline alerts --limit 5 --json").splitlines()]
    (reader.folder / "chargebacks.csv").write_text(f"transaction_id,is_fraud\n{alerts[0]['transaction_id']},1\n")
    return {
        '--lake "SELECT ..."': '--lake "SELECT state, sum(amount) FROM batch GROUP BY state"',
        '"SELECT ..."': '"SELECT * FROM mart.overview"',
        "labels FILE": "labels chargebacks.csv",
        "FILE...": "my.csv",
        "FILE": "my.csv",
        "EARLIER": "history.csv",
        "TRANSACTION_ID": alerts[1]["transaction_id"],
        "2da90c7d74bd46a0caf3777415b3ebd3": alerts[1]["transaction_id"],
        "ID": alerts[0]["transaction_id"],
        "settle KEY": f"settle {conflict[0]['key']}",
        "KEY": line[0]["key"],
        "--to DAY": "--to 2026-11-25",
        "DAY": "2026-11-24",
        "FIRST-DAY": "2026-11-24",
        "NAME": "jane",
        "WHO": "jane",
        "WHY": "tested",
        "N": "10",
        "PORT": str(free_port_pair()),
        "SECONDS": "5",
    }


def test_every_documented_command_works(checkout: Checkout) -> None:
    sample_files(checkout)
    checkout.must(FIRST)
    failed = {}
    for step in steps(values_of(checkout)):
        if step.run == FIRST:
            continue
        began = time.monotonic()
        why = checkout.why_not(step)
        print(f"{time.monotonic() - began:6.1f} s  {'FAILED' if why else 'ok    '}  {step.run}", flush=True)
        if why:
            failed[f"{step.shown.document}:{step.shown.line}: {step.run}"] = why
    assert not failed, "\n\n".join(f"{name}\n{why}" for name, why in failed.items())
