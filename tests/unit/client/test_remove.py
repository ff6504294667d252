"""`swipeline remove` over moto: nothing goes unasked, everything goes when asked, limits and errors are kept."""

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
from client.errors import ClientError
from client.remove.emptying import MOST_KEYS, empty
from client.remove.plan import Bucket, look
from client.remove.run import ATTEMPTS, remove
from tests.unit.fakes.shapes import obeys

BUCKET, GROUP, TABLE = "swipeline-dev-lake", "/aws/lambda/swipeline-dev-write-to-s3", "swipeline-dev-transactions"


@obeys("cloudformation")
class CloudFormation:
    """A stack of a table, two buckets and a log group, until it is deleted."""

    def __init__(self) -> None:
        self.policy = "Delete"
        self.deployed = False

    def get_paginator(self, name: str) -> CloudFormation:
        assert name == "list_stack_resources"
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:
        if not self.deployed:
            raise AwsError({"Error": {"Code": "ValidationError", "Message": "no such stack"}}, "ListStackResources")
        found = [
            ("ServerlessDeploymentBucket", "AWS::S3::Bucket", "deployments", "UPDATE_COMPLETE"),
            ("Lake", "AWS::S3::Bucket", BUCKET, "CREATE_COMPLETE"),
            ("Gone", "AWS::S3::Bucket", "gone", "DELETE_COMPLETE"),
            ("Group", "AWS::Logs::LogGroup", GROUP, "CREATE_COMPLETE"),
            ("Table", "AWS::DynamoDB::Table", TABLE, "CREATE_COMPLETE"),
            ("ApiLogRole", "AWS::IAM::Role", "one-per-account", "CREATE_COMPLETE"),
        ]
        names = ("LogicalResourceId", "ResourceType", "PhysicalResourceId", "ResourceStatus")
        return [{"StackResourceSummaries": [dict(zip(names, one, strict=True))]} for one in found]

    def get_template(self, StackName: str) -> dict[str, Any]:
        resources = {"Lake": {"DeletionPolicy": self.policy}, "Table": {}, "ApiLogRole": {"DeletionPolicy": "Retain"}}
        return {"TemplateBody": {"Resources": resources}}


class MotoStage:
    """As client.aws.Stage; the stack is ours, as moto's needs packages of its own."""

    local = False
    region = "us-east-1"
    name = "dev"

    def __init__(self, name: str = "dev", cloudformation: CloudFormation | None = None) -> None:
        assert name == self.name
        self.cloudformation = cloudformation or CloudFormation()

    def client(self, service: str) -> Any:
        return self.cloudformation if service == "cloudformation" else boto3.client(service, region_name=self.region)


def deploy(stage: MotoStage, policy: str = "Delete", protected: bool = False) -> None:
    stage.cloudformation.deployed, stage.cloudformation.policy = True, policy
    s3 = stage.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    stage.client("logs").create_log_group(logGroupName=GROUP)
    stage.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        DeletionProtectionEnabled=protected,
    )


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = MotoStage()
    monkeypatch.setattr(command, "Stage", lambda name: MotoStage(name, made.cloudformation))
    with mock_aws():
        yield made


def fill(stage: Any) -> Any:
    """Two objects, of which one has an old version, and one that was deleted: five entries."""
    s3 = stage.client("s3")
    for key, body in (("a", b"old"), ("a", b"newer"), ("b", b"b"), ("c", b"c")):
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    s3.delete_object(Bucket=BUCKET, Key="c")
    return s3


def left(stage: Any) -> int:
    page = stage.client("s3").list_object_versions(Bucket=BUCKET)
    return len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))


def test_the_plan_counts_every_version_and_leaves_the_frameworks_bucket_to_it(stage: Any) -> None:
    deploy(stage)
    fill(stage)
    plan = look(stage)
    assert plan.buckets == (Bucket(BUCKET, objects=2, old_versions=2, delete_markers=1, bytes=10),)
    assert (plan.tables, plan.log_groups, plan.protected, plan.retained) == ((TABLE,), (GROUP,), (), ())


def test_a_stage_that_is_not_there_is_said_to_be_so(stage: Any) -> None:
    with pytest.raises(ClientError, match="no stack swipeline-dev"):
        look(stage)


