"""What Firehose may bring to the warehouse: each line that the other stores take, on a line of its own, and no other.

Firehose puts its records together with nothing between them. Without this, junk that has no final newline would take
the good row behind it along, and a line that COPY reads but the table refuses would be in the warehouse alone.
https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from shared.sinks.consumer import Position, Unreadable
from shared.transaction.codec import BadLine, split_record

OK, DROPPED = "Ok", "Dropped"
DIRECT_PUT = "direct-put"  # in the place of a shard's id
_LINES_PER_INNER_RECORD = 1000  # apart in the names of quarantined lines


class Checked(NamedTuple):
    """Firehose's answer for each record, the lines that were left out, and how many were let through."""

    records: list[dict[str, str]]
    unreadable: list[Unreadable]
    passed: int


def check(records: Iterable[Mapping[str, Any]], decode: Callable[[bytes], object]) -> Checked:
    """Check the records of a transformation event. ``decode`` gives BadLine for a line that is to be left out.

    A record whose lines are all good and end in a newline is let through as it is.
    """
    answers: list[dict[str, str]] = []
    unreadable: list[Unreadable] = []
    passed = 0
    for record in records:
        data, position, first = base64.b64decode(record["data"]), _position(record), _first_number(record)
        lines = split_record(data)
        good: list[bytes] = []
        for number, line in enumerate(lines):
            decoded = decode(line)
            if isinstance(decoded, BadLine):
                unreadable.append(Unreadable(position, first + number, decoded))
            else:
                good.append(line)
        passed += len(good)
        answer = {"recordId": record["recordId"], "result": OK if good else DROPPED, "data": record["data"]}
        if good and (len(good) < len(lines) or not data.endswith(b"\n")):
            answer["data"] = base64.b64encode(b"\n".join([*good, b""])).decode("ascii")
        answers.append(answer)
    return Checked(answers, unreadable, passed)


def _position(record: Mapping[str, Any]) -> Position:
    source = record.get("kinesisRecordMetadata")
    if source is None:  # put directly: its ID is all that distinguishes it
        arrived_at = datetime.fromtimestamp(record["approximateArrivalTimestamp"] / 1000, UTC)
        return Position(DIRECT_PUT, record["recordId"], "", arrived_at)
    return Position(
        shard_id=source["shardId"],
        sequence_number=source["sequenceNumber"],
        partition_key=source["partitionKey"],
        arrived_at=datetime.fromtimestamp(source["approximateArrivalTimestamp"] / 1000, UTC),
    )


def _first_number(record: Mapping[str, Any]) -> int:
    """Give where the numbers of a record's lines begin: the records of an aggregate share a sequence number."""
    return int(record.get("kinesisRecordMetadata", {}).get("subsequenceNumber") or 0) * _LINES_PER_INNER_RECORD
