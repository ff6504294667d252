"""What an invocation's answer means for its batch: done, done up to a record, failed, or never invoked.

Rules: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from local.kinesis_reader import Record


@dataclass(frozen=True)
class Succeeded:
    """Every record of the batch is done."""


@dataclass(frozen=True)
class FailedAt:
    """The records before `index` are done, the one at `index` failed, those after it are retried with it."""

    index: int


@dataclass(frozen=True)
class Failed:
    """The whole batch failed; it counts as an attempt. `function_error` is the header's value: Handled or Unhandled."""

    reason: str = ""
    function_error: str | None = None


@dataclass(frozen=True)
class NotInvoked:
    """The function could not be invoked (throttled, 5xx, unreachable): no attempt was used."""

    reason: str = ""


Outcome = Succeeded | FailedAt | Failed | NotInvoked


def failed_of(outcome: Outcome, records: int) -> int:
    """How many of a batch's records the function has to be invoked with again."""
    if isinstance(outcome, FailedAt):
        return records - outcome.index
    return 0 if isinstance(outcome, Succeeded) else records


def interpret(payload: bytes, records: Sequence[Record], partial_response: bool) -> Outcome:
    """Read the answer of an invocation that raised no function error.

    With ReportBatchItemFailures: an empty or null answer, or an empty or null list, is a success; an identifier that is
    empty, null, under another name or none of this batch fails the whole batch; else the lowest one is the checkpoint.
    """
    if not partial_response:
        return Succeeded()
    try:
        answer = json.loads(payload) if payload.strip() else None
    except ValueError:
        return Failed("the answer is not JSON")
    if answer is None or answer == {}:
        return Succeeded()
    if not isinstance(answer, dict):
        return Failed("the answer is not a JSON object")
    failures = answer.get("batchItemFailures")
    if failures is None or failures == []:
        return Succeeded()
    if not isinstance(failures, list):
        return Failed("batchItemFailures is not a list")
    positions = {record.sequence_number: index for index, record in enumerate(records)}
    lowest = len(records)
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(identifier, str) or identifier not in positions:
            return Failed(f"itemIdentifier {identifier!r} is not a sequence number of this batch")
        lowest = min(lowest, positions[identifier])
    return FailedAt(lowest) if lowest else Failed("the first record of the batch failed")
