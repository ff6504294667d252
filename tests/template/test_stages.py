"""Stages: the outputs each gives, and that a stage nobody described is like dev."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

from client.remove.leftovers import log_leftovers
from client.remove.plan import OF_THE_ACCOUNT
from tests.template.template import Template

OUTPUTS = {
    "StreamName",
    "TableName",
    "RequestsTableName",
    "LakeBucket",
    "DeliveryBucket",
    "QuarantineBucket",
    "AlertDeliveryStreamName",
    "DeliveryStreamName",
    "CardKeySecretArn",
    "WarehouseAdminSecretArn",
    "WorkgroupName",
    "DatabaseName",
    "CopyRoleArn",
    "RestApiId",
    "SenderApiKeyId",
    "AlarmTopicArn",
    "RawBucket",
    "BatchLoadsTableName",
    "BatchMachineArn",
    "CatalogName",
}
NAMES = {
    "TransactionStream": ("Name", "swipeline-{}-transactions"),
    "TransactionTable": ("TableName", "swipeline-{}-transactions"),
    "RequestsTable": ("TableName", "swipeline-{}-requests"),
    "WarehouseDelivery": ("DeliveryStreamName", "swipeline-{}-to-warehouse"),
    "CardKeySecret": ("Name", "swipeline-{}/card-key"),
    "WarehouseAdminSecret": ("Name", "swipeline-{}/warehouse-admin"),
    "WarehouseLoaderSecret": ("Name", "swipeline-{}/warehouse-loader"),
    "CopyRole": ("RoleName", "swipeline-{}-copy"),
    "AlarmTopic": ("TopicName", "swipeline-{}-alarms"),
    "ApiGatewayRestApi": ("Name", "swipeline-{}"),
}


def normal(template: Template) -> str:
    """Give the template without the stage's name, timestamps and hashes."""
    body = json.dumps(template.body, sort_keys=True).replace(template.stage, "STAGE")
    body = re.sub(r"ApiGatewayDeployment[0-9a-f]{12}\b", "ApiGatewayDeployment", body)
    body = re.sub(r"serverless/swipeline/STAGE/[^/]+/", "serverless/", body)
    return re.sub(r'"[0-9a-f]{40}"', '""', body)  # the layer's hash, of which its name is a part


def test_every_stage_outputs_where_its_parts_are(template: Template) -> None:
    assert set(template.body["Outputs"]) >= OUTPUTS


def test_parts_are_named_after_their_stage(template: Template) -> None:
    for logical_id, (property_, name) in NAMES.items():
        assert template.resources[logical_id]["Properties"][property_] == name.format(template.stage)
    for part, suffix in (("LakeBucket", "lake"), ("DeliveryBucket", "delivery"), ("QuarantineBucket", "quarantine")):
        name = template.resources[part]["Properties"]["BucketName"]
        assert name == {"Fn::Sub": f"swipeline-{template.stage}-{suffix}-${{AWS::AccountId}}"}


def test_a_stage_that_nobody_described_is_like_dev(try_out: Template, dev: Template) -> None:
    assert normal(try_out) == normal(dev)


def test_no_account_is_written_into_a_template(template: Template) -> None:
    assert not re.search(r"\b\d{12}\b", json.dumps(template.body))


def test_only_the_embedded_aws_is_spoken_to_on_the_loopback(on_aws: Template, local: Template) -> None:
    assert "127.0.0.1" not in json.dumps(on_aws.body)
    endpoint = local.functions()["merge-warehouse"]["Environment"]["Variables"]["AWS_ENDPOINT_URL_REDSHIFT_DATA"]
    assert endpoint == "http://127.0.0.1:4567"


def test_a_deploy_leaves_nothing_behind_that_has_to_be_pruned(template: Template) -> None:
    """What docs/deploy.md says: no versions of functions, no layer that outlives its stack, old artifacts expire."""
    assert "AWS::Lambda::Version" not in {resource["Type"] for resource in template.resources.values()}
    for resource in template.resources.values():
        if resource["Type"] == "AWS::Lambda::LayerVersion":
            assert {"DeletionPolicy", "UpdateReplacePolicy"}.isdisjoint(resource)
    bucket = template.resources["ServerlessDeploymentBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert template.settings()["deploymentBucketObject"]["maxPreviousDeploymentArtifacts"] == 3


def test_swipeline_remove_takes_dev_whole_and_refuses_prod(dev: Template, local: Template, prod: Template) -> None:
    def retained(template: Template) -> set[str]:
        kept = {i for i, r in template.resources.items() if str(r.get("DeletionPolicy", "")).startswith("Retain")}
        return kept - OF_THE_ACCOUNT

    def protected(template: Template) -> set[str]:
        tables = template.of_type("AWS::DynamoDB::Table").items()
        return {logical_id for logical_id, table in tables if table.get("DeletionProtectionEnabled")}

    for template in (dev, local):
        assert retained(template) | protected(template) == set()
    assert {"LakeBucket", "TransactionTable", "CardKeySecret"} <= retained(prod)
    assert "TransactionTable" in protected(prod)


def test_swipeline_remove_finds_the_log_groups_that_no_template_makes(on_aws: Template) -> None:
    asked: dict[str, str] = {}

    class Logs:
        def get_paginator(self, _: str) -> Logs:
            return self

        def paginate(self, logGroupNamePrefix: str) -> list[Any]:
            asked[logGroupNamePrefix] = ""
            return []

        def describe_log_streams(self, logGroupName: str, logStreamNamePrefix: str) -> dict[str, Any]:
            asked[logGroupName] = logStreamNamePrefix
            return {"logStreams": []}

    stage: Any = SimpleNamespace(name=on_aws.stage, client=lambda _: Logs())
    log_leftovers(stage)
    (namespace,) = on_aws.of_type("AWS::RedshiftServerless::Namespace").values()
    (job,) = on_aws.of_type("AWS::Glue::Job").values()
    (crawler,) = on_aws.of_type("AWS::Glue::Crawler").values()
    assert namespace["LogExports"]
    assert asked == {
        f"/aws/redshift/{namespace['NamespaceName']}/": "",
        f"{job['DefaultArguments']['--custom-logGroup-prefix']}/": "",
        "/aws-glue/crawlers": crawler["Name"],
    }
