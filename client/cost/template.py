"""What a stage is made of, as far as it is billed by the month: read from its packaged template, never assumed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.errors import ClientError
from local.settings import REPOSITORY

TEMPLATE = "cloudformation-template-update-stack.json"
_DEFAULT_RETENTION_HOURS = 24


@dataclass(frozen=True)
class Stream:
    """A Kinesis stream; ``shards`` is None on demand."""

    name: str
    shards: int | None
    retention_hours: int


@dataclass(frozen=True)
class Inventory:
    """Counts and sizes of a stage; ``alarm_metrics`` counts each metric of a math expression, as the bill does."""

    alarm_metrics: int = 0
    dashboards: int = 0
    kms_keys: int = 0
    secrets: int = 0
    public_ipv4: int = 0
    rpu: int = 0
    merge_every_seconds: int = 60
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
    return Inventory(
        alarm_metrics=sum(map(_metrics, of_type.get("AWS::CloudWatch::Alarm", []))),
        dashboards=len(of_type.get("AWS::CloudWatch::Dashboard", [])),
        kms_keys=len(of_type.get("AWS::KMS::Key", [])),
        secrets=len(of_type.get("AWS::SecretsManager::Secret", [])),
        # A public workgroup has an address in each of its subnets.
        public_ipv4=sum(len(one.get("SubnetIds", [])) for one in workgroups if one.get("PubliclyAccessible")),
        rpu=sum(int(one["BaseCapacity"]) for one in workgroups),
        merge_every_seconds=_merge_every(of_type.get("AWS::Lambda::Function", [])),
        firewall_rules=rules,
        streams=tuple(_streams(of_type.get("AWS::Kinesis::Stream", []))),
    )


def package(stage: str, folder: Path | None = None) -> Mapping[str, Any]:
    """The resources of a stage's template, packaged now: needs no AWS account. Raises ClientError when it fails."""
    folder = folder or REPOSITORY / "build" / "cost" / stage
    command = REPOSITORY / "node_modules" / ".bin" / "sls"
    if not command.exists():
        raise ClientError("The Serverless Framework is missing: run `make setup`.")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "SWIPELINE_PYTHON": sys.executable, "SLS_TELEMETRY_DISABLED": "1"}
    done = subprocess.run(
        [str(command), "package", "--stage", stage, "--package", str(folder)],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ClientError(f"Stage {stage} cannot be packaged: {(done.stderr or done.stdout).strip()[-500:]}")
    resources: Mapping[str, Any] = json.loads((folder / TEMPLATE).read_text(encoding="utf-8"))["Resources"]
    return resources


def _metrics(alarm: Mapping[str, Any]) -> int:
    queries = alarm.get("Metrics")
    return sum("MetricStat" in query for query in queries) if queries else 1


def _merge_every(functions: list[dict[str, Any]]) -> int:
    for function in functions:
        every = function.get("Environment", {}).get("Variables", {}).get("MERGE_EVERY_SECONDS")
        if every:
            return int(every)
    return 60


def _streams(found: list[dict[str, Any]]) -> Iterator[Stream]:
    for stream in found:
        on_demand = stream.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND"
        hours = int(stream.get("RetentionPeriodHours", _DEFAULT_RETENTION_HOURS))
        yield Stream(str(stream.get("Name", "")), None if on_demand else int(stream.get("ShardCount", 1)), hours)
