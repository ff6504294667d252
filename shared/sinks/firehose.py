"""Puts records into a Firehose delivery stream: retries only what PutRecordBatch refuses, within a budget."""

from __future__ import annotations

from typing import Any, Protocol

from shared.aws import is_transient
from shared.retry import Budget
from shared.stream.records import StreamRecord
from shared.stream.writer import PutOutcome

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
MAX_RECORDS = 500
MAX_BYTES = 4 * 1024 * 1024


class FirehoseClient(Protocol):
    """The part of boto3's Firehose client that is used here."""

    def put_record_batch(self, *, DeliveryStreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        """Put up to 500 records; each succeeds or fails on its own."""


class RecordSink(Protocol):
    """Whatever takes records within a budget: a delivery stream, a Kinesis stream."""

    def put(self, partitions: list[list[StreamRecord]], budget: Budget) -> PutOutcome:
        """Put the records of all partitions."""


class DeliveryStream:
    """A delivery stream that takes records directly; it keeps no order, and its readers may not need one."""

    def __init__(self, client: FirehoseClient, name: str) -> None:
        self._client, self._name = client, name

    def put(self, partitions: list[list[StreamRecord]], budget: Budget) -> PutOutcome:
        """Put the records of all partitions. A timeout leaves open whether one was stored; it is retried.

        Raises ClientError on what no retry can fix (no permission, no such delivery stream).
        """
        waiting = [record for records in partitions for record in records]
        total, retried, repeat = len(waiting), 0, 0
        while waiting:
            waiting = self._refused(waiting, budget)
            if not waiting or not budget.wait(repeat):
                break
            repeat += 1
            retried += len(waiting)
        unstored = sorted(row for record in waiting for row in record.rows)
        return PutOutcome(total - len(waiting), retried, unstored, [])

    def _refused(self, records: list[StreamRecord], budget: Budget) -> list[StreamRecord]:
        """Put records once, in as few calls as their number and size allow; give those that were refused."""
        refused: list[StreamRecord] = []
        for number, call in enumerate(_calls(records)):
            if number and budget.spent:
                refused += call
                continue
            try:
                answer = self._client.put_record_batch(
                    DeliveryStreamName=self._name, Records=[{"Data": record.data} for record in call]
                )
            except Exception as error:
                if not is_transient(error):
                    raise
                refused += call
            else:
                # FailedPutCount is only the sum of these; a record failed if and only if it has a code.
                results = answer["RequestResponses"]
                refused += [one for one, result in zip(call, results, strict=True) if result.get("ErrorCode")]
        return refused


def _calls(records: list[StreamRecord]) -> list[list[StreamRecord]]:
    calls: list[list[StreamRecord]] = []
    size = 0
    for record in records:
        if not calls or len(calls[-1]) == MAX_RECORDS or size + len(record.data) > MAX_BYTES:
            calls.append([])
            size = 0
        calls[-1].append(record)
        size += len(record.data)
    return calls
