"""A stage for the operator's tools: moto's S3, a stream, functions and a warehouse in memory that obey AWS's rules."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import orjson

from client.aws import Stage
from shared.sinks.consumer import Position
from shared.sinks.lake import object_key
from shared.transaction.codec import decode_record
from shared.transaction.schema import FIELDS, Transaction
from tests.unit.fakes.faults import client_error
from tests.unit.fakes.kinesis import FakeKinesis
from tests.unit.fakes.lake import object_body
from tests.unit.fakes.redshift_data import FakeDataApi, Result, StatementError
from tests.unit.fakes.shapes import obeys

OUTPUTS = {
    "StreamName": "swipeline-local-transactions",
    "LakeBucket": "lake",
    "DeliveryBucket": "delivery",
    "QuarantineBucket": "quarantine",
    "DeliveryStreamName": "swipeline-local-to-warehouse",
    "AlertDeliveryStreamName": "swipeline-local-alert-events",
    "WorkgroupName": "swipeline-local",
    "DatabaseName": "swipeline",
    "MergeQueueUrl": "",  # the world makes the queue
    "CopyRoleArn": "arn:aws:iam::000000000000:role/swipeline-local-copy",
}
_COPY = re.compile(
    r"COPY staging\.transaction \((?P<columns>[^)]*)\) FROM 's3://(?P<bucket>[^/]+)/(?P<key>[^']+)' IAM_ROLE"
)


COPY_COLUMNS = ["schema_version", *(field.name for field in FIELDS)]


@obeys("firehose")
class FakeFirehose:
    """Describes the delivery streams, as far as their COPY."""

    def describe_delivery_stream(self, *, DeliveryStreamName: str) -> dict[str, Any]:
        command = {
            OUTPUTS["DeliveryStreamName"]: {
                "DataTableName": "staging.transaction",
                "DataTableColumns": ",".join(COPY_COLUMNS),
                "CopyOptions": "JSON 's3://delivery/jsonpaths.json' GZIP",
            },
            OUTPUTS["AlertDeliveryStreamName"]: {
                "DataTableName": "staging.alert_event",
                "DataTableColumns": "transaction_id,score",
                "CopyOptions": "JSON 'auto' GZIP",
            },
        }[DeliveryStreamName]
        destination = {"RedshiftDestinationDescription": {"CopyCommand": command}}
        return {"DeliveryStreamDescription": {"Destinations": [destination]}}


class Killed(BaseException):
    """The process ends here: nothing of ours may catch it."""


class FakeWarehouse:
    """Staging and core by id: COPY takes all objects of a manifest or none, the merge keeps the first of an id."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self.staging: list[dict[str, Any]] = []
        self.core: dict[str, dict[str, Any]] = {}
        self.copies: list[str] = []
        self.alert_copies: list[str] = []
        self.refuse = ""
        self.after_copy: Callable[[], None] = lambda: None

    def execute(self, sql: str) -> Result | None:
        if sql.startswith("COPY"):
            self._copy(sql)
        elif sql.startswith("SELECT\n    staged"):
            return [self._merge()]
        elif sql.startswith("SELECT COUNT(*) AS transactions FROM core.transaction"):
            return [{"transactions": len(self.core)}]
        return None

    def _copy(self, sql: str) -> None:
        if sql.startswith("COPY staging.alert_event (transaction_id,score) FROM 's3://delivery/errors/"):
            self.alert_copies.append(sql)
            return
        found = _COPY.match(sql)
        assert found, sql
        names = [field.name for field in FIELDS]
        assert found["columns"].replace(" ", "").split(",") == (names if "JSON 'auto'" in sql else COPY_COLUMNS)
        if self.refuse:
            raise StatementError(self.refuse)
        body = self._s3.get_object(Bucket=found["bucket"], Key=found["key"])["Body"].read()
        rows: list[dict[str, Any]] = []
        for entry in json.loads(body)["entries"]:
            bucket, key = entry["url"].removeprefix("s3://").split("/", 1)
            try:
                data = gzip.decompress(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            except (OSError, EOFError) as error:
                raise StatementError(f"ERROR: {entry['url']} is not in gzip format.") from error
            except self._s3.exceptions.NoSuchKey as error:
                assert entry["mandatory"] is True
                raise StatementError(f"ERROR: {entry['url']} The specified key does not exist.") from error
            if "JSON 'auto'" in sql:
                rows += [orjson.loads(line) for line in data.splitlines()]
            else:
                rows += [line._asdict() for line in decode_record(data) if isinstance(line, Transaction)]
        self.staging += rows
        self.copies.append(found["key"])
        self.after_copy()

    def _merge(self) -> dict[str, Any]:
        before, staged = len(self.core), len(self.staging)
        for row in self.staging:
            self.core.setdefault(row["transaction_id"], row)
        self.staging.clear()
        inserted = len(self.core) - before
        return {"staged": staged, "inserted": inserted, "duplicates": staged - inserted, "waited_seconds": 1} | {
            "replaced": 0,
            "conflicts": 0,
            "unresolved": 0,
        }


@obeys("lambda")
class FakeLambda:
    """Functions by name: an exception is a FunctionError, as an unknown name is a ResourceNotFoundException."""

    def __init__(self) -> None:
        self.functions: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert InvocationType == "RequestResponse"
        name = FunctionName.split(":function:")[1].split(":")[0]
        if name not in self.functions:
            raise client_error("Invoke", "ResourceNotFoundException", 404)
        event = json.loads(Payload)
        self.events.append((name, event))
        try:
            answer = self.functions[name](event)
        except ValueError as error:
            body = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(body).encode())}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


