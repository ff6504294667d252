"""Reading a mapping as ListEventSourceMappings gives it: what is taken over, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local.event_sources.model import Rules, UnsupportedMappingError, is_kinesis, parse_mapping

API: dict[str, Any] = {
    "UUID": "u",
    "EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s",
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:live",
    "StartingPosition": "TRIM_HORIZON",
    "State": "Enabled",
}


def test_a_mapping_is_taken_over_as_it_is() -> None:
    mapping = parse_mapping(
        API
        | {
            "BatchSize": 500,
            "MaximumBatchingWindowInSeconds": 2,
            "MaximumRetryAttempts": 10,
            "MaximumRecordAgeInSeconds": 3600,
            "BisectBatchOnFunctionError": True,
            "ParallelizationFactor": 4,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}},
        }
    )
    assert mapping.rules == Rules(500, 2.0, 10, 3600, True, True, 4)
    assert mapping.destination_arn == "arn:aws:s3:::bucket"
    assert mapping.function_name == "f"


def test_a_mapping_of_a_consumer_reads_the_consumers_stream() -> None:
    assert parse_mapping(API).consumer_arn is None
    consumer = API["EventSourceArn"] + "/consumer/c:1"
    mapping = parse_mapping(API | {"EventSourceArn": consumer})
    assert (mapping.stream_arn, mapping.consumer_arn) == (API["EventSourceArn"], consumer)
    assert is_kinesis(API | {"EventSourceArn": consumer})


def test_what_is_left_out_is_endless_as_on_aws() -> None:
    rules = parse_mapping(API).rules
    assert (rules.batch_size, rules.max_retries, rules.max_age_seconds, rules.parallelization) == (100, None, None, 1)
    assert parse_mapping(API | {"MaximumRetryAttempts": -1, "MaximumRecordAgeInSeconds": -1}).rules == rules
    assert parse_mapping(API | {"MaximumRetryAttempts": 0}).rules.max_retries == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, "FilterCriteria"),
        ({"TumblingWindowInSeconds": 30}, "TumblingWindowInSeconds"),
        ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp"),
        ({"StartingPosition": None}, "StartingPosition"),
        ({"BatchSize": 10_001}, "BatchSize"),
        ({"ParallelizationFactor": 11}, "ParallelizationFactor"),
        ({"FunctionResponseTypes": ["Other"]}, "FunctionResponseTypes"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:lambda:us-east-1:0:function:f"}}}, "on-failure"),
    ],
)
def test_what_is_not_supported_is_refused_with_its_name(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedMappingError, match=reason):
        parse_mapping(API | change)


def test_a_starting_time_is_read() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    mapping = parse_mapping(API | {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": at})
    assert mapping.starting_timestamp == at.timestamp()


def test_only_kinesis_mappings_are_looked_at() -> None:
    assert is_kinesis(API)
    assert not is_kinesis(API | {"EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:q"})
    assert not is_kinesis({"UUID": "kafka"})
