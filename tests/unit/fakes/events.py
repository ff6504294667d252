"""What Lambda hands to a function: a context, an event of API Gateway, an event of Kinesis made with the real codec."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from shared.stream.records import build_records
from shared.transaction.schema import Transaction

FIRST_SEQUENCE_NUMBER = 49590338271490256608559692538361571095921575989136588898
SHARD = "shardId-000000000000"


@dataclass
class Context:
    """A Lambda context with all that a function, or Powertools, reads of it."""

    remaining_ms: int = 29_000
    function_name: str = "swipeline-test-function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:swipeline-test-function"
    aws_request_id: str = "11111111-2222-4333-8444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def api_event(body: Any, **headers: str) -> dict[str, Any]:
    """A POST as API Gateway proxies it; a body that is no text is sent as JSON, headers with _ for -."""
    return {
        "resource": "/transactions",
        "path": "/transactions",
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"} | {name.replace("_", "-"): v for name, v in headers.items()},
        "requestContext": {"requestId": "request-1", "identity": {"apiKeyId": "sender-1"}},
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def kinesis_event(
    records: list[tuple[str, bytes]], *, start: int = 0, arrived: float = 1592741665.25, shard: str = SHARD
) -> dict[str, Any]:
    """The records (partition key, data) of one shard as Lambda hands them over; ``start`` offsets the sequence."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": key,
                    "sequenceNumber": str(FIRST_SEQUENCE_NUMBER + start + index),
                    "data": base64.b64encode(data).decode("ascii"),
                    "approximateArrivalTimestamp": arrived + index,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard}:{FIRST_SEQUENCE_NUMBER + start + index}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/swipeline-test-consumer",
                "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/swipeline-test-transactions",
            }
            for index, (key, data) in enumerate(records)
        ]
    }


def on_stream(transactions: list[Transaction]) -> list[tuple[str, bytes]]:
    """The records that a request with these transactions would put."""
    partitions = build_records(enumerate(transactions))
    return [(record.partition_key, record.data) for records in partitions for record in records]
