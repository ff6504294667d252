"""A principal's policies with the one condition key resolved that only this service knows: who owns a statement."""

from __future__ import annotations

import fnmatch
from typing import Any

OWNER_KEY = "redshift-data:statement-owner-iam-userid"
_USER_ID = "${aws:userid}"
_MATCHES = {
    "stringequals": lambda value, pattern: value == pattern,
    "stringlike": fnmatch.fnmatchcase,
    "stringnotequals": lambda value, pattern: value != pattern,
}


def documents(iam: Any, principal_arn: str) -> list[dict[str, Any]]:
    """The identity-based policies of a role or a user, inline and attached. `iam` is boto3's client."""
    kind, name = principal_arn.split(":", 5)[5].split("/", 1)
    name = name.rsplit("/", 1)[-1]
    names = {"RoleName": name} if kind == "role" else {"UserName": name}
    found = []
    for page in iam.get_paginator(f"list_{kind}_policies").paginate(**names):
        get = getattr(iam, f"get_{kind}_policy")
        found += [get(**names, PolicyName=policy)["PolicyDocument"] for policy in page["PolicyNames"]]
    for page in iam.get_paginator(f"list_attached_{kind}_policies").paginate(**names):
        for policy in page["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
    return found


def resolved(document: dict[str, Any], caller_id: str, owner_id: str) -> dict[str, Any]:
    """The policy without its conditions on the owner where they are met, without the statement where they aren't."""
    statements = document.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    kept = [s for s in (_resolve(statement, caller_id, owner_id) for statement in statements) if s]
    return {**document, "Statement": kept}


def _resolve(statement: dict[str, Any], caller_id: str, owner_id: str) -> dict[str, Any] | None:
    conditions: dict[str, Any] = {}
    for operator, keys in statement.get("Condition", {}).items():
        match = _MATCHES.get(operator.lower())
        others = {}
        for key, expected in keys.items():
            if key.lower() != OWNER_KEY or match is None:
                others[key] = expected
                continue
            values = [expected] if isinstance(expected, str) else expected
            results = [match(owner_id, value.replace(_USER_ID, caller_id)) for value in values]
            if not (all(results) if "not" in operator.lower() else any(results)):
                return None
        if others:
            conditions[operator] = others
    rest = {name: value for name, value in statement.items() if name != "Condition"}
    return rest | ({"Condition": conditions} if conditions else {})
