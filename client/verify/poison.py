"""A line that nobody can read: it must come to quarantine, and go through once its cause is fixed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from client.quarantine.entries import Entry, Quarantine
from client.quarantine.lines import Lines, parse
from client.quarantine.outcome import REDRIVEN
from client.verify.hops import lake_objects
from client.verify.line import CheckFailedError
from client.verify.run import Run
from shared.transaction.codec import encode_line
from shared.transaction.schema import Transaction


def poison(run: Run) -> str:
    """Put a poison line on the stream, find it in quarantine, fix and redrive it, and find it in the lake."""
    mark = f"verify-{run.sample.run_id}-poison"
    run.stage.client("kinesis").put_record(
        StreamName=run.stage.output("StreamName"), Data=f'[1,"{mark}"]\n'.encode(), PartitionKey=run.sample.run_id
    )
    quarantine = Quarantine(run.stage)
    found: list[Entry] = []

    def set_aside() -> bool:
        found[:] = list(_of(run, quarantine, mark))
        return bool(found)

    if not run.wait(set_aside):
        raise CheckFailedError(
            f"a line that nobody can read did not come to quarantine{run.why('write-to-s3')}",
            "docs/runbook.md#write-to-s3-errors; the role of write-to-s3 must be allowed to put to quarantine/",
        )
    mended = _fixed(run, mark)
    for entry in found:
        body = parse(quarantine.read(entry), entry.key)
        quarantine.replace(entry, json.dumps({**body, "data": base64.b64encode(mended).decode("ascii")}).encode())
        outcome = Lines(run.stage, quarantine).redrive(entry, act=True)
        if outcome.result != REDRIVEN:
            raise CheckFailedError(f"the fixed line was not redriven: {outcome.reason}", "swipeline quarantine redrive")
    if not run.wait(lambda: any(mark in _ids(lines) for _, lines in lake_objects(run))):
        raise CheckFailedError(
            f"the redriven line is not in the lake{run.why('write-to-s3')}", "docs/runbook.md#write-to-s3-errors"
        )
    return "a poison line came to quarantine, was fixed, redriven, and is in the lake"


def _of(run: Run, quarantine: Quarantine, mark: str) -> Iterator[Entry]:
    began = run.sample.began.timestamp() - 1
    for entry in quarantine.entries(["lines"]):
        recent = entry.set_aside_at.timestamp() >= began
        if recent and mark.encode() in parse(quarantine.read(entry), entry.key)["data"]:
            yield entry


def _fixed(run: Run, mark: str) -> bytes:
    """A line of the run, with the poison's id: what the sender meant."""
    for _, lines in lake_objects(run):
        for line in lines:
            if line["merchant_id"] == run.sample.merchant_id:
                fields: dict[str, Any] = {name: line.get(name) for name in Transaction._fields}
                return encode_line(Transaction(**fields)._replace(transaction_id=mark)).rstrip(b"\n")
    raise CheckFailedError("no line of the run is in the lake to fix the poison record with", "see the lake's check")


def _ids(lines: list[dict[str, str]]) -> set[str]:
    return {line["transaction_id"] for line in lines}
