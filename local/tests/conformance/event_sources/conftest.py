"""Functions mapped to a stream of a real emulator, and the poller that drives their mappings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from local.tests.conformance.emulator import Emulator, start_module

READ = ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListStreams"]

# Keeps what it gets as one object per batch; does what the records say.
FUNCTION = """
    import base64, json, os, time, uuid
    import boto3

    s3 = boto3.client("s3")

    def handler(event, context):
        time.sleep(float(os.environ["PAUSE"]))
        done = []
        failures = []
        for record in event["Records"]:
            data = base64.b64decode(record["kinesis"]["data"]).decode()
            if data.startswith("raise"):
                raise ValueError(data)
            if data.startswith("report"):
                failures.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
                break
            done.append(data)
        key = f"done/{os.environ['AWS_LAMBDA_FUNCTION_NAME']}/{time.time_ns()}-{uuid.uuid4()}"
        s3.put_object(Bucket=os.environ["BUCKET"], Key=key, Body=json.dumps(done).encode())
        return {"batchItemFailures": failures}
"""


@dataclass
class Consumer:
    """A function mapped to a stream, and what it has done."""

    emulator: Emulator
    name: str
    stream: str
    role: str
    bucket: str
    uuid: str

    def batches(self) -> list[list[str]]:
        found = self.emulator.objects(self.bucket, f"done/{self.name}/")
        return [json.loads(found[key]) for key in sorted(found)]

    def done(self) -> list[str]:
        return [item for batch in self.batches() for item in batch]

    def given_up(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.emulator.objects(self.bucket, f"aws/lambda/{self.uuid}/").values()]


@pytest.fixture
def consumer(emulator: Emulator, request: pytest.FixtureRequest) -> Callable[..., Consumer]:
    # Names of tests may end alike.
    name = f"{request.node.name.replace('_', '-')[-33:].strip('-')}-{uuid4().hex[:6]}"

    def make(
        suffix: str = "", stream: str = "", source: str = "", allowed: bool = True, pause: float = 0, **mapping: Any
    ) -> Consumer:
        bucket = f"{name}{suffix}"[-60:].strip("-")
        emulator.bucket(bucket)
        stream_arn = stream or emulator.stream(name)
        role = emulator.role(f"{name}{suffix}", "lambda")
        emulator.grant(role, "write", ["s3:PutObject"], f"arn:aws:s3:::{bucket}/*")
        if allowed:
            emulator.grant(role, "read", READ, stream_arn)
        variables = {"BUCKET": bucket, "PAUSE": str(pause)}
        emulator.function(f"{name}{suffix}", role, FUNCTION, Environment={"Variables": variables})
        defaults = {
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 100,
            "MaximumRetryAttempts": 1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
        }
        created = emulator.client("lambda").create_event_source_mapping(
            EventSourceArn=source or stream_arn, FunctionName=f"{name}{suffix}", **(defaults | mapping)
        )
        return Consumer(emulator, f"{name}{suffix}", stream_arn, role, bucket, created["UUID"])

    return make


@pytest.fixture
def poller(emulator: Emulator) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(start_module("local.event_sources", emulator.settings))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
    mappings = emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    for mapping in mappings:
        emulator.client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])
