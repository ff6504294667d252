"""The removal itself: the buckets emptied, `sls remove`, then the log groups that are left."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.remove.emptying import empty
from client.remove.leftovers import delete, log_leftovers
from client.remove.plan import Plan
from client.serverless import serverless
from local.settings import Settings

ATTEMPTS = 3  # what is under way still writes: a bucket emptied may have objects again before it is deleted

Report = Callable[[str], None]


def remove(stage: Stage, plan: Plan, report: Report, framework: Callable[[Stage], int] | None = None) -> None:
    """Remove what the plan lists. Repeatable: what is gone already is passed over.

    Raises ClientError for keys that S3 refuses to delete, and when CloudFormation cannot delete the stack.
    """
    framework = framework or sls_remove
    for attempt in range(1, ATTEMPTS + 1):
        for bucket in plan.buckets:
            deleted = _empty_if_there(stage, bucket.name)
            if deleted:
                report(f"{bucket.name}: {deleted:,} versions deleted")
        code = framework(stage)
        if code == 0:
            break
        if attempt == ATTEMPTS:
            raise ClientError(
                f"`sls remove` ended with {code}, {ATTEMPTS} times: its last lines say why. What is left of stage "
                f"{stage.name} can be removed with the same command."
            )
        report(f"`sls remove` exited with {code}. Retrying: a bucket may have received objects meanwhile")
    for group in left_groups(stage, plan):
        stage.client("logs").delete_log_group(logGroupName=group)
        report(f"{group}: deleted")
    delete(stage, log_leftovers(stage), report)


def left_groups(stage: Stage, plan: Plan) -> list[str]:
    """Log groups of the stage that are there: a function's last lines may bring one back after the stack is gone."""
    logs = stage.client("logs")
    found = []
    for group in plan.log_groups:
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
        if any(one["logGroupName"] == group for page in pages for one in page["logGroups"]):
            found.append(group)
    return found


def sls_remove(stage: Stage) -> int:
    """Run `sls remove`, its output on ours; gives its exit code. Raises ClientError when the framework is missing."""
    environment = Settings.from_environment().environment() if stage.local else os.environ
    asked = ["remove", "--stage", stage.name, "--region", stage.region]
    return serverless(asked, environment, stdout=sys.stderr).returncode


def _empty_if_there(stage: Stage, bucket: str) -> int:
    s3 = stage.client("s3")
    try:
        return empty(s3, bucket)
    except AwsError as error:
        if error.response["Error"]["Code"] in ("NoSuchBucket", "404"):
            return 0
        raise
