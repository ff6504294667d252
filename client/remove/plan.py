"""What the removal of a stage would delete, and what blocks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import SERVICE, Stage
from client.errors import ClientError

# The framework empties its own bucket, all versions, and needs it until then.
DEPLOYMENT_BUCKET = "ServerlessDeploymentBucket"
# One per account and region: other stages' APIs write their logs with it.
OF_THE_ACCOUNT = frozenset({"ApiLogRole", "ApiAccount"})


@dataclass(frozen=True)
class Bucket:
    """A bucket and what is in it; `bytes` is of all versions."""

    name: str
    objects: int
    old_versions: int
    delete_markers: int
    bytes: int


@dataclass(frozen=True)
class Plan:
    """What is deleted. `protected`: tables with deletion protection; `retained`: what the template retains."""

    stack: str
    buckets: tuple[Bucket, ...]
    tables: tuple[str, ...]
    log_groups: tuple[str, ...]
    protected: tuple[str, ...]
    retained: tuple[str, ...]

    def refuse_if_protected(self, stage: str) -> None:
        """Raise ClientError that says how to lift the protection."""
        kept = sorted({*self.protected, *self.retained})
        if kept:
            raise ClientError(
                f"Stage {stage} is protected, nothing was removed: {', '.join(kept)}. To remove it all the same, set "
                f"`deletionProtection: false` and `deletionPolicy: Delete` for it in resources/stages.yml, run "
                f"`swipeline deploy --stage {stage}`, and remove it then."
            )


def look(stage: Stage) -> Plan:
    """Ask AWS what the stage consists of. Raises ClientError when there is no such stage."""
    stack = f"{SERVICE}-{stage.name}"
    resources = list(_resources(stage, stack))
    if not resources:
        raise ClientError(f"Stage {stage.name} is not deployed: there is nothing in stack {stack}.")
    tables = tuple(_of(resources, "AWS::DynamoDB::Table"))
    dynamodb = stage.client("dynamodb")
    protected = [
        table
        for table in tables
        if dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled", False)
    ]
    buckets = [one for one in resources if one["LogicalResourceId"] != DEPLOYMENT_BUCKET]
    return Plan(
        stack=stack,
        buckets=tuple(count(stage.client("s3"), name) for name in _of(buckets, "AWS::S3::Bucket")),
        tables=tables,
        log_groups=tuple(_of(resources, "AWS::Logs::LogGroup")),
        protected=tuple(protected),
        retained=tuple(_retained(stage, stack, resources)),
    )


def exists(stage: Stage) -> bool:
    """Whether CloudFormation still has the stage's stack, with anything in it."""
    try:
        return any(_resources(stage, f"{SERVICE}-{stage.name}"))
    except ClientError:
        return False


def count(s3: Any, bucket: str) -> Bucket:
    """Count what is in a bucket, all its versions."""
    objects = old = markers = size = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []):
            objects += version["IsLatest"]
            old += not version["IsLatest"]
            size += version["Size"]
        markers += len(page.get("DeleteMarkers", []))
    return Bucket(bucket, objects, old, markers, size)


def _resources(stage: Stage, stack: str) -> Iterator[dict[str, Any]]:
    try:
        for page in stage.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack):
            # After a removal that failed half-way, the list still has what is gone.
            yield from (one for one in page["StackResourceSummaries"] if one["ResourceStatus"] != "DELETE_COMPLETE")
    except AwsError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise ClientError(f"Stage {stage.name} is not deployed: there is no stack {stack}.") from error
        raise


def _of(resources: list[dict[str, Any]], kind: str) -> list[str]:
    return sorted(one["PhysicalResourceId"] for one in resources if one["ResourceType"] == kind)


def _retained(stage: Stage, stack: str, resources: list[dict[str, Any]]) -> Iterator[str]:
    body = stage.client("cloudformation").get_template(StackName=stack)["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    for one in resources:
        name = one["LogicalResourceId"]
        policy = template["Resources"].get(name, {}).get("DeletionPolicy")
        if policy in ("Retain", "RetainExceptOnCreate") and name not in OF_THE_ACCOUNT:
            yield one["PhysicalResourceId"]
