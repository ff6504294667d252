"""`swipeline remove --orphans` over moto: finds what a failed deploy left, and only that; takes it away when asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError as AwsError
from moto import mock_aws
from typer.testing import CliRunner

from client import cli
from client.commands import remove as command
from client.remove.leftovers import CRAWLERS, Leftover, log_leftovers, orphans
from tests.template.template import packaged

ACCOUNT = "123456789012"


class MotoStage:
    """As client.aws.Stage."""

    local, region, name = False, "us-east-1", "prod"

    def client(self, service: str) -> Any:
        return NoStack() if service == "cloudformation" else boto3.client(service)


class NoStack:
    """CloudFormation without the stage's stack."""

    def get_paginator(self, _: str) -> NoStack:
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:
        raise AwsError({"Error": {"Code": "ValidationError", "Message": f"no {StackName}"}}, "ListStackResources")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoStage]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        monkeypatch.setattr(command, "Stage", lambda name: MotoStage())
        yield MotoStage()


def fill(prefix: str) -> None:
    s3, dynamodb, logs = boto3.client("s3"), boto3.client("dynamodb"), boto3.client("logs")
    s3.create_bucket(Bucket=f"{prefix}-lake-{ACCOUNT}")
    s3.put_object(Bucket=f"{prefix}-lake-{ACCOUNT}", Key="transactions/a", Body=b"a")
    dynamodb.create_table(
        TableName=f"{prefix}-transactions",
        AttributeDefinitions=[{"AttributeName": "card_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "card_id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=True,
    )
    boto3.client("kinesis").create_stream(StreamName=f"{prefix}-transactions", ShardCount=1)
    boto3.client("secretsmanager").create_secret(Name=f"{prefix}/card-key", SecretString="{}")
    for group in (
        *(f"/aws/lambda/{prefix}-write-to-s3", f"/aws/redshift/{prefix}/userlog", f"/aws-glue/{prefix}/output"),
        f"/aws/api-gateway/{prefix}",
    ):
        logs.create_log_group(logGroupName=group)


def test_what_a_failed_deploy_left_is_listed_and_only_deleted_when_the_name_is_typed(stage: MotoStage) -> None:
    fill("swipeline-prod")
    fill("swipeline-prod-two")  # another stage's, whose names begin alike
    answer = CliRunner().invoke(cli.app, ["remove", "--stage", "prod", "--orphans", "--json"])
    assert answer.exit_code == 0, (answer.output, answer.exception)
    listed = json.loads(answer.stdout[: answer.stdout.rindex("}") + 1])
    found = {(one["kind"], one["name"]) for one in listed["orphans"]}
    assert len(found) == 8
    assert not any("prod-two" in name for _, name in found)
    done = CliRunner().invoke(cli.app, ["remove", "--stage", "prod", "--orphans", "--yes"], input="other\n")
    assert (done.exit_code, len(orphans(stage))) == (1, 8)
    done = CliRunner().invoke(cli.app, ["remove", "--stage", "prod", "--orphans", "--yes"], input="prod\n")
    assert done.exit_code == 0, done.output
    assert orphans(stage) == []
    assert boto3.client("dynamodb").list_tables()["TableNames"] == ["swipeline-prod-two-transactions"]


def test_the_crawler_s_lines_are_a_stream_of_the_account_s_group(stage: MotoStage) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=CRAWLERS)
    for name in ("swipeline-prod", "swipeline-prod-two"):
        logs.create_log_stream(logGroupName=CRAWLERS, logStreamName=name)
    assert log_leftovers(stage) == [Leftover("log stream", "swipeline-prod")]  # type: ignore[arg-type]


def test_every_named_store_of_the_template_is_looked_for() -> None:
    from client.remove import leftovers

    template = packaged("prod")
    name = "swipeline-prod"
    tables = {p["TableName"] for p in template.of_type("AWS::DynamoDB::Table").values()}
    assert tables == leftovers._tables(name)
    streams = {p["Name"] for p in template.of_type("AWS::Kinesis::Stream").values()}
    assert streams | {f"{name}-alerts"} == leftovers._streams(name), "an earlier release had a stream for alerts"
    secrets = {p["Name"] for p in template.of_type("AWS::SecretsManager::Secret").values()}
    assert secrets == {f"{name}/{secret}" for secret in ("card-key", "warehouse-admin", "warehouse-loader")}
    groups = [p["LogGroupName"] for p in template.of_type("AWS::Logs::LogGroup").values()]
    prefixes = (f"/aws/lambda/{name}-", f"/aws/kinesisfirehose/{name}-", f"/aws/api-gateway/{name}")
    known = set().union(*(leftovers._groups(prefix, groups, name) for prefix in prefixes))
    assert known == set(groups)
