"""What the Glue tests share: one Spark session, and an AWS in memory beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from local.spark import ensure_spark, java_home

ensure_spark()  # when tests are collected: their modules import it

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Spark on two threads, with the job's own settings."""
    before = dict(os.environ)
    os.environ |= {
        "JAVA_HOME": java_home(),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(REPOSITORY),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    from glue.session import session

    made = session(
        "tests",
        spark_master="local[2]",
        spark_driver_memory="1g",
        spark_ui_enabled="false",
        spark_ui_showConsoleProgress="false",
        spark_sql_shuffle_partitions="2",
        spark_local_dir=str(tmp_path_factory.mktemp("spark")),
    )
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS in memory with a raw bucket and a table of loads."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="raw")
        boto3.client("dynamodb").create_table(
            TableName="loads",
            KeySchema=[{"AttributeName": "load", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "load", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield
