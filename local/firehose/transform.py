"""The event of a delivery stream's function and what its answer means, record by record. Pure.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from local.firehose import aggregate
from local.firehose.model import DeliveryStream
from local.kinesis_reader import Record

DROPPED, OK, FAILED = "Dropped", "Ok", "ProcessingFailed"


class Source(NamedTuple):
    """A record on its way: from which shard, and which it is of an aggregate's (0 where it is none)."""

    shard_id: str
    record: Record
    inner: int = 0


class BadAnswerError(Exception):
    """The function's answer does not fit its event."""


def opened(shard_id: str, record: Record) -> list[Source]:
    """The records of a record of the stream: itself, or those that the producer's library has aggregated."""
    inner = aggregate.opened(record.data)
    if inner is None:
        return [Source(shard_id, record)]
    made = (record._replace(partition_key=one.partition_key, data=one.data) for one in inner)
    return [Source(shard_id, one, number) for number, one in enumerate(made)]


def portions(sources: Sequence[Source], most_bytes: int) -> Iterator[list[Source]]:
    """Cut records into what fits one invocation; one record alone may be larger."""
    portion: list[Source] = []
    size = 0
    for source in sources:
        if portion and size + len(source.record.data) > most_bytes:
            yield portion
            portion, size = [], 0
        portion.append(source)
        size += len(source.record.data)
    if portion:
        yield portion


def build_event(stream: DeliveryStream, invocation_id: str, sources: Sequence[Source]) -> bytes:
    """The invocation payload. Records that were put directly have no source, and nothing of Kinesis."""
    direct = stream.source_role_arn is None
    event = {
        "invocationId": invocation_id,
        "deliveryStreamArn": stream.arn,
        **({} if direct else {"sourceKinesisStreamArn": stream.source_arn}),
        "region": stream.arn.split(":")[3],
        "records": [_item(source, direct) for source in sources],
    }
    return json.dumps(event, separators=(",", ":")).encode()


def record_id(source: Source) -> str:
    """A record's id in an event: the same each time it comes."""
    return f"{source.record.sequence_number}{source.inner:06d}"


def read_answer(payload: bytes, sources: Sequence[Source]) -> list[tuple[str, bytes]]:
    """Result and data of each record, in order. Raises BadAnswerError when one is missing, twice or no such result."""
    try:
        records = json.loads(payload)["records"]
        found = {str(one["recordId"]): (str(one["result"]), _data(one)) for one in records}
    except (ValueError, KeyError, TypeError) as error:
        raise BadAnswerError(f"the answer is none of a transformation: {error}") from error
    ids = [record_id(source) for source in sources]
    if len(records) != len(ids) or found.keys() != set(ids):
        raise BadAnswerError(f"the answer has {len(records)} records, expected {len(ids)}, each once")
    if any(result not in (OK, DROPPED, FAILED) for result, _ in found.values()):
        raise BadAnswerError("a record has a result other than Ok, Dropped or ProcessingFailed")
    return [found[one] for one in ids]


def failed_line(source: Source, function_arn: str, attempts: int, code: str, message: str, now: float) -> bytes:
    """A record that is given up, as a line of an object under processing-failed/."""
    line = {
        "attemptsMade": attempts,
        "arrivalTimestamp": int(source.record.arrived_at * 1000),
        "errorCode": code,
        "errorMessage": message,
        "attemptEndingTimestamp": int(now * 1000),
        "rawData": base64.b64encode(source.record.data).decode(),
        "lambdaArn": function_arn,
    }
    return json.dumps(line).encode() + b"\n"


def _item(source: Source, direct: bool) -> dict[str, Any]:
    arrived = int(source.record.arrived_at * 1000)
    item: dict[str, Any] = {
        "recordId": record_id(source),
        "approximateArrivalTimestamp": arrived,
        "data": base64.b64encode(source.record.data).decode(),
    }
    if not direct:
        item["kinesisRecordMetadata"] = {
            "sequenceNumber": source.record.sequence_number,
            "subsequenceNumber": str(source.inner),
            "partitionKey": source.record.partition_key,
            "shardId": source.shard_id,
            "approximateArrivalTimestamp": arrived,
        }
    return item


def _data(answer: dict[str, Any]) -> bytes:
    return base64.b64decode(answer["data"], validate=True) if answer["result"] == OK else b""
