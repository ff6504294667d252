"""What each function's role is granted, as it is deployed, and what it has used of that."""

from __future__ import annotations

from local.control import call
from local.permissions import PERMISSIONS_PATH
from local.settings import Settings
from tests.e2e.stack import Stack

Permission = tuple[str, str]  # action, and resource as the policy writes it

# What a role uses on AWS alone, and who does it there in its name; whatever is used here must not be listed.
ON_AWS = {
    "logs:CreateLogStream": "Lambda's log agent; the embedded Lambda writes the logs itself",
    "logs:PutLogEvents": "Lambda's log agent; the embedded Lambda writes the logs itself",
    "xray:PutTraceSegments": "Lambda's X-Ray daemon; the embedded one keeps the segments itself",
    "xray:PutTelemetryRecords": "Lambda's X-Ray daemon reports on itself; the embedded one does not",
    "kinesis:DescribeStreamSummary": "Lambda's poller; ours asks DescribeStream, which returns the same and the shards",
    "kinesis:ListShards": "Lambda's poller; ours reads the shards from DescribeStream",
    "sqs:ReceiveMessage": "Lambda's poller; the embedded one takes messages from the queue itself",
    "sqs:DeleteMessage": "likewise",
    "sqs:GetQueueAttributes": "likewise",
    "s3:ListBucket": "Lambda looks whether a failure destination is there; ours puts and sees",
}
# What is used when a function gives records up, after all its retries: which test makes one do that.
GIVEN_UP = "test_operator_tools.py::test_batches_that_a_function_gave_up_are_redriven_to_it"


def roles(stack: Stack) -> dict[str, str]:
    """Role by function: write-to-s3 -> its role's name."""
    pages = stack.client("lambda").get_paginator("list_functions").paginate()
    prefix = f"swipeline-{stack.stage}-"
    functions = [function for page in pages for function in page["Functions"]]
    return {f["FunctionName"].removeprefix(prefix): f["Role"].rpartition("/")[2] for f in functions}


def granted(stack: Stack, role: str) -> set[Permission]:
    """Every action on every resource that the role's policies allow."""
    iam = stack.client("iam")
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    found: set[Permission] = set()
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            actions, resources = (_many(statement[key]) for key in ("Action", "Resource"))
            found |= {(action, resource) for action in actions for resource in resources}
    return found


def used(stack: Stack) -> dict[str, set[Permission]]:
    """By role, what it has used since the emulator started."""
    _, answer = call(Settings(stack.home, stack.port), "GET", PERMISSIONS_PATH)
    found: dict[str, set[Permission]] = {}
    for one in answer["used"]:
        found.setdefault(one["role"], set()).add((one["action"], one["resource"]))
    return found


def is_seen_here(permission: Permission) -> bool:
    """Whether the embedded AWS can see the permission used without a function that gives up."""
    action, resource = permission
    return action not in ON_AWS and not resource.endswith("/aws/lambda/*")


def unused(stack: Stack, role: str) -> set[Permission]:
    """What the role is granted and has not used, though it could be seen here."""
    return {one for one in granted(stack, role) - used(stack).get(role, set()) if is_seen_here(one)}


def _many(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
