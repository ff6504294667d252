"""What an account must have before a stage is deployed to it: quotas, zones, permissions, and what it will cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.cost.assumptions import assume
from client.cost.model import bill, read_prices
from client.cost.shape import HOURS
from client.cost.template import package, read
from client.verify.line import CheckFailedError, NotAvailableError, listed
from client.verify.permissions import needed
from client.verify.run import Report, Run

ALWAYS_UNRESERVED = 100  # of Lambda's concurrency, where the quota is larger
LONGEST_BUCKET_NAME = 63
NOT_LOCAL = "not available on stage local: {}"
_SIMULATED_AT_ONCE = 50


def preflight(run: Run, report: Report) -> dict[str, Any]:
    """Make the checks; give what an idle month and a million transactions will cost. Raises as package does."""
    resources = package(run.stage.name)
    cost = _cost(resources)
    run.check("region", lambda: _region(run), report)
    run.check("zones", lambda: _zones(run, resources), report)
    run.check("permissions", lambda: _permissions(run, resources), report)
    run.check("quota: Lambda", lambda: _concurrency(run, resources), report)
    run.check("quota: VPCs", lambda: _vpcs(run, resources), report)
    run.check("quota: Redshift", lambda: _redshift(run, resources), report)
    run.check("quota: Glue", lambda: _glue(run, resources), report)
    run.check("cost", lambda: _cost_text(cost), report)
    return cost


def _region(run: Run) -> str:
    region = run.stage.region  # raises for one that the template cannot serve
    place = "" if region == "us-east-1" else f"-{region}"
    name = f"swipeline-{run.stage.name}-quarantine-{'0' * 12}{place}"
    if len(name) > LONGEST_BUCKET_NAME or not re.fullmatch(r"[a-z0-9-]+", run.stage.name):
        most = LONGEST_BUCKET_NAME - len(name) + len(run.stage.name)
        raise CheckFailedError(
            f"stage name {run.stage.name!r} makes bucket names such as {name}",
            f"choose lower case letters, digits and hyphens, at most {most}",
        )
    return f"{region} can hold the stage"


def _zones(run: Run, resources: Mapping[str, Any]) -> str:
    if run.stage.local:
        raise NotAvailableError(NOT_LOCAL.format("its warehouse is in no zone"))
    wanted = {p["AvailabilityZoneId"] for p in _of(resources, "AWS::EC2::Subnet")}
    answer = run.stage.client("ec2").describe_availability_zones(
        Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
    )
    there = {zone["ZoneId"] for zone in answer["AvailabilityZones"] if zone["State"] == "available"}
    if missing := sorted(wanted - there):
        raise CheckFailedError(
            f"the account has no zone {', '.join(missing)}; it has {', '.join(sorted(there))}",
            "choose three that Redshift Serverless supports: --param warehouseZoneIds=ID,ID,ID",
        )
    return f"zones {', '.join(sorted(wanted))}"


def _permissions(run: Run, resources: Mapping[str, Any]) -> str:
    if run.stage.local:
        raise NotAvailableError(NOT_LOCAL.format("its deploy is by the embedded AWS's root"))
    caller = run.stage.client("sts").get_caller_identity()["Arn"]
    if caller.endswith(":root"):
        return "the account's root user may do everything (deploy as a role: docs/deploy.md)"
    actions = needed(sorted({resource["Type"] for resource in resources.values()}))
    denied: list[str] = []
    for begin in range(0, len(actions), _SIMULATED_AT_ONCE):
        answer = run.stage.client("iam").simulate_principal_policy(
            PolicySourceArn=principal(caller), ActionNames=actions[begin : begin + _SIMULATED_AT_ONCE]
        )
        denied += [r["EvalActionName"] for r in answer["EvaluationResults"] if r["EvalDecision"] != "allowed"]
    if denied:
        raise CheckFailedError(
            f"{principal(caller)} may not {', '.join(denied[:8])}{' and others' if len(denied) > 8 else ''}",
            "attach docs/deploy-policy.json to it",
        )
    return f"{principal(caller)} may all {len(actions)} actions"


def principal(caller: str) -> str:
    """The ARN that policies hang on: of the role, for a session that assumed it."""
    found = re.fullmatch(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.*", caller)
    return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}" if found else caller


def _concurrency(run: Run, resources: Mapping[str, Any]) -> str:
    reserved = sum(int(p.get("ReservedConcurrentExecutions", 0)) for p in _of(resources, "AWS::Lambda::Function"))
    try:
        limit = int(run.stage.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
    except AwsError as error:
        raise NotAvailableError(f"cannot read the account's concurrency limit: {error}") from error
    free = min(ALWAYS_UNRESERVED, limit)
    if reserved and reserved + free > limit:
        raise CheckFailedError(
            f"the stage reserves {reserved} concurrent executions; of {limit} in all, {free} stay unreserved",
            f"raise quota L-B99A9384 of service lambda to {reserved + ALWAYS_UNRESERVED + 200}, or reserve less:"
            " --param ingestConcurrency=N",
        )
    return f"{reserved} of {limit} concurrent executions reserved"


def _vpcs(run: Run, resources: Mapping[str, Any]) -> str:
    if run.stage.local:
        raise NotAvailableError(NOT_LOCAL.format("its warehouse is in no network"))
    wanted = len(list(_of(resources, "AWS::EC2::VPC")))
    limit = _quota(run, "vpc", r"^VPCs per Region$")
    used = sum(len(page["Vpcs"]) for page in run.stage.client("ec2").get_paginator("describe_vpcs").paginate())
    if used + wanted > limit:
        raise CheckFailedError(
            f"{used} VPCs of {limit:.0f}: none is left for the warehouse", "raise quota L-F678F1CE of service vpc"
        )
    return f"{used} VPCs of {limit:.0f}"


def _redshift(run: Run, resources: Mapping[str, Any]) -> str:
    if run.stage.local:
        raise NotAvailableError(NOT_LOCAL.format("its warehouse has no capacity units"))
    workgroups = _of(resources, "AWS::RedshiftServerless::Workgroup")
    most = max(int(one.get("MaxCapacity", one["BaseCapacity"])) for one in workgroups)
    limit = _quota(run, "redshift-serverless", r"RPU|Redshift [Pp]rocessing [Uu]nits")
    if most > limit:
        raise CheckFailedError(
            f"the warehouse may grow to {most} RPU; the quota is {limit:.0f}",
            "raise the quota of service redshift-serverless, or --param warehouseMaxCapacity=N",
        )
    return f"at most {most} RPU of {limit:.0f}"


def _glue(run: Run, resources: Mapping[str, Any]) -> str:
    if run.stage.local:
        raise NotAvailableError(NOT_LOCAL.format("Spark runs on this machine"))
    (job,) = _of(resources, "AWS::Glue::Job")
    units = int(job["NumberOfWorkers"]) * {"G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}[job["WorkerType"]]
    limit = _quota(run, "glue", r"^Max task DPUs per account$|DPUs per account")
    if units > limit:
        raise CheckFailedError(
            f"a run of the batch path takes up to {units} DPU; the quota is {limit:.0f}",
            "raise the quota of service glue, or --param glueMaxWorkers=N",
        )
    return f"at most {units} DPU a run of {limit:.0f}"


def _quota(run: Run, service: str, name: str) -> float:
    """A quota by its name. Raises NotAvailableError when Service Quotas does not list one."""
    pages = run.stage.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=service)
    for page in pages:
        for quota in page["Quotas"]:
            if re.search(name, quota["QuotaName"]):
                return float(quota["Value"])
    raise NotAvailableError(f"Service Quotas lists no such quota of {service}: look at it in the console")


def _cost(resources: Mapping[str, Any]) -> dict[str, Any]:
    from client.commands.cost import USAGE, read_runs

    usage = read_runs(USAGE)["Swipeline"]["usage"]
    one = bill(usage, read_prices(), 1.0, assume(read(resources)))
    return {
        "idle_dollars_per_month": round(one.fixed, 2),
        "idle_dollars_per_hour": round(one.fixed / HOURS, 4),
        "dollars_per_million": round(one.variable, 3),
        "services": {name: round(line.fixed, 2) for name, line in one.services().items() if line.fixed},
    }


def _cost_text(cost: Mapping[str, Any]) -> str:
    parts = sorted(cost["services"].items(), key=lambda part: -part[1])[:4]
    most = listed([f"{name} ${dollars:,.2f}" for name, dollars in parts])
    return (
        f"an idle month about ${cost['idle_dollars_per_month']:,.2f} ({most}), Redshift's compute $0; a million"
        f" transactions ${cost['dollars_per_million']:.2f} and the warehouse while they come (`swipeline cost`)"
    )


def _of(resources: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    yield from (one.get("Properties", {}) for one in resources.values() if one["Type"] == kind)