def test_a_stage_that_is_removed_already_is_said_to_be_so(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = {"LogicalResourceId": "Lake", "ResourceStatus": "DELETE_COMPLETE"}
    monkeypatch.setattr(stage.cloudformation, "paginate", lambda **_: [{"StackResourceSummaries": [gone]}])
    with pytest.raises(ClientError, match="not deployed"):
        look(stage)


@pytest.mark.parametrize(("policy", "protected", "named"), [("Retain", False, BUCKET), ("Delete", True, TABLE)])
def test_a_protected_stage_is_refused_with_the_way_to_lift_it(
    stage: Any, policy: str, protected: bool, named: str
) -> None:
    deploy(stage, policy, protected)
    fill(stage)
    done = CliRunner().invoke(cli.app, ["remove", "--stage", "dev", "--yes"], input="dev\n")
    assert isinstance(done.exception, ClientError)
    for reported in (named, "deletionProtection: false", "deletionPolicy: Delete", "swipeline deploy --stage dev"):
        assert reported in str(done.exception)
    assert left(stage) == 5


def test_without_yes_nothing_goes(stage: Any) -> None:
    deploy(stage)
    fill(stage)
    done = CliRunner().invoke(cli.app, ["remove", "--stage", "dev", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["buckets"][0]["old_versions"] == 2
    assert left(stage) == 5


@pytest.mark.parametrize("typed", ["prod", "yes", "DEV"])
def test_another_name_than_the_stages_removes_nothing(stage: Any, typed: str) -> None:
    deploy(stage)
    fill(stage)
    done = CliRunner().invoke(cli.app, ["remove", "--stage", "dev", "--yes"], input=f"{typed}\n")
    assert isinstance(done.exception, ClientError)
    assert left(stage) == 5


def test_the_stage_has_to_be_named() -> None:
    assert CliRunner().invoke(cli.app, ["remove", "--yes"]).exit_code != 0


def test_all_goes_and_log_groups_that_come_back_too(stage: Any) -> None:
    deploy(stage)
    fill(stage)
    reported: list[str] = []

    def framework(of: Any) -> int:
        assert left(stage) == 0
        of.client("logs").create_log_group(logGroupName=f"{GROUP}-of-another")
        return 0

    remove(stage, look(stage), reported.append, framework)
    groups = stage.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == [f"{GROUP}-of-another"]
    assert reported == [f"{BUCKET}: 5 versions deleted", f"{GROUP}: deleted"]


def test_a_bucket_that_is_written_to_meanwhile_is_emptied_again(stage: Any) -> None:
    deploy(stage)
    s3, runs = fill(stage), []

    def framework(_: Any) -> int:
        runs.append(left(stage))
        if len(runs) == 1:
            s3.put_object(Bucket=BUCKET, Key="late", Body=b"late")
            return 1
        return 0

    remove(stage, look(stage), lambda _: None, framework)
    assert runs == [0, 0]


def test_a_removal_that_keeps_failing_says_so(stage: Any) -> None:
    deploy(stage)
    runs: list[int] = []

    def framework(_: Any) -> int:
        runs.append(1)
        return 7

    with pytest.raises(ClientError, match="ended with 7"):
        remove(stage, look(stage), lambda _: None, framework)
    assert len(runs) == ATTEMPTS


def test_a_bucket_that_is_gone_already_is_passed_over(stage: Any) -> None:
    deploy(stage)
    plan = look(stage)
    stage.client("s3").delete_bucket(Bucket=BUCKET)
    remove(stage, plan, lambda _: None, lambda _: 0)


@obeys("s3")
class Paged:
    """An S3 of many versions that answers page by page, and refuses some keys."""

    def __init__(self, pages: list[int], refused: frozenset[str] = frozenset()) -> None:
        self._pages, self._refused = pages, refused
        self.calls: list[int] = []

    def get_paginator(self, name: str) -> Paged:
        assert name == "list_object_versions"
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        for number, size in enumerate(self._pages):
            entries = [{"Key": f"{number}-{index}", "VersionId": "v"} for index in range(size)]
            yield {"Versions": entries[::2], "DeleteMarkers": entries[1::2]}

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        keys = [one["Key"] for one in Delete["Objects"]]
        self.calls.append(len(keys))
        return {"Errors": [{"Key": key, "Code": "AccessDenied"} for key in keys if key in self._refused]}


def test_no_call_deletes_more_than_s3_takes() -> None:
    s3 = Paged([1000, 2001, 0, 3])
    assert empty(s3, BUCKET) == 3004
    assert s3.calls == [1000, MOST_KEYS, MOST_KEYS, 1, 3]


def test_refused_keys_are_named_after_all_others_are_deleted() -> None:
    s3 = Paged([10, 10], frozenset({f"0-{n}" for n in range(7)}))
    with pytest.raises(ClientError, match=r"0-0 \(AccessDenied\).* and 2 more\. 13 others deleted") as raised:
        empty(s3, BUCKET)
    assert BUCKET in str(raised.value)
    assert s3.calls == [10, 10]
