"""Loads files by the batch path: uploads each, follows its run, and reports the outcome of its rows."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from client.aws import Stage
from client.batch import follow, upload
from client.batch.loads import Loads
from client.batch.prepare import PREFIX, Finding, Prepared
from client.files.stream import open_input
from client.files.table import Table
from client.send.rejected import RejectedRows
from client.send.run import keep_mapping

LOADED = "loaded"  # as the state machine notes it
_STEPS = {
    "Crawl": "crawling",
    "Transform": "transforming (Spark)",
    "Load": "loading into the warehouse",
    "Note": "noting as loaded",
}


@dataclass
class Loaded:
    """The outcome of a file. ``inserted`` rows are new to the warehouse, ``known`` it had already."""

    file: str
    run_id: str = ""
    status: str = "loaded"  # or failed, or unchanged: the same content was loaded before
    error: str = ""
    files: int = 1
    refused_files: int = 0  # of a folder: they have drifted, `error` says how; the others are loaded
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    inserted: int = 0
    known: int = 0
    rejects: str = ""
    rejected_file: str | None = None  # the refused rows themselves, to be corrected and loaded
    reasons: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)

    def take(self, counts: dict[str, Any]) -> None:
        """Take over a run's counts, by their names."""
        for name in ("files", "refused_files", "rows", "accepted", "rejected", "duplicates", "inserted", "known"):
            setattr(self, name, int(counts.get(name, 0)))


class Batch:
    """Loads files, one after the other: a run on the laptop takes all of it."""

    def __init__(
        self, stage: Stage, wait: float, report: Callable[[str], None], progress: Callable[[Path, int], None]
    ) -> None:
        self._stage, self._wait, self._report, self._progress = stage, wait, report, progress
        self._bucket, self._machine = stage.output("RawBucket"), stage.output("BatchMachineArn")
        self._states, self._loads = stage.client("stepfunctions"), Loads(stage)

    def load(self, file: Path, key: str) -> Loaded:
        """Upload a file and follow its run. Raises ClientError when the run cannot be found or does not end in time."""
        began = time.monotonic()
        done = Loaded(str(file))
        url = f"s3://{self._bucket}/{key}"
        if earlier := self._loads.loaded(url, upload.etag(file)):
            done.status, done.run_id = "unchanged", str(earlier["run_id"])
            done.take(earlier)
            done.rejects = str(earlier.get("rejects", ""))
        else:
            self._run(file, key, done)
        done.seconds = round(time.monotonic() - began, 1)
        return done

    def load_prepared(self, prepared: Prepared, rejected: Path) -> Loaded:
        """Load a file that was looked at; its refused rows go to a file of their own. Raises as `load` does."""
        for note in prepared.notes:
            self._report(f"{prepared.shown}: {note}")
        done = self.load(prepared.path, prepared.key)
        done.file = prepared.shown
        if done.status == "failed":
            return done
        done.rows += prepared.rejected
        done.rejected += prepared.rejected
        if done.rejected:
            of_job = findings(self._stage.client("s3"), done.rejects) if done.rejects else {}
            done.reasons = write_rejected(prepared, of_job, rejected)
            done.rejected_file = str(rejected)
        return done

    def load_pending(self) -> Loaded:
        """Start a run of all that is in the raw zone and not loaded, and follow it. Raises as `load` does."""
        began = time.monotonic()
        url = f"s3://{self._bucket}/{PREFIX}"
        started = self._states.start_execution(stateMachineArn=self._machine, input=json.dumps({"raw_path": url}))
        done = Loaded(url, started["executionArn"].rsplit(":", 1)[1])
        self._follow(started["executionArn"], done)
        done.seconds = round(time.monotonic() - began, 1)
        return done

    def _run(self, file: Path, key: str, done: Loaded) -> None:
        known = follow.executions(self._states, self._machine)
        s3 = self._stage.client("s3")
        etag = upload.upload(s3, file, self._bucket, key, lambda sent: self._progress(file, sent))
        self._report(f"{file.name} is in the raw zone")
        arn = follow.find(self._states, self._machine, self._bucket, key, etag, known)
        done.run_id = arn.rsplit(":", 1)[1]
        run = self._follow(arn, done)
        if done.status == "loaded" and run.get("skipped_files") and not run.get("files"):  # another run was faster
            done.status = "unchanged"
            done.take(self._loads.run(str(run["earlier_runs"]).split()[0]))

    def _follow(self, arn: str, done: Loaded) -> dict[str, Any]:
        """Wait for a run's end and take over its counts; what it has noted of itself."""
        ended = follow.follow(self._states, arn, self._wait, self._show_state)
        run = self._loads.run(done.run_id)
        if ended["status"] != "SUCCEEDED":
            done.error = f"{ended.get('error', ended['status'])}: {ended.get('cause', 'no cause given')}"
            if run.get("status") != LOADED:
                done.status = "failed"
                return run
        done.take(run)
        done.rejects = str(run.get("rejects", ""))
        if done.rejects:
            done.reasons = reasons(self._stage.client("s3"), done.rejects)
        return run

    def _show_state(self, state: str) -> None:
        if state in _STEPS:
            self._report(_STEPS[state])


def reasons(s3: Any, rejects: str) -> list[dict[str, Any]]:
    """Count a run's rejects by field and reason, the most frequent first: [{rows, field, reason, file, line}]."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], tuple[str, int]] = {}
    for row in _rejects(s3, rejects):
        why = (row["field"], row["reason"])
        counts[why] += 1
        first.setdefault(why, (row["file"], row["line"]))
    return [
        {"rows": rows, "field": why[0], "reason": why[1], "file": first[why][0], "line": first[why][1]}
        for why, rows in counts.most_common()
    ]


def findings(s3: Any, rejects: str) -> dict[int, list[Finding]]:
    """A run's rejects by line of its file."""
    return {
        int(row["line"]): [(str(one["field"]), str(one["reason"])) for one in row["errors"]]
        for row in _rejects(s3, rejects)
    }


def write_rejected(prepared: Prepared, of_job: dict[int, list[Finding]], target: Path) -> list[dict[str, Any]]:
    """Write the refused rows as `send` does; their reasons, the most frequent first, with the first line of each."""
    source = open_input(prepared.named.name, prepared.named.member)
    table = Table(source, prepared.reading)
    rows = RejectedRows(target, table.columns)
    lines: dict[tuple[str, str], int] = {}
    for row, found in prepared.rejects(of_job):
        rows.add(row, found)
        for why in found:
            lines.setdefault(why, row.line)
    rows.close()
    keep_mapping(target, table.reading)
    table.close()
    return [
        one | {"file": prepared.shown, "line": lines[str(one["field"]), str(one["reason"])]} for one in rows.summary()
    ]


def _rejects(s3: Any, rejects: str) -> Iterator[dict[str, Any]]:
    bucket, _, prefix = rejects.removeprefix("s3://").partition("/")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            for line in s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].iter_lines():
                yield json.loads(line)
