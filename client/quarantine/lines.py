"""Bad lines: those that can be read by now go on the stream again, so that every consumer has them; the others stay."""

from __future__ import annotations

import base64
import json
from typing import Any

from client.aws import Stage
from client.errors import ClientError
from client.quarantine.entries import Entry, Quarantine
from client.quarantine.outcome import FAILED, REDRIVEN, STILL_BAD, WOULD, Outcome
from shared.retry import Budget
from shared.stream.records import build_records
from shared.stream.writer import Stream
from shared.transaction.codec import BadLine, decode_record
from shared.transaction.schema import Transaction

SECONDS = 30.0  # to get one entry's lines on the stream


def parse(body: bytes, key: str) -> dict[str, Any]:
    """Read an object of the quarantine; `data` becomes its bytes. Raises ClientError if it is none."""
    try:
        entry = dict(json.loads(body))
        entry["data"] = base64.b64decode(entry["data"], validate=True)
    except (ValueError, KeyError, TypeError) as error:
        raise ClientError(f"{key} is not an object of the quarantine: it may have been put there by hand.") from error
    return entry


class Lines:
    """Redrives bad lines. All three consumers and the delivery failed on each, so the stream is where it must go."""

    def __init__(self, stage: Stage, quarantine: Quarantine) -> None:
        self._quarantine = quarantine
        self._stream = Stream(stage.client("kinesis"), stage.output("StreamName"))

    def redrive(self, entry: Entry, act: bool) -> Outcome:
        """Put what can be decoded on the stream, then move the entry; bad lines that share it stay in it."""
        body = parse(self._quarantine.read(entry), entry.key)
        decoded = decode_record(body["data"] + b"\n")
        bad = [line for line in decoded if isinstance(line, BadLine)]
        good = [line for line in decoded if isinstance(line, Transaction)]
        reason = bad[0].reason if bad else ""
        if not good:
            return Outcome(entry.kind, entry.key, STILL_BAD, len(decoded), len(bad), reason)
        if not act:
            return Outcome(entry.kind, entry.key, WOULD, len(decoded), len(bad), reason)
        put = self._stream.put(build_records(enumerate(good)), Budget(SECONDS))
        if put.unstored_rows:
            return Outcome(entry.kind, entry.key, FAILED, len(decoded), len(decoded), "the stream refused records")
        if not bad:
            self._quarantine.move(entry, lines=len(good))
            return Outcome(entry.kind, entry.key, REDRIVEN, len(decoded))
        self._quarantine.keep_copy(entry, lines=len(good))
        rest = {**body, "lines": len(bad), "reason": reason}
        rest["data"] = base64.b64encode(b"\n".join(line.data for line in bad)).decode("ascii")
        self._quarantine.replace(entry, json.dumps(rest).encode())
        return Outcome(entry.kind, entry.key, STILL_BAD, len(decoded), len(bad), reason)