class OperatorWorld:
    """The stage, and what its parts hold. Use it inside moto's mock_aws."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3", "us-east-1")
        for bucket in ("lake", "delivery", "quarantine"):
            self.s3.create_bucket(Bucket=bucket)
        self.warehouse = FakeWarehouse(self.s3)
        self.stream, self.functions = FakeKinesis(), FakeLambda()
        self.stage = Stage("local")
        self.stage._clients |= {
            "s3": self.s3,
            "sts": boto3.client("sts", "us-east-1"),
            "kinesis": self.stream,
            "firehose": FakeFirehose(),
            "lambda": self.functions,
            "sqs": boto3.client("sqs", "us-east-1"),
            "redshift-data": FakeDataApi(self.warehouse.execute),
        }
        self.queue = self.stage.client("sqs").create_queue(QueueName="swipeline-local-merges")["QueueUrl"]
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in (OUTPUTS | {"MergeQueueUrl": self.queue}).items()]
        self.stage.__dict__["_stack"] = {"StackId": "arn:stack/1", "Outputs": outputs}

    def archive(self, day: str, number: int, transactions: list[Transaction]) -> str:
        """Put an object into the lake as write-to-s3 does; give its key."""
        at = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)
        position = Position("shardId-000000000000", str(number), "00", at)
        key = object_key(position, position)
        self.s3.put_object(Bucket="lake", Key=key, Body=object_body(transactions))
        return key

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        found = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def set_aside_line(self, data: bytes, number: int = 1, line: int = 0) -> str:
        """Put an object into quarantine as write-to-s3 does; give its key."""
        key = f"quarantine/write-to-s3/date=2026-11-24/shardId-000000000000-{number}-{line:04d}.json"
        body = {
            "function": "write-to-s3",
            "reason": "by the test",
            "shard_id": "shardId-000000000000",
            "sequence_number": str(number),
            "line": line,
            "lines": 1,
            "data": base64.b64encode(data).decode(),
        }
        self.put("quarantine", key, json.dumps(body).encode())
        return key

    def set_aside_batch(self, numbers: list[int], function: str = "swipeline-local-write-to-dynamodb") -> str:
        """Put an on-failure record as Lambda does; give its key."""
        records = [
            {
                "kinesis": {
                    "sequenceNumber": str(number),
                    "partitionKey": "00",
                    "data": "",
                    "approximateArrivalTimestamp": 1,
                },
                "eventID": f"shardId-000000000000:{number}",
            }
            for number in numbers
        ]
        body = {
            "requestContext": {
                "functionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{function}",
                "condition": "RetryAttemptsExhausted",
            },
            "KinesisBatchInfo": {"shardId": "shardId-000000000000", "startSequenceNumber": str(numbers[0])},
            "payload": json.dumps({"Records": records}),
        }
        # Later batches were given up first: keys by time are not in the order of the stream.
        key = f"aws/lambda/uuid/shardId-000000000000/2026/11/24/2026-11-24T12.00.{99 - numbers[0]:02d}-x"
        self.put("quarantine", key, json.dumps(body).encode())
        return key
