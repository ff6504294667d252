"""The limit on what a warehouse may compute in a day: past it, Redshift refuses queries until midnight UTC.

CloudFormation has no resource for it: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-workgroup-max-rpu.html
"""

from __future__ import annotations

from collections.abc import Callable

from client.aws import Stage

USAGE, PERIOD, ACTION = "serverless-compute", "daily", "deactivate"


def set_limit(stage: Stage, report: Callable[[str], None]) -> int | None:
    """Set the stage's RPU-hours per day (parameter `warehouseRpuHoursPerDay`); None on stage local, which has none.

    Safe to repeat. Raises botocore's ClientError.
    """
    if stage.local:
        return None
    amount, workgroup = int(stage.output("WarehouseRpuHoursPerDay")), stage.output("WorkgroupArn")
    redshift = stage.client("redshift-serverless")
    pages = redshift.get_paginator("list_usage_limits").paginate(resourceArn=workgroup, usageType=USAGE)
    daily = [one for page in pages for one in page["usageLimits"] if one["period"] == PERIOD]
    if not daily:
        redshift.create_usage_limit(
            resourceArn=workgroup, usageType=USAGE, amount=amount, period=PERIOD, breachAction=ACTION
        )
    elif (daily[0]["amount"], daily[0]["breachAction"]) != (amount, ACTION):
        redshift.update_usage_limit(usageLimitId=daily[0]["usageLimitId"], amount=amount, breachAction=ACTION)
    report(f"limit the warehouse to {amount} RPU-hours a day")
    return amount
