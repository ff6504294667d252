"""Puts records on the Kinesis stream: retries only what PutRecords refuses, in order, within a budget."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple, Protocol

from shared.aws import is_transient
from shared.retry import Budget
from shared.stream.records import StreamRecord

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024


class KinesisClient(Protocol):
    """The part of boto3's Kinesis client that is used here."""

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        """Put up to 500 records; each succeeds or fails on its own."""


class PutOutcome(NamedTuple):
    """The result of a put: records stored, record attempts beyond the first, and the rows that are not on the stream.

    ``positions`` has ``shard:sequence number`` of each stored record: with it, a log line leads to the sinks'.
    """

    stored: int
    retried: int
    unstored_rows: list[int]
    positions: list[str]


class Stream:
    """The stream that transactions are put on."""

    def __init__(self, client: KinesisClient, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, partitions: list[list[StreamRecord]], budget: Budget) -> PutOutcome:
        """Put the records of each partition, in its order.

        PutRecords keeps no order between a record that it refused and later ones of the same call. So a call holds
        the first unstored record of every partition and no second one: a partition's next record waits until the one
        before it is stored, and no retry can reverse a card's transactions.

        A timeout leaves open whether a record was stored; it is retried, and the sinks absorb the duplicate.
        Raises ClientError on terminal errors (no permission, no such stream).
        """
        waiting = [deque(records) for records in partitions]
        positions: list[str] = []
        retried = repeat = 0
        while waiting:
            heads = [queue[0] for queue in waiting]
            refused = self._refused(heads, budget, positions)
            for queue, failed in zip(waiting, refused, strict=True):
                if not failed:
                    queue.popleft()
            waiting = [queue for queue in waiting if queue]
            if True not in refused:
                repeat = 0
                if budget.spent:
                    break
                continue
            if not budget.wait(repeat):
                break
            repeat += 1
            retried += refused.count(True)
        unstored = sorted(row for queue in waiting for record in queue for row in record.rows)
        return PutOutcome(len(positions), retried, unstored, positions)

    def _refused(self, records: list[StreamRecord], budget: Budget, positions: list[str]) -> list[bool]:
        """Put records once, in as few calls as their number and size allow; return for each whether it was refused."""
        refused: list[bool] = []
        for call in _calls(records):
            if refused and budget.spent:
                refused += [True] * len(call)
                continue
            try:
                answer = self._client.put_records(
                    StreamName=self._name,
                    Records=[{"Data": record.data, "PartitionKey": record.partition_key} for record in call],
                )
            except Exception as error:
                if not is_transient(error):
                    raise
                refused += [True] * len(call)
            else:
                # FailedRecordCount is only the sum of these; a record failed if and only if it has a code.
                results = answer["Records"]
                refused += [bool(result.get("ErrorCode")) for result in results]
                positions += [f"{r['ShardId']}:{r['SequenceNumber']}" for r in results if not r.get("ErrorCode")]
        return refused


def _calls(records: list[StreamRecord]) -> list[list[StreamRecord]]:
    calls: list[list[StreamRecord]] = []
    size = 0
    for record in records:
        length = len(record.data) + len(record.partition_key)
        if not calls or len(calls[-1]) == MAX_RECORDS or size + length > MAX_BYTES:
            calls.append([])
            size = 0
        calls[-1].append(record)
        size += length
    return calls
