"""The steps of the demo, each timed: start, simulate, send, reconcile, look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client.alerts.quality import Quality, measure
from client.alerts.table import AlertsTable
from client.aws import Stage, home
from client.demo.learning import Learned, learn
from client.demo.samples import Samples, look
from client.errors import ClientError
from client.reconcile.ledger import Ledger
from client.reconcile.run import Options as Compared
from client.reconcile.run import reconcile
from client.send.run import Options, Progress, Summary, send_file

Report = Callable[[str], None]
_ALERTS = 5


@dataclass
class Demo:
    """What the demo came to; `seconds` by step."""

    file: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    summary: Summary | None = None
    ledger: Ledger | None = None
    samples: Samples | None = None
    quality: Quality | None = None
    alerts: list[dict[str, Any]] = field(default_factory=list)
    learned: Learned | None = None

    @property
    def proven(self) -> bool:
        """True when rows were sent and are in every store, once."""
        return bool(self.ledger and self.ledger.balanced and self.summary and self.summary.accepted)

    def as_json(self) -> dict[str, Any]:
        """The demo as programs read it."""
        return {
            "file": self.file,
            "proven": self.proven,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "send": self.summary.as_json() if self.summary else None,
            "ledger": self.ledger.as_json() if self.ledger else None,
            "samples": self.samples._asdict() if self.samples else None,
            "fraud": self.quality.as_json() if self.quality else None,
            "learned": self.learned.as_json() if self.learned else None,
            "alerts": [alert["transaction_id"] for alert in self.alerts],
        }


def run_demo(
    stage: Stage, rows: int, seed: int, file: str | None, wait: float, report: Report, progress: Progress
) -> Demo:
    """Run all steps on a stage that is up. Raises ClientError when one cannot be done."""
    demo = Demo()
    with _timed(demo, "generate"):
        demo.file = file or _simulate(rows, seed, report)
    with _timed(demo, "send"):
        report(f"sending {demo.file}")
        demo.summary = _send(stage, demo.file, progress)
    with _timed(demo, "reconcile"):
        report("waiting for the stores")
        demo.ledger = reconcile(stage, Compared(file=demo.file), wait=wait)
    with _timed(demo, "look"):
        demo.samples = look(stage)
    with _timed(demo, "detect"):
        demo.quality = measure(stage, wait)
        demo.alerts = AlertsTable(stage).newest(_ALERTS)
    if not file:
        with _timed(demo, "learn"):
            demo.learned = learn(stage, seed, wait, report, lambda name: _send(stage, name, progress))
    return demo


def _send(stage: Stage, file: str, progress: Progress) -> Summary:
    # Rejected rows stay beside the demo's own files, wherever it was called from.
    summary = send_file(stage, file, Options(rejected=_folder() / "rejected.csv"), progress)
    if summary.error:
        raise ClientError(f"The API stopped taking rows: {summary.error}. Look at `swipeline status`.")
    return summary


def _folder() -> Path:
    """Where the demo keeps its own files."""
    folder = home() / "demo"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _simulate(rows: int, seed: int, report: Report) -> str:
    from client import simulator

    out = _folder() / f"{rows}-rows-seed-{seed}.csv"
    report(f"simulating {rows:,} transactions")
    simulator.write(simulator.batches(simulator.Settings.of(rows, seed)), str(out), "csv")
    return str(out)


@contextmanager
def _timed(demo: Demo, step: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    demo.seconds[step] = time.monotonic() - began
