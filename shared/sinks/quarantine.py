"""A poison record as an object of the quarantine: original bytes, reason, position in the stream."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from shared.sinks.bucket import Bucket
from shared.sinks.consumer import Position, Unreadable
from shared.transaction.codec import BadLine

CONTENT_TYPE = "application/json"
# A record of 1 MiB can hold a million bad lines, and each object is a call: beyond this they share one object.
MAX_OBJECTS_PER_RECORD = 50
LINES_PER_LOG_LINE = 100
_ID = re.compile(rb'\s*\[\s*[0-9]{1,4}\s*,\s*"([A-Za-z0-9_-]{1,64})"')


class QuarantineObject(NamedTuple):
    """One object to put, and how many lines it holds."""

    key: str
    body: bytes
    lines: int


def quarantine_objects(function: str, unreadable: Iterable[Unreadable]) -> list[QuarantineObject]:
    """Build the objects for the unreadable lines of a batch, in stream order.

    ``function`` is the short name of the one that writes them (write-to-s3). Keys come from the position alone, so that
    a replay overwrites the same objects.
    """
    objects: list[QuarantineObject] = []
    for _, group in groupby(unreadable, key=lambda line: (line.position.shard_id, line.position.sequence_number)):
        lines = list(group)
        first = lines[0]
        if len(lines) <= MAX_OBJECTS_PER_RECORD:
            objects += [_object(function, line.position, line.number, line.bad, 1) for line in lines]
        else:
            joined = BadLine(
                b"\n".join(line.bad.data for line in lines),
                f"{first.bad.reason} (and {len(lines) - 1} more bad lines of this record, each with its own reason)",
            )
            objects.append(_object(function, first.position, first.number, joined, len(lines)))
    return objects


def set_aside(bucket: Bucket, function: str, unreadable: Iterable[Unreadable]) -> None:
    """Put the objects for unreadable lines. Raises as Bucket.put does, after which any of them may be there."""
    objects = quarantine_objects(function, unreadable)
    if objects:
        bucket.put_all([(one.key, one.body) for one in objects], CONTENT_TYPE)


def describe(unreadable: Sequence[Unreadable]) -> list[list[dict[str, Any]]]:
    """Give what the log says of unreadable lines, a hundred to a log line: where they are, why, and the id if any."""
    lines = [
        {
            "sequence_number": line.position.sequence_number,
            "line": line.number,
            "reason": line.bad.reason,
            "transaction_id": _transaction_id(line.bad.data),
        }
        for line in unreadable
    ]
    return [lines[start : start + LINES_PER_LOG_LINE] for start in range(0, len(lines), LINES_PER_LOG_LINE)]


def _transaction_id(data: bytes) -> str | None:
    """Give what stands where a line has its id, if it has that form: the log must not repeat anything else of it."""
    found = _ID.match(data)
    return found[1].decode() if found else None


def _object(function: str, position: Position, number: int, bad: BadLine, lines: int) -> QuarantineObject:
    body = {
        "function": function,
        "reason": bad.reason,
        "shard_id": position.shard_id,
        "sequence_number": position.sequence_number,
        "line": number,
        "lines": lines,
        "partition_key": position.partition_key,
        "arrived_at": position.arrived_at.isoformat(),
        "quarantined_at": datetime.now(UTC).isoformat(),
        "data": base64.b64encode(bad.data).decode("ascii"),
    }
    key = (
        f"quarantine/{function}/date={position.arrived_at:%Y-%m-%d}/"
        f"{position.shard_id}-{position.sequence_number}-{number:04d}.json"
    )
    return QuarantineObject(key, json.dumps(body).encode("ascii"), lines)
