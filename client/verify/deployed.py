"""A deployed stage as CloudFormation describes it: its template, and the physical ids of its resources."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from client.aws import SERVICE, Stage


class Deployed:
    """Reads the stack of a stage once. Raises what boto3 raises when CloudFormation does not answer."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stack = f"{SERVICE}-{stage.name}"

    @cached_property
    def status(self) -> str:
        """The stack's status, e.g. UPDATE_COMPLETE."""
        stacks = self.stage.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        return str(stacks[0]["StackStatus"])

    @cached_property
    def template(self) -> dict[str, Any]:
        """The resources of the template that is deployed, by logical id."""
        body = self.stage.client("cloudformation").get_template(StackName=self.stack)["TemplateBody"]
        parsed = json.loads(body) if isinstance(body, str) else body
        return dict(parsed["Resources"])

    @cached_property
    def physical(self) -> dict[str, str]:
        """Physical ids by logical id, without what is deleted."""
        pages = self.stage.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack)
        return {
            one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
            for page in pages
            for one in page["StackResourceSummaries"]
            if one["ResourceStatus"] != "DELETE_COMPLETE"
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties as the template has them, intrinsics and all, by physical id."""
        return {
            self.physical.get(logical_id, logical_id): resource.get("Properties", {})
            for logical_id, resource in self.template.items()
            if resource["Type"] == kind
        }

    def function(self, short: str) -> str:
        """A function's whole name: write-to-s3 -> swipeline-dev-write-to-s3."""
        return f"{SERVICE}-{self.stage.name}-{short}"
