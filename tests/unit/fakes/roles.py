"""A deployed stage as `client.repair.roles` asks it: a role's live policies, and what does not follow from an ID."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.unit.fakes.shapes import obeys


@obeys("iam")
@obeys("redshift-serverless")
@obeys("secretsmanager")
@obeys("sts")
class FakeStage:
    """IAM with one role."""

    region = "us-east-1"

    def __init__(self, live: dict[str, Any]) -> None:
        self.live = live

    def client(self, service: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123", "Arn": "arn:aws:iam::123:root"}

    def describe_secret(self, SecretId: str) -> dict[str, str]:
        return {"ARN": f"arn:aws:secretsmanager:us-east-1:123:secret:{SecretId}-AbCdEf"}

    def get_workgroup(self, workgroupName: str) -> dict[str, Any]:
        return {
            "workgroup": {"workgroupArn": f"arn:aws:redshift-serverless:us-east-1:123:workgroup/{workgroupName}-id"}
        }

    def get_role(self, RoleName: str) -> dict[str, Any]:
        return {"Role": {"RoleId": f"AROA{RoleName}"}}

    def get_namespace(self, namespaceName: str) -> dict[str, Any]:
        return {
            "namespace": {"namespaceArn": f"arn:aws:redshift-serverless:us-east-1:123:namespace/{namespaceName}-id"}
        }

    def get_paginator(self, name: str) -> Any:
        return self

    def paginate(self, RoleName: str) -> Any:
        return [{"PolicyNames": list(self.live)}]

    def get_role_policy(self, RoleName: str, PolicyName: str) -> dict[str, Any]:
        return {"PolicyDocument": self.live[PolicyName]}

    def put_role_policy(self, RoleName: str, PolicyName: str, PolicyDocument: str) -> None:
        self.live[PolicyName] = json.loads(PolicyDocument)

    def delete_role_policy(self, RoleName: str, PolicyName: str) -> None:
        del self.live[PolicyName]


class FakeDeployed:
    """A stage with this template, whose resources have these physical IDs."""

    def __init__(
        self, template: Mapping[str, Any], physical: Mapping[str, str], live: dict[str, Any] | None = None
    ) -> None:
        self.template, self.physical = template, physical
        self.stage: Any = FakeStage(live or {})
