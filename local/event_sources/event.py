"""The event a function gets for a batch of Kinesis records, and how large it is.

Shape: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from local.kinesis_reader import Record

# Lambda's limit for a synchronous request: 6 MB, the base64 text and everything around it counted.
PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024
_ENVELOPE_BYTES = len('{"Records":[]}')


def build_event(records: Sequence[Record], shard_id: str, source_arn: str, role_arn: str) -> bytes:
    """The invocation payload, as compact JSON."""
    region = source_arn.split(":")[3]
    items = [_item(record, shard_id, source_arn, role_arn, region) for record in records]
    return json.dumps({"Records": items}, separators=(",", ":")).encode()


def record_bytes(record: Record, shard_id: str, source_arn: str, role_arn: str) -> int:
    """How many bytes a record adds to the payload, the separating comma included."""
    empty = _item(record._replace(data=b""), shard_id, source_arn, role_arn, source_arn.split(":")[3])
    return len(json.dumps(empty, separators=(",", ":"))) + 4 * ((len(record.data) + 2) // 3) + 1


def room_for_records(limit: int = PAYLOAD_LIMIT_BYTES) -> int:
    """How many bytes of records fit into one payload."""
    return limit - _ENVELOPE_BYTES


def _item(record: Record, shard_id: str, source_arn: str, role_arn: str, region: str) -> dict[str, object]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": record.sequence_number,
            "data": base64.b64encode(record.data).decode("ascii"),
            "approximateArrivalTimestamp": round(record.arrived_at, 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record.sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role_arn,
        "awsRegion": region,
        "eventSourceARN": source_arn,
    }
