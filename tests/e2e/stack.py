"""A handle on an embedded AWS of the tests' own: its home, its ports, its clients and the command line against it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import requests

from local.credentials import root_key
from local.tests.ports import free_port_pair
from shared.sinks.item import SUPERSEDED

REPO = Path(__file__).resolve().parents[2]
SWIPELINE = [sys.executable, "-m", "client.cli"]


def wait_until(
    condition: Callable[[], Any],
    seconds: float,
    what: str,
    explain: Callable[[], str] = lambda: "",
    every: float = 0.2,
) -> Any:
    """Poll ``condition`` until it is true and return its value; fail with ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what} {explain()}")
        time.sleep(every)


@dataclass
class Stack:
    """One running embedded AWS with stage ``local`` deployed into it."""

    home: Path
    port: int
    stage: str = "local"
    _outputs: dict[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SWIPELINE_"))}
        return kept | {"SWIPELINE_HOME": str(self.home), "SWIPELINE_PORT": str(self.port)}

    def run(self, *args: str | Path, check: bool = True, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run ``swipeline ARGS`` as a user would; with ``check``, fail with its output unless it exits 0."""
        done = subprocess.run(
            [*SWIPELINE, *map(str, args)], cwd=REPO, env=self.env, capture_output=True, text=True, timeout=timeout
        )
        if check and done.returncode != 0:
            raise AssertionError(f"swipeline {args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, *args: str | Path) -> subprocess.Popen[bytes]:
        """Start ``swipeline ARGS`` and do not wait for it."""
        return subprocess.Popen(
            [*SWIPELINE, *map(str, args)],
            cwd=REPO,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def client(self, service: str, role: str | None = None) -> Any:
        """A client of root's, or of a role's that is assumed first."""
        port = self.port + 1 if service in ("redshift-data", "redshift-serverless") else self.port
        root = root_key(self.home)
        keys = {"AccessKeyId": root.access_key_id, "SecretAccessKey": root.secret_access_key, "SessionToken": None}
        if role:
            keys = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    @property
    def outputs(self) -> dict[str, str]:
        if not self._outputs:
            stacks = self.client("cloudformation").describe_stacks(StackName=f"swipeline-{self.stage}")["Stacks"]
            self._outputs = {o["OutputKey"]: o["OutputValue"] for o in stacks[0]["Outputs"]}
        return self._outputs

    @property
    def url(self) -> str:
        api = self.outputs["RestApiId"]
        return f"http://127.0.0.1:{self.port}/restapis/{api}/{self.stage}/_user_request_/transactions"

    @cached_property
    def api_key(self) -> str:
        key = self.client("apigateway").get_api_key(apiKey=self.outputs["SenderApiKeyId"], includeValue=True)
        return str(key["value"])

    def queue_url(self, name: str) -> str:
        """The URL of a queue by its name without service and stage."""
        return str(self.client("sqs").get_queue_url(QueueName=f"swipeline-{self.stage}-{name}")["QueueUrl"])

    def post(self, body: Any, **headers: str) -> requests.Response:
        return requests.post(self.url, data=json.dumps(body), headers={"x-api-key": self.api_key} | headers, timeout=30)

    def sql(self, statement: str, role: str | None = None) -> list[list[Any]]:
        """Rows of a query in the warehouse; a null is ``None``. The database's owner asks, or who assumes a role."""
        api = self.client("redshift-data", role)
        done = api.execute_statement(
            WorkgroupName=self.outputs["WorkgroupName"], Database=self.outputs["DatabaseName"], Sql=statement
        )

        def finished() -> Any:
            state = api.describe_statement(Id=done["Id"])
            assert state["Status"] not in ("FAILED", "ABORTED"), state.get("Error")
            return state if state["Status"] == "FINISHED" else None

        if not wait_until(finished, 60, statement)["HasResultSet"]:
            return []
        rows: list[list[Any]] = []
        page = {"Id": done["Id"]}
        while True:
            result = api.get_statement_result(**page)
            rows += [[None if "isNull" in f else next(iter(f.values())) for f in row] for row in result["Records"]]
            if "NextToken" not in result:
                return rows
            page["NextToken"] = result["NextToken"]

    def log_of(self, function: str, lines: int = 40) -> str:
        """The last lines of a function's log, with their times: what a failed test needs to be understood."""
        pages = self.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/swipeline-{self.stage}-{function}")
        events = [event for page in found for event in page["events"]][-lines:]
        return "\n".join(
            f"{datetime.fromtimestamp(e['timestamp'] / 1000, UTC):%T} {e['message'][:300]}" for e in events
        )

    def objects(self, bucket_output: str, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """Key and content of every object below a prefix; gzip is taken off."""
        s3, bucket = self.client("s3"), self.outputs[bucket_output]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                data = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                yield item["Key"], gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data

    def items(self) -> Iterator[dict[str, Any]]:
        """Every transaction of the table, in DynamoDB's own notation; a mark of a superseded content is none."""
        for page in self.client("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["TableName"]):
            yield from (item for item in page["Items"] if SUPERSEDED not in item)

    def records(self) -> Iterator[bytes]:
        """Every record that the stream still holds."""
        kinesis, name = self.client("kinesis"), self.outputs["StreamName"]
        for shard in kinesis.list_shards(StreamName=name)["Shards"]:
            cursor = kinesis.get_shard_iterator(
                StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while cursor:
                page = kinesis.get_records(ShardIterator=cursor, Limit=10_000)
                yield from (record["Data"] for record in page["Records"])
                if not page["MillisBehindLatest"]:  # what comes after this is not waited for
                    break
                cursor = page.get("NextShardIterator")


@contextmanager
def deployed(home: Path) -> Iterator[Stack]:
    """An embedded AWS of its own, with the service in it."""
    stack = Stack(home=home, port=free_port_pair())
    try:
        stack.run("up")
        yield stack
    finally:
        stack.run("down", check=False)
