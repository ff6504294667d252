"""Failed batches: the function that gave up on a batch is invoked again with exactly those records."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import SERVICE, Stage
from client.errors import ClientError
from client.quarantine.entries import Entry, Quarantine
from client.quarantine.outcome import FAILED, REDRIVEN, WOULD, Outcome


def parse(body: bytes, key: str) -> dict[str, Any]:
    """Read an on-failure record of Lambda; `payload` becomes the event. Raises ClientError if it holds no records.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    try:
        record = dict(json.loads(body))
        record["payload"] = json.loads(record["payload"])
        _ = record["payload"]["Records"][0], record["requestContext"]["functionArn"]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ClientError(
            f"{key} is not an invocation record with its payload: it may have been put there by hand."
        ) from error
    return record


def order(record: dict[str, Any]) -> tuple[str, int]:
    """Where a batch stands in the stream: redriven in this order, a card's transactions keep theirs."""
    info = record["KinesisBatchInfo"]
    return info["shardId"], int(info["startSequenceNumber"])


class Batches:
    """Redrives failed batches. Other consumers have these records already; keys stay the same."""

    def __init__(self, stage: Stage, quarantine: Quarantine) -> None:
        self._quarantine, self._lambda = quarantine, stage.client("lambda")
        self._own = f"{SERVICE}-{stage.name}-"

    def redrive(self, entry: Entry, act: bool) -> Outcome:
        """Invoke the function and wait; move the entry once it has reported no failure."""
        record = parse(self._quarantine.read(entry), entry.key)
        function, records = record["requestContext"]["functionArn"], record["payload"]["Records"]
        name = function.split(":function:", 1)[-1]
        if not name.startswith(self._own):
            reason = f"{name} is not a function of this stage"
            return Outcome(entry.kind, entry.key, FAILED, len(records), len(records), reason)
        if not act:
            return Outcome(entry.kind, entry.key, WOULD, len(records), reason=record["requestContext"]["condition"])
        stuck, reason = self._invoke(function, record["payload"])
        if reason:
            return Outcome(entry.kind, entry.key, FAILED, len(records), stuck, reason)
        self._quarantine.move(entry, records=len(records))
        return Outcome(entry.kind, entry.key, REDRIVEN, len(records))

    def _invoke(self, function: str, event: dict[str, Any]) -> tuple[int, str]:
        """Give how many records are not known to be processed, and why."""
        numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
        # detect-fraud passes over what is older than a card's profile, unless the event is marked as late on purpose.
        payload = json.dumps({**event, "redriven": True}, separators=(",", ":")).encode()
        try:
            answer = self._lambda.invoke(FunctionName=function, InvocationType="RequestResponse", Payload=payload)
        except AwsError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return len(numbers), "the function no longer exists"
        body = answer["Payload"].read()
        if answer.get("FunctionError"):
            return len(numbers), f"the function failed: {_error_type(body)}"
        failed = {item["itemIdentifier"] for item in (json.loads(body or b"null") or {}).get("batchItemFailures", [])}
        if not failed:
            return 0, ""
        # As Kinesis reads it: from the lowest failed sequence number on, nothing is done.
        first = min((numbers.index(number) for number in failed if number in numbers), default=0)
        return len(numbers) - first, "the function could not store some records"


def _error_type(body: bytes) -> str:
    """The error's class alone: its message may quote the data."""
    try:
        return str(json.loads(body).get("errorType", "unknown error"))
    except (ValueError, AttributeError):
        return "unreadable error"
