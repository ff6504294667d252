"""Which errors are worth another try, and that no client waits or repeats without a limit."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)
from moto import mock_aws

from shared import aws
from shared.sinks.item import to_item
from tests.unit.fakes.dynamodb_wire import wire_client
from tests.unit.fakes.faults import client_error
from tests.unit.fakes.rows import transaction


@pytest.mark.parametrize(
    "error",
    [
        client_error("PutRecords", "ProvisionedThroughputExceededException", 400),
        client_error("BatchWriteItem", "ThrottlingException", 400),
        client_error("PutObject", "SlowDown", 503),
        client_error("PutObject", "SomethingNew", 500),
        client_error("PutObject", "SomethingNew", 429),
        client_error("PutRecords", "ExpiredTokenException", 400),
        ReadTimeoutError(endpoint_url="https://aws.test"),
        ConnectTimeoutError(endpoint_url="https://aws.test"),
        EndpointConnectionError(endpoint_url="https://aws.test"),
    ],
    ids=aws.error_code,
)
def test_a_throttle_a_timeout_or_a_fault_of_aws_is_transient(error: Exception) -> None:
    assert aws.is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        client_error("PutRecords", "AccessDeniedException", 400),
        client_error("PutRecords", "ResourceNotFoundException", 400),
        client_error("PutObject", "NoSuchBucket", 404),
        ParamValidationError(report="a parameter"),
        KeyError("a bug"),
    ],
    ids=aws.error_code,
)
def test_what_time_does_not_fix_is_not_transient(error: Exception) -> None:
    assert not aws.is_transient(error)


def test_an_answer_without_a_code_still_has_one_to_log() -> None:
    assert aws.error_code(ClientError({}, "PutObject")) == "Unknown"


def test_a_client_is_made_once_with_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    aws.client.cache_clear()
    kinesis = aws.client("kinesis", read_timeout=4, attempts=1)
    assert kinesis is aws.client("kinesis", read_timeout=4, attempts=1)
    config = kinesis.meta.config
    assert (config.connect_timeout, config.read_timeout) == (1.5, 4)
    assert config.retries["total_max_attempts"] == 1
    aws.client.cache_clear()


def test_items_that_are_read_plainly_are_those_that_botocore_reads() -> None:
    items = [to_item(transaction(number, is_fraud="1")) for number in range(3)] + [{"list": {"L": [{"S": "a"}]}}]
    answer = {"Items": items, "Count": 4, "ScannedCount": 5, "LastEvaluatedKey": {"card_id": {"S": "x"}}}
    asked = {"TableName": "transactions", "KeyConditionExpression": "card_id = :id"}
    as_ever, plain = (wire_client({"Query": lambda **_: answer}) for _ in range(2))
    found = aws.read_items_plainly(plain).query(**asked)
    expected = as_ever.query(**asked)
    for one in (found, expected):
        del one["ResponseMetadata"]
    assert found == expected == answer


def test_an_error_is_the_same_with_items_read_plainly() -> None:
    asked = {"TableName": "none", "KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "x"}}}
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        plain = aws.read_items_plainly(aws.read_items_plainly(client))  # asked for twice, it is done once
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            plain.query(**asked)
