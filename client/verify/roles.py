"""Whether each role of the stage may what the template gave it, and nothing denies it: compared by action."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.verify.deployed import Deployed
from client.verify.line import CheckFailedError, listed
from client.verify.parts import redeploy

Actions = dict[str, set[str]]  # by effect


def roles(deployed: Deployed) -> str:
    """Compare the inline policies of each role with the template's."""
    problems: list[str] = []
    wanted = {
        deployed.physical.get(logical_id, logical_id): _of_template(deployed, logical_id, resource)
        for logical_id, resource in deployed.template.items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    for role, policies in wanted.items():
        try:
            problems += _compare(deployed.stage.client("iam"), role, policies)
        except AwsError as error:
            problems.append(f"role {role}: {error.response['Error'].get('Code', 'error')}")
    if problems:
        raise CheckFailedError(listed(problems), redeploy(deployed))
    return f"{len(wanted)} roles have what the template gave them"


def _of_template(deployed: Deployed, logical_id: str, role: dict[str, Any]) -> Actions:
    documents = [policy["PolicyDocument"] for policy in role.get("Properties", {}).get("Policies", [])]
    documents += [
        resource["Properties"]["PolicyDocument"]
        for resource in deployed.template.values()
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": logical_id} in resource["Properties"].get("Roles", [])
    ]
    return _actions(documents)


def _actions(documents: list[Any]) -> Actions:
    found: Actions = {"Allow": set(), "Deny": set()}
    for document in documents:
        body = json.loads(document) if isinstance(document, str) else document
        statements = body["Statement"] if isinstance(body["Statement"], list) else [body["Statement"]]
        for statement in statements:
            actions = statement.get("Action", [])
            found[statement["Effect"]] |= {actions} if isinstance(actions, str) else set(actions)
    return found


def _compare(iam: Any, role: str, wanted: Actions) -> list[str]:
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    live = _actions([iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names])
    problems = []
    if missing := sorted(wanted["Allow"] - live["Allow"]):
        problems.append(f"role {role} has lost {', '.join(missing)}")
    if denied := sorted(live["Deny"] - wanted["Deny"]):
        problems.append(f"role {role} is denied {', '.join(denied)}")
    if added := sorted(live["Allow"] - wanted["Allow"]):
        problems.append(f"role {role} may {', '.join(added)}, which the template does not give it")
    return problems
