"""An execution of a state machine outlives the emulator: stopped or killed in the middle, it is run to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.snapshot import take_snapshot
from local.tests.conformance.emulator import Emulator, wait_until
from local.tests.conformance.test_emulator_kill import restarted

STATES = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 4, "Next": "Done"}, "Done": {"Type": "Pass", "End": True}},
}


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_an_execution_that_was_running_restarts_with_its_name_and_input(how: str, tmp_path: Path) -> None:
    emulator = Emulator.start(tmp_path)
    try:
        states = emulator.client("stepfunctions")
        role = emulator.role("machine", "states")
        machine = states.create_state_machine(name="m", roleArn=role, definition=json.dumps(STATES))["stateMachineArn"]
        take_snapshot(emulator.settings)  # as after a deployment
        run = {"stateMachineArn": machine, "input": json.dumps({"raw_path": "s3://raw/a.csv"})}
        arn = states.start_execution(name="lost", **run)["executionArn"]
        wait_until(lambda: _entered(states, arn) == ["Wait"], "the execution waits")
        emulator.stop() if how == "stopped" else (emulator.process.kill(), emulator.process.wait(10))
        emulator = restarted(emulator)
        states = emulator.client("stepfunctions")
        ended = wait_until(lambda: _if_ended(states, arn), "the execution has ended")
        assert (ended["status"], json.loads(ended["input"])) == ("SUCCEEDED", {"raw_path": "s3://raw/a.csv"})
        assert _entered(states, arn) == ["Wait", "Done"]
        emulator.stop()
        emulator = restarted(emulator)
        executions = emulator.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        assert [(one["name"], one["status"]) for one in executions] == [("lost", "SUCCEEDED")]
    finally:
        emulator.stop()


def _if_ended(states: Any, arn: str) -> dict[str, Any] | None:
    try:
        found = states.describe_execution(executionArn=arn)
    except states.exceptions.ExecutionDoesNotExist:
        return None  # not restarted yet
    return None if found["status"] == "RUNNING" or found.get("error") == "States.ServiceRestart" else found


def _entered(states: Any, arn: str) -> list[str]:
    history = states.get_execution_history(executionArn=arn)["events"]
    return [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
