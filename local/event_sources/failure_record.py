"""The record of a given-up batch, as Lambda sends it to an on-failure destination. Pure.

Format: https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from local.event_sources.lane import Discard
from local.event_sources.model import Mapping
from local.event_sources.response import Failed, NotInvoked


def failure_record(
    mapping: Mapping, shard_id: str, discard: Discard, request_id: str, now: float, payload: bytes | None
) -> str:
    """The JSON text. `payload`, the whole event, is given for S3 destinations only and kept as an escaped string."""
    first, last = discard.records[0], discard.records[-1]
    body: dict[str, Any] = {
        "requestContext": {
            "requestId": request_id,
            "functionArn": mapping.function_arn,
            "condition": discard.condition,
            "approximateInvokeCount": discard.invocations,
        },
    }
    if discard.invocations and not isinstance(discard.last_error, NotInvoked):
        body["responseContext"] = {"statusCode": 200, "executedVersion": "$LATEST"}
        if isinstance(discard.last_error, Failed) and discard.last_error.function_error:
            body["responseContext"]["functionError"] = discard.last_error.function_error
    body |= {
        "version": "1.0",
        "timestamp": iso(now),
        "KinesisBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": iso(first.arrived_at),
            "approximateArrivalOfLastRecord": iso(last.arrived_at),
            "batchSize": len(discard.records),
            "streamArn": mapping.stream_arn,
        },
    }
    if payload is not None:
        body["payload"] = payload.decode()
    return json.dumps(body)


def failure_key(mapping: Mapping, shard_id: str, now: float, unique: UUID) -> str:
    """The S3 key: aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>."""
    at = datetime.fromtimestamp(now, UTC)
    return f"aws/lambda/{mapping.uuid}/{shard_id}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{unique}"


def iso(seconds: float) -> str:
    """2019-11-14T00:38:06.021Z"""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
