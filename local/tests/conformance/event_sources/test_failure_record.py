"""The record of a given-up batch, against the examples in Lambda's guide."""

from __future__ import annotations

import json
from uuid import UUID

from local.event_sources.failure_record import failure_key, failure_record
from local.event_sources.lane import AGE_EXCEEDED, RETRIES_EXHAUSTED, Discard
from local.event_sources.model import Mapping, Rules
from local.event_sources.response import Failed, NotInvoked
from local.kinesis_reader import Record

MAPPING = Mapping(
    uuid="14b7fcc9-078a-4ac6-b0f3-6e0d7a5a7c5c",
    function_arn="arn:aws:lambda:us-east-2:123456789012:function:myfunction",
    source_arn="arn:aws:kinesis:us-east-2:123456789012:stream/mystream",
    starting_position="TRIM_HORIZON",
    starting_timestamp=None,
    destination_arn="arn:aws:s3:::bucket",
    rules=Rules(),
)
RECORDS = (
    Record("49601189658422359378836298521827638475320189012309704722", "a", b"1", 1573691884.835),
    Record("49601189658422359378836298522902373528957594348623495186", "b", b"2", 1573691885.580),
)
NOW = 1573691886.021
SHARD = "shardId-000000000001"


def test_the_record_is_the_documented_one() -> None:
    discard = Discard(0, RECORDS, RETRIES_EXHAUSTED, 1, Failed("raised", "Unhandled"))
    text = failure_record(MAPPING, SHARD, discard, "c9b8fa9f-5a7f-4f00-af9c-0c604cde93a5", NOW, b'{"Records":[]}')
    assert json.loads(text) == {
        "requestContext": {
            "requestId": "c9b8fa9f-5a7f-4f00-af9c-0c604cde93a5",
            "functionArn": "arn:aws:lambda:us-east-2:123456789012:function:myfunction",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 1,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": "2019-11-14T00:38:06.021Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000001",
            "startSequenceNumber": "49601189658422359378836298521827638475320189012309704722",
            "endSequenceNumber": "49601189658422359378836298522902373528957594348623495186",
            "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
            "approximateArrivalOfLastRecord": "2019-11-14T00:38:05.580Z",
            "batchSize": 2,
            "streamArn": "arn:aws:kinesis:us-east-2:123456789012:stream/mystream",
        },
        "payload": '{"Records":[]}',
    }


def test_queues_and_topics_get_the_position_only() -> None:
    discard = Discard(0, RECORDS, RETRIES_EXHAUSTED, 1, Failed("raised", "Unhandled"))
    assert "payload" not in json.loads(failure_record(MAPPING, SHARD, discard, "r", NOW, payload=None))


def test_a_batch_that_was_never_invoked_has_no_response() -> None:
    discard = Discard(0, RECORDS, AGE_EXCEEDED, 0, NotInvoked("throttled"))
    body = json.loads(failure_record(MAPPING, SHARD, discard, "r", NOW, payload=None))
    assert "responseContext" not in body
    assert body["requestContext"]["condition"] == "RecordAgeExceeded"


def test_a_reported_failure_is_no_function_error() -> None:
    discard = Discard(0, RECORDS, RETRIES_EXHAUSTED, 3, Failed("the first record failed"))
    body = json.loads(failure_record(MAPPING, SHARD, discard, "r", NOW, payload=None))
    assert body["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}


def test_the_s3_key_is_the_documented_one() -> None:
    unique = UUID("7d3cf9a5-1f0a-4a0e-9a7e-0e8e7f3c2a11")
    assert failure_key(MAPPING, SHARD, NOW, unique) == (
        "aws/lambda/14b7fcc9-078a-4ac6-b0f3-6e0d7a5a7c5c/shardId-000000000001/2019/11/14/"
        "2019-11-14T00.38.06-7d3cf9a5-1f0a-4a0e-9a7e-0e8e7f3c2a11"
    )
