"""Gives the roles of a stage the inline policies of its template again: CloudFormation leaves drift as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from client.repair.policies import Policies, Resolver, same
from client.verify.deployed import Deployed

MISSING, CHANGED, ADDED = "missing", "changed", "added"


@dataclass(frozen=True)
class Drift:
    """A policy that is not what the template says; `document` is the template's, None for one that it does not have."""

    role: str
    policy: str
    kind: str
    document: dict[str, Any] | None


def resolver(deployed: Deployed) -> Resolver:
    """Fills in what a deployed stage's template refers to; what has to be asked for is asked for once."""
    identity = deployed.stage.client("sts").get_caller_identity()
    partition = str(identity["Arn"]).split(":")[1]
    iam, secrets = deployed.stage.client("iam"), deployed.stage.client("secretsmanager")
    warehouse = deployed.stage.client("redshift-serverless")
    asked: dict[tuple[str, str], Callable[[str], str]] = {
        ("AWS::SecretsManager::Secret", "Id"): lambda name: str(secrets.describe_secret(SecretId=name)["ARN"]),
        ("AWS::IAM::Role", "RoleId"): lambda name: str(iam.get_role(RoleName=name)["Role"]["RoleId"]),
        ("AWS::RedshiftServerless::Workgroup", "Workgroup.WorkgroupArn"): lambda name: str(
            warehouse.get_workgroup(workgroupName=name)["workgroup"]["workgroupArn"]
        ),
        ("AWS::RedshiftServerless::Namespace", "Namespace.NamespaceArn"): lambda name: str(
            warehouse.get_namespace(namespaceName=name)["namespace"]["namespaceArn"]
        ),
    }
    return Resolver(
        deployed.template,
        deployed.physical,
        str(identity["Account"]),
        deployed.stage.region,
        partition,
        {attribute: cache(ask) for attribute, ask in asked.items()},
    )


def drifts(deployed: Deployed) -> list[Drift]:
    """Compare the inline policies of every role with the template's. Raises ClientError, or what boto3 raises."""
    iam = deployed.stage.client("iam")
    return [one for role, wanted in resolver(deployed).policies().items() for one in _of_role(iam, role, wanted)]


def _of_role(iam: Any, role: str, wanted: Policies) -> list[Drift]:
    names = [n for page in iam.get_paginator("list_role_policies").paginate(RoleName=role) for n in page["PolicyNames"]]
    live = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
    found = [Drift(role, name, ADDED, None) for name in live if name not in wanted]
    for name, document in wanted.items():
        if name not in live:
            found.append(Drift(role, name, MISSING, document))
        elif not same(live[name], document):
            found.append(Drift(role, name, CHANGED, document))
    return found


def repair(deployed: Deployed, found: list[Drift]) -> None:
    """Put back what is missing or changed, and remove what the template does not have."""
    iam = deployed.stage.client("iam")
    for one in found:
        if one.document is None:
            iam.delete_role_policy(RoleName=one.role, PolicyName=one.policy)
        else:
            document = json.dumps(one.document)
            iam.put_role_policy(RoleName=one.role, PolicyName=one.policy, PolicyDocument=document)
