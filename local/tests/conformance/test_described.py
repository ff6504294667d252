"""What the embedded AWS says of what it has, to the AWS CLI: as AWS does, or not at all."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.emulator import Emulator, wait_until

BUCKET = {
    "Resources": {
        "Kept": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Suspended"}}},
        "Versions": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
    }
}
NEITHER = {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}


def test_a_stack_has_not_drifted_right_after_its_deploy(emulator: Emulator) -> None:
    cloudformation = emulator.client("cloudformation")
    cloudformation.create_stack(StackName="drift", TemplateBody=json.dumps(BUCKET))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="drift", WaiterConfig={"Delay": 1})
    asked = cloudformation.detect_stack_drift(StackName="drift")["StackDriftDetectionId"]

    def detected() -> Any:
        found = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=asked)
        return found if found["DetectionStatus"] == "DETECTION_COMPLETE" else None

    assert wait_until(detected, "drift was detected")["StackDriftStatus"] == "IN_SYNC"


def test_a_table_says_how_large_its_items_and_its_indexes_are(emulator: Emulator) -> None:
    dynamodb = emulator.client("dynamodb")
    dynamodb.create_table(
        TableName="described",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "other")],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-other",
                "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    for number in range(4):
        item = {"id": {"S": f"{number:04d}"}, "text": {"S": "x" * 1000}}
        dynamodb.put_item(TableName="described", Item=item | ({"other": {"S": "abcd"}} if number % 2 else {}))
    table = dynamodb.describe_table(TableName="described")["Table"]
    (index,) = table["GlobalSecondaryIndexes"]
    # Names and values in UTF-8: id and its 4 letters, text and its 1,000; other and its 4 in every second one.
    assert (table["ItemCount"], table["TableSizeBytes"]) == (4, 4 * (2 + 4 + 4 + 1000) + 2 * (5 + 4))
    assert (index["IndexStatus"], index["ItemCount"]) == ("ACTIVE", 2)
    assert index["IndexSizeBytes"] == 2 * (2 + 4 + 5 + 4)
    assert table["ProvisionedThroughput"] == index["ProvisionedThroughput"] == NEITHER
    assert index["IndexArn"] == f"{table['TableArn']}/index/by-other"


@pytest.mark.parametrize("operation", ["put_record", "put_record_batch"])
def test_firehose_takes_no_records_by_hand_where_its_source_is_a_stream(emulator: Emulator, operation: str) -> None:
    firehose, name = emulator.client("firehose"), f"reads-{operation.replace('_', '-')}"
    stream, bucket = emulator.stream(name), emulator.bucket(name)
    role = emulator.role(name, "firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": stream, "RoleARN": role},
        ExtendedS3DestinationConfiguration={"BucketARN": f"arn:aws:s3:::{bucket}", "RoleARN": role},
    )
    records = {"put_record": {"Record": {"Data": b"x"}}, "put_record_batch": {"Records": [{"Data": b"x"}]}}
    with pytest.raises(ClientError, match="not permitted on KinesisStreamAsSource") as refused:
        getattr(firehose, operation)(DeliveryStreamName=name, **records[operation])
    assert refused.value.response["Error"]["Code"] == "InvalidArgumentException"


def test_a_function_says_how_much_memory_it_used(emulator: Emulator) -> None:
    emulator.function(
        "remembers", emulator.role("remembers", "lambda"), "def handler(event, context): return len(b'x' * 50_000_000)"
    )
    emulator.client("lambda").invoke(FunctionName="remembers", Payload=b"{}")
    logs = emulator.client("logs")

    def report() -> Any:
        events = logs.filter_log_events(logGroupName="/aws/lambda/remembers", startTime=int(time.time() - 600) * 1000)
        return next((e["message"] for e in events["events"] if e["message"].startswith("REPORT")), None)

    used = re.search(r"Max Memory Used: (\d+) MB", wait_until(report, "the invocation was reported"))
    assert used
    assert int(used[1]) > 50
