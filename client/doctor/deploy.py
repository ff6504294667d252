"""The last deploy: when, how it ended, and whether the roles are still what it made them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from client.doctor.finding import OK, PROBLEM, WARNING, Finding, duration
from client.repair.roles import drifts
from client.verify.deployed import Deployed

AREA = "Deploy"


def deploy(deployed: Deployed, now: datetime | None = None) -> Iterator[Finding]:
    """Give a finding for the stack and one for its roles."""
    stacks = deployed.stage.client("cloudformation").describe_stacks(StackName=deployed.stack)["Stacks"]
    yield assess(stacks[0], deployed.stage.how_to_deploy, now or datetime.now(UTC))
    changed = drifts(deployed)
    for one in changed:
        text = f"Policy {one.policy} is {one.kind}, compared with the template."
        yield Finding(AREA, one.role, PROBLEM, text, f"swipeline repair-roles --stage {deployed.stage.name} --yes")
    if not changed:
        yield Finding(AREA, "roles", OK, "Every role has the policies of the template.")


def assess(stack: dict[str, Any], again: str, now: datetime) -> Finding:
    """The finding for a stack as DescribeStacks gives it."""
    at = stack.get("LastUpdatedTime") or stack["CreationTime"]
    status = str(stack["StackStatus"])
    text = f"{status}, {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {duration((now - at).total_seconds())} ago."
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return Finding(AREA, "last deploy", OK, text)
    if status.endswith("_IN_PROGRESS") and "ROLLBACK" not in status:
        return Finding(AREA, "last deploy", WARNING, text)
    return Finding(AREA, "last deploy", PROBLEM, text, again.removeprefix("run ").strip("`"))
