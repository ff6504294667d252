"""One run of the acceptance test: its sample, its waits, and the checks in their order."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.verify.deployed import Deployed
from client.verify.line import FAILED, OK, SKIPPED, CheckFailedError, Line, NotAvailableError
from client.verify.rows import Sample

Report = Callable[[Line], None]
_ERROR = re.compile(r"\w+(?:Error|Exception)\b|timed out", re.IGNORECASE)  # not the line that announces a traceback


@dataclass
class Run:
    """What the checks share."""

    stage: Stage
    sample: Sample = field(default_factory=Sample)
    lines: list[Line] = field(default_factory=list)
    acknowledged: int = 0
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.deployed = Deployed(self.stage)

    @property
    def wait_seconds(self) -> float:
        """Seconds that a row may take to a store; fewer once something is known to be broken."""
        if any(line.status == FAILED for line in self.lines):
            return 15.0 if self.stage.local else self.stage.delivery_seconds
        return 60.0 if self.stage.local else 900.0

    @property
    def failed(self) -> list[Line]:
        """The lines that failed."""
        return [line for line in self.lines if line.status == FAILED]

    def check(self, name: str, ask: Callable[[], str], notify: Report) -> bool:
        """Make one check and note its line; what is raised is its failure, never the run's. True unless it failed."""
        began = time.monotonic()
        try:
            line = Line(name, OK, ask())
        except NotAvailableError as error:
            line = Line(name, SKIPPED, str(error))
        except CheckFailedError as error:
            line = Line(name, FAILED, error.detail, error.remedy)
        except AwsError as error:
            detail = error.response.get("Error", {})
            text = f"{error.operation_name}: {detail.get('Code', 'error')}: {detail.get('Message', '')}"
            line = Line(
                name, FAILED, text, f"see whether the part is there: swipeline deploy --stage {self.stage.name}"
            )
        except (ClientError, BotoCoreError, OSError, KeyError, ValueError) as error:
            line = Line(name, FAILED, f"{type(error).__name__}: {error}", "look at the stage's health dashboard")
        line.seconds = round(time.monotonic() - began, 1)
        self.lines.append(line)
        notify(line)
        return line.status != FAILED

    def skip(self, name: str, why: str, notify: Report) -> None:
        """Note a check that is not made."""
        self.lines.append(Line(name, SKIPPED, why))
        notify(self.lines[-1])

    def wait(self, done: Callable[[], bool], wait_seconds: float | None = None) -> bool:
        """Ask again until it is done or the time is over."""
        deadline = time.monotonic() + (self.wait_seconds if wait_seconds is None else wait_seconds)
        pause = 0.3 if self.stage.local else 5.0
        while not done():
            if time.monotonic() > deadline:
                return False
            time.sleep(pause)
        return True

    def why(self, function: str) -> str:
        """The newest error that a function has logged since the run began, for a failure's cause; "" without one."""
        group = f"/aws/lambda/{self.deployed.function(function)}"
        try:
            events = self.stage.client("logs").filter_log_events(
                logGroupName=group, startTime=int(self.sample.began.timestamp() * 1000)
            )["events"]
        except (AwsError, BotoCoreError) as error:
            return f" ({group}: {error})"
        for event in reversed(events):
            if logged := _error_of(event["message"]):
                return f"; {function} says: {logged[:300]}"
        return ""


def _error_of(message: str) -> str:
    """What a log line says of an error; "" for any other."""
    try:
        line: Any = json.loads(message)
    except ValueError:
        found = [text.strip() for text in message.splitlines() if _ERROR.search(text)]
        return found[-1] if found else ""
    if not isinstance(line, dict) or line.get("level") not in ("ERROR", "CRITICAL", "WARNING"):
        return ""
    parts = [line.get("message"), line.get("error"), line.get("exception_name"), line.get("reason")]
    if text := str(line.get("exception", "")).strip():
        parts.append(text.splitlines()[-1])
    return ": ".join(str(part) for part in parts if part)


def report(run: Run, cost: dict[str, Any]) -> dict[str, Any]:
    """The run as programs read it."""
    return {
        "stage": run.stage.name,
        "run": run.sample.run_id,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": not run.failed,
        "seconds": round(time.monotonic() - run.started, 1),
        "lines": [line.as_json() for line in run.lines],
        "cost": cost,
    }


def chosen(names: Collection[str], without: Collection[str]) -> Callable[[str], bool]:
    """Whether a group of checks is to be made: all but some."""
    wrong = sorted(set(without) - set(names))
    if wrong:
        raise ClientError(f"Unknown check {wrong[0]}. Choose from {', '.join(names)}.")
    return lambda name: name not in without
