"""The execution that a file's arrival has started: found, and followed to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from client.errors import ClientError

START_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.5


def find(states: Any, machine: str, bucket: str, key: str, etag: str, known: set[str]) -> str:
    """Wait for the execution that took this object; its ARN. ``known`` are older. Raises ClientError without one."""
    deadline = time.monotonic() + START_SECONDS
    others = set(known)
    while time.monotonic() < deadline:
        for execution in states.list_executions(stateMachineArn=machine, maxResults=100)["executions"]:
            arn = execution["executionArn"]
            if arn in others:
                continue
            detail = json.loads(states.describe_execution(executionArn=arn)["input"]).get("detail", {})
            item = detail.get("object", {})
            if (detail.get("bucket", {}).get("name"), item.get("key"), item.get("etag")) == (bucket, key, etag):
                return str(arn)
            others.add(arn)
        time.sleep(LOOK_EVERY_SECONDS)
    raise ClientError(f"s3://{bucket}/{key} arrived, but no run of the batch path has started for it.")


def executions(states: Any, machine: str) -> set[str]:
    """Give the ARNs of the newest executions."""
    found = states.list_executions(stateMachineArn=machine, maxResults=1000)["executions"]
    return {str(execution["executionArn"]) for execution in found}


def follow(states: Any, arn: str, seconds: float, report: Callable[[str], None]) -> dict[str, Any]:
    """Wait for an execution's end and give it. ``report`` hears its states. Raises ClientError when time is up."""
    deadline = time.monotonic() + seconds
    last = ""
    while True:
        execution: dict[str, Any] = states.describe_execution(executionArn=arn)
        if execution["status"] != "RUNNING":
            return execution
        state = _state(states, arn)
        if state and state != last:
            report(state)
            last = state
        if time.monotonic() > deadline:
            raise ClientError(f"The run has not finished within {seconds:.0f} s and continues: {arn}")
        time.sleep(LOOK_EVERY_SECONDS)


def _state(states: Any, arn: str) -> str:
    events = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=10)["events"]
    names = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    return str(names[0]) if names else ""
