"""The stores of a stage on moto, and each function as a container that has just started."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import ParamValidationError
from botocore.model import OperationModel
from botocore.validate import ParamValidator
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler
from moto.moto_api._internal import moto_api_backend

from shared import aws
from shared.telemetry import logger, metrics
from tests.unit.fakes.rows import CARD_KEY
from tests.unit.fakes.statements import batch_execute_statement

LOADER = '{"username": "swipeline_firehose", "password": "Abcdefg1"}'
BUILDERS = {
    "query_transactions": "api",
    "write_to_kinesis": "ingest",
    "write_to_dynamodb": "table",
    "write_to_s3": "buckets",
    "detect_fraud": "detector",
    "check_delivery": "bucket",
    "measure_fraud": "measure",
    "merge_warehouse": "pieces",
    "migrate_warehouse": "stores",
}


class CurrentStdout:
    """Standard output as it is at the time: pytest exchanges it, and the logger keeps the one of its import."""

    def write(self, text: str) -> None:
        sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


def validate(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
    """Raise ParamValidationError as a client does that validates; before anything is taken out of the parameters."""
    report = ParamValidator().validate(params, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


class Stage(NamedTuple):
    """Clients of the stage's stores."""

    kinesis: Any
    dynamodb: Any
    s3: Any
    secrets: Any


@pytest.fixture
def function() -> Iterator[Callable[[str], ModuleType]]:
    """Import a handler's module as a new container would: with nothing built yet."""
    loaded: list[Any] = []

    def load(name: str) -> ModuleType:
        module = importlib.import_module(f"handlers.{name}")
        builder = getattr(module, BUILDERS[name])
        builder.cache_clear()
        loaded.append(builder)
        return module

    metrics.clear_metrics()
    collecting = gc.get_threshold()
    yield load
    for builder in loaded:
        builder.cache_clear()
    gc.unfreeze()  # functions freeze their objects: a container runs no tests
    gc.set_threshold(*collecting)
    metrics.clear_metrics()


@pytest.fixture(autouse=True)
def output(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Give what the function printed since the last call: its log lines and its EMF lines, errors too."""
    monkeypatch.setenv("STAGE", "test")  # metrics take it as a dimension once per container
    monkeypatch.setattr(logger.registered_handler, "stream", CurrentStdout())

    def read() -> str:
        captured = capsys.readouterr()
        return captured.out + captured.err

    return read


@pytest.fixture(scope="package")
def clients() -> Iterator[Stage]:
    """Start moto and make the clients once: they take longer than all that the tests do with them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        patch.setattr(DynamoHandler, "batch_execute_statement", batch_execute_statement)
        aws.client.cache_clear()
        with mock_aws():
            # Functions leave botocore's validation out of bulk calls, for speed; their tests do not.
            boto3.setup_default_session()
            boto3.DEFAULT_SESSION.events.register("provide-client-params.*.*", validate)
            yield Stage(*(boto3.client(service) for service in ("kinesis", "dynamodb", "s3", "secretsmanager")))
        aws.client.cache_clear()
        boto3.setup_default_session()


@pytest.fixture
def stage(clients: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Recreate the stage's stores, and the environment that the template gives to functions."""
    moto_api_backend.reset()
    for name, value in {
        "STREAM_NAME": "transactions",
        "TABLE_NAME": "transactions",
        "MERCHANTS_TABLE_NAME": "merchants",
        "REQUESTS_TABLE_NAME": "requests",
        "SENDER_API_KEY_ID": "sender-1",
        "READER_API_KEY_ID": "reader-1",
        "REVIEWER_API_KEY_ID": "reviewer-1",
        "PROFILES_TABLE_NAME": "profiles",
        "ALERTS_TABLE_NAME": "alerts",
        "ALERT_DELIVERY_NAME": "alerts",
        "DRIFT_TABLE_NAME": "drift",
        "RISK_TABLE_NAME": "risk",
        "ALERT_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
        "LAKE_BUCKET": "lake",
        "QUARANTINE_BUCKET": "quarantine",
        "DELIVERY_BUCKET": "delivery",
        "WORKGROUP_NAME": "swipeline-test",
        "DATABASE_NAME": "swipeline",
        "MERGE_RETRY_SECONDS": "15",
    }.items():
        monkeypatch.setenv(name, value)
    clients.kinesis.create_stream(StreamName="transactions", ShardCount=1)
    make_transactions(clients.dynamodb)
    make_table(clients.dynamodb, "merchants", "part", "sort")
    make_table(clients.dynamodb, "requests", "idempotency_key")
    make_table(clients.dynamodb, "profiles", "card_id")
    make_alerts(clients.dynamodb)
    make_table(clients.dynamodb, "drift", "day", "part")
    make_table(clients.dynamodb, "risk", "id")
    boto3.client("sns").create_topic(Name="alerts")
    monkeypatch.setenv("MERGE_QUEUE_URL", boto3.client("sqs").create_queue(QueueName="merges")["QueueUrl"])
    for bucket in ("lake", "quarantine", "delivery"):
        clients.s3.create_bucket(Bucket=bucket)
    # moto's Firehose puts each call's records at once into the bucket, as one object.
    boto3.client("firehose").create_delivery_stream(
        DeliveryStreamName="alerts",
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::delivery",
            "RoleARN": "arn:aws:iam::123456789012:role/delivery",
            "Prefix": "alerts/",
        },
    )
    secret = clients.secrets.create_secret(Name="swipeline-test/card-key", SecretString=CARD_KEY.decode())
    monkeypatch.setenv("CARD_KEY_SECRET_ARN", secret["ARN"])
    login = clients.secrets.create_secret(Name="swipeline-test/warehouse-loader", SecretString=LOADER)
    monkeypatch.setenv("LOADER_SECRET_ARN", login["ARN"])
    return clients


def make_table(dynamodb: Any, name: str, *keys: str) -> None:
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=key_schema(*keys),
    )


def make_transactions(dynamodb: Any) -> None:
    """Make the table of transactions with the template's indexes."""
    keys = ("card_id", "time_id", "merchant_bucket", "transaction_id")
    dynamodb.create_table(
        TableName="transactions",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=key_schema("card_id", "time_id"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": name,
                "KeySchema": key_schema(key, "time_id"),
                "Projection": {"ProjectionType": projection},
            }
            for name, key, projection in (
                ("merchant-time", "merchant_bucket", "ALL"),
                ("transaction-id", "transaction_id", "KEYS_ONLY"),
            )
        ],
    )


def make_alerts(dynamodb: Any, name: str = "alerts") -> None:
    """Make the table of alerts with the template's indexes."""
    keys = ("transaction_id", "day", "card_id", "status", "time_id")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=key_schema("transaction_id"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": key_schema(key, "time_id"),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, key in (("day-time", "day"), ("card-time", "card_id"), ("status-time", "status"))
        ],
    )


def key_schema(*keys: str) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
