"""A MiniStack of the tests' own, as `local.emulator` starts it, with shortcuts for what the tests deploy into it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local.clients import Clients
from local.processes import PROCESSES, is_healthy
from local.project import ROOT
from local.settings import Settings
from local.tests.ports import free_port_pair


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """Poll until the condition gives something true; that is returned. Fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


@dataclass
class Emulator:
    """A running emulator."""

    settings: Settings
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, home: Path) -> Emulator:
        settings = Settings(home, free_port_pair())
        process = start_module("local.emulator", settings)
        wait_until(lambda: is_healthy(settings, PROCESSES[0]), "the emulator answers", 120)
        return cls(settings, process)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    @cached_property
    def clients(self) -> Clients:
        return Clients(self.settings, "test")

    def client(self, service: str) -> Any:
        """A client as root."""
        return self.clients.root(service)

    def bucket(self, name: str) -> str:
        self.client("s3").create_bucket(Bucket=name)
        return name

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """Every object's content by its key."""
        s3 = self.client("s3")
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found}

    def stream(self, name: str, shards: int = 1) -> str:
        """A Kinesis stream; returns its ARN."""
        kinesis = self.client("kinesis")
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        return str(kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"])

    def put(self, stream_arn: str, *data: bytes, key: str = "k") -> None:
        records = [{"Data": item, "PartitionKey": key} for item in data]
        for start in range(0, len(records), 500):
            answer = self.client("kinesis").put_records(StreamARN=stream_arn, Records=records[start : start + 500])
            assert answer["FailedRecordCount"] == 0

    def reshard(self, stream_arn: str, change: str) -> None:
        """Split the widest open shard, or merge the first two, once the stream is active."""
        kinesis = self.client("kinesis")

        def active() -> bool:
            summary = kinesis.describe_stream_summary(StreamARN=stream_arn)["StreamDescriptionSummary"]
            return bool(summary["StreamStatus"] == "ACTIVE")

        wait_until(active, "the stream is active")
        shards = kinesis.list_shards(StreamARN=stream_arn, ShardFilter={"Type": "AT_LATEST"})["Shards"]
        ranges = sorted((int(one["HashKeyRange"]["StartingHashKey"]), one) for one in shards)
        if change == "merge":
            (_, one), (_, other) = ranges[:2]
            kinesis.merge_shards(
                StreamARN=stream_arn, ShardToMerge=one["ShardId"], AdjacentShardToMerge=other["ShardId"]
            )
            return
        start, widest = max(ranges, key=lambda pair: int(pair[1]["HashKeyRange"]["EndingHashKey"]) - pair[0])
        middle = (start + int(widest["HashKeyRange"]["EndingHashKey"])) // 2
        kinesis.split_shard(StreamARN=stream_arn, ShardToSplit=widest["ShardId"], NewStartingHashKey=str(middle))

    def role(self, name: str, service: str) -> str:
        """A role that a service may assume; returns its ARN. Grants come from `grant`."""
        trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
        return str(role["Role"]["Arn"])

    def trust(self, role_arn: str, statement: dict[str, Any]) -> None:
        """Replace a role's trust policy."""
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        name = role_arn.rsplit("/", 1)[-1]
        self.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=document)

    def grant(self, role_arn: str, policy: str, actions: list[str], resource: str) -> None:
        """Give a role the actions on a resource."""
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        name = role_arn.rsplit("/", 1)[-1]
        self.client("iam").put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)

    def function(self, name: str, role_arn: str, code: str, **config: Any) -> None:
        """A Python function; `code` defines `handler`."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("main.py", textwrap.dedent(code))
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="main.handler",
            Role=role_arn,
            Code={"ZipFile": package.getvalue()},
            Timeout=30,
            **config,
        )


def start_module(module: str, settings: Settings) -> subprocess.Popen[bytes]:
    """Run `python -m MODULE` against these settings; its output goes to a file of its name in the home."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / f"{module}.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=settings.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
