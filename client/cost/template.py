"""What a stage is made of, as far as it is billed by the month: read from its packaged template, never assumed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.errors import ClientError
from client.serverless import REPOSITORY, serverless
from local.deploy import only_one_deploy
from local.project import current

TEMPLATE = "cloudformation-template-update-stack.json"
_DEFAULT_RETENTION_HOURS = 24
_DAYS = 30  # of a month


@dataclass(frozen=True)
class Stream:
    """A Kinesis stream; ``shards`` is None on demand."""

    name: str
    shards: int | None
    retention_hours: int


@dataclass(frozen=True)
class Inventory:
    """Counts and sizes of a stage; ``alarm_metrics`` counts each metric of a math expression, as the bill does.

    ``table_write_units`` and ``table_read_units`` are the least that the provisioned tables and their indexes have.
    """

    alarm_metrics: int = 0
    dashboards: int = 0
    kms_keys: int = 0
    secrets: int = 0
    public_ipv4: int = 0
    rpu: int = 0
    buffer_seconds: int = 0
    buffer_mib: int = 0
    alert_buffer_seconds: int = 0
    fan_out: int = 0
    batch_runs: int = 0
    queues_polled: int = 0
    daily_runs: int = 0
    tables_provisioned: bool = False
    table_write_units: int = 0
    table_read_units: int = 0
    table_utilization: float = 0.0
    firewall_rules: int = 0
    streams: tuple[Stream, ...] = ()

    @property
    def on_demand(self) -> bool:
        """Whether the stream of transactions is on demand."""
        return any(stream.shards is None for stream in self.streams)


def read(resources: Mapping[str, Any]) -> Inventory:
    """Read the resources of a template."""
    of_type: dict[str, list[dict[str, Any]]] = {}
    for resource in resources.values():
        of_type.setdefault(resource["Type"], []).append(resource.get("Properties", {}))
    workgroups = of_type.get("AWS::RedshiftServerless::Workgroup", [])
    rules = sum(len(acl.get("Rules", [])) for acl in of_type.get("AWS::WAFv2::WebACL", []))
    schedules = [
        rule
        for rule in of_type.get("AWS::Events::Rule", [])
        if rule.get("ScheduleExpression") and rule.get("State", "ENABLED") == "ENABLED"
    ]
    return Inventory(
        alarm_metrics=sum(map(_metrics, of_type.get("AWS::CloudWatch::Alarm", []))),
        dashboards=len(of_type.get("AWS::CloudWatch::Dashboard", [])),
        kms_keys=len(of_type.get("AWS::KMS::Key", [])),
        secrets=len(of_type.get("AWS::SecretsManager::Secret", [])),
        # A public workgroup has an address in each of its subnets, at most.
        public_ipv4=sum(len(one.get("SubnetIds", [])) for one in workgroups if one.get("PubliclyAccessible")),
        rpu=sum(int(one["BaseCapacity"]) for one in workgroups),
        fan_out=len(of_type.get("AWS::Kinesis::StreamConsumer", [])),
        batch_runs=sum(_DAYS for rule in schedules if _starts(rule, "BatchMachine")),
        queues_polled=sum(
            ":sqs:" in str(one.get("EventSourceArn")) or "Queue" in str(one.get("EventSourceArn"))
            for one in of_type.get("AWS::Lambda::EventSourceMapping", [])
        ),
        daily_runs=sum(not _starts(rule, "BatchMachine") for rule in schedules),
        firewall_rules=rules,
        streams=tuple(_streams(of_type.get("AWS::Kinesis::Stream", []))),
        **_deliveries(of_type.get("AWS::KinesisFirehose::DeliveryStream", [])),
        **_tables(of_type),
    )


def package(stage: str, folder: Path | None = None, parameters: Sequence[str] = ()) -> Mapping[str, Any]:
    """The resources of a stage's template, packaged now: needs no AWS account. Raises ClientError when it fails.

    ``parameters`` are name=value, as for `sls --param`.
    """
    folder = folder or REPOSITORY / "build" / "cost" / stage
    asked = ["package", "--stage", stage, "--package", str(folder)]
    with only_one_deploy(current()):  # of which a package is a part
        done = serverless([*asked, *(f"--param={parameter}" for parameter in parameters)], capture_output=True)
    if done.returncode:
        raise ClientError(f"Stage {stage} cannot be packaged: {(done.stderr or done.stdout).strip()[-500:]}")
    resources: Mapping[str, Any] = json.loads((folder / TEMPLATE).read_text(encoding="utf-8"))["Resources"]
    return resources


def _metrics(alarm: Mapping[str, Any]) -> int:
    queries = alarm.get("Metrics")
    return sum("MetricStat" in query for query in queries) if queries else 1


def _starts(rule: Mapping[str, Any], machine: str) -> bool:
    return machine in json.dumps(rule.get("Targets", []))


def _deliveries(found: list[dict[str, Any]]) -> dict[str, Any]:
    sizes: dict[str, Any] = {}
    for delivery in found:
        hints = delivery.get("RedshiftDestinationConfiguration", {}).get("S3Configuration", {})["BufferingHints"]
        if delivery.get("DeliveryStreamType") == "DirectPut":
            sizes["alert_buffer_seconds"] = int(hints["IntervalInSeconds"])
        else:
            sizes |= {"buffer_seconds": int(hints["IntervalInSeconds"]), "buffer_mib": int(hints["SizeInMBs"])}
    return sizes


def _tables(of_type: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    parts = [
        part["ProvisionedThroughput"]
        for table in of_type.get("AWS::DynamoDB::Table", [])
        if table.get("BillingMode") == "PROVISIONED"
        for part in (table, *table.get("GlobalSecondaryIndexes", []))
    ]
    policies = of_type.get("AWS::ApplicationAutoScaling::ScalingPolicy", [])
    targets = [float(one["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]) for one in policies]
    return {
        "tables_provisioned": bool(parts),
        "table_write_units": sum(int(part["WriteCapacityUnits"]) for part in parts),
        "table_read_units": sum(int(part["ReadCapacityUnits"]) for part in parts),
        "table_utilization": min(targets, default=0.0) / 100,
    }


def _streams(found: list[dict[str, Any]]) -> Iterator[Stream]:
    for stream in found:
        on_demand = stream.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND"
        hours = int(stream.get("RetentionPeriodHours", _DEFAULT_RETENTION_HOURS))
        yield Stream(str(stream.get("Name", "")), None if on_demand else int(stream.get("ShardCount", 1)), hours)
