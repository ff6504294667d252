"""Runs of a Glue job on the embedded AWS, as an AWS client and a state machine see them. The scripts need no Spark."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.emulator import Emulator, wait_until

WAITS = "import time\ntime.sleep(600)\n"
REPORTS = """
import json, os, sys, boto3
pairs = dict(zip(sys.argv[1::2], sys.argv[2::2]))
who = boto3.client("sts").get_caller_identity()["Arn"]
boto3.client("s3").put_object(Bucket=pairs["--out"], Key="reported", Body=json.dumps(pairs | {"who": who}))
"""
FAILS = "raise ValueError('the input is empty')\n"


class World:
    """A job of a test's own, its script in a bucket that its role may read and write."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self.name, self.emulator = name, emulator
        self.glue, self.states = emulator.client("glue"), emulator.client("stepfunctions")
        self.bucket = emulator.bucket(f"job-{name}")
        self.role = emulator.role(f"job-{name}", "glue")
        emulator.grant(self.role, "files", ["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{self.bucket}/*")

    def job(self, script: str, **more: Any) -> None:
        self.emulator.client("s3").put_object(Bucket=self.bucket, Key="job.py", Body=script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{self.bucket}/job.py", "PythonVersion": "3"}
        defaults = {"Role": self.role, "Command": command, "GlueVersion": "5.0", "Timeout": 10}
        self.glue.create_job(**{"Name": self.name, "DefaultArguments": {"--out": self.bucket}} | defaults | more)

    def start(self, **arguments: str) -> str:
        started = self.glue.start_job_run(JobName=self.name, Arguments={f"--{k}": v for k, v in arguments.items()})
        return str(started["JobRunId"])

    def run(self, run_id: str) -> dict[str, Any]:
        return dict(self.glue.get_job_run(JobName=self.name, RunId=run_id)["JobRun"])

    def ended(self, run_id: str) -> dict[str, Any]:
        """Wait for a run's end."""

        def look() -> dict[str, Any] | None:
            run = self.run(run_id)
            return run if run["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING") else None

        return dict(wait_until(look, "the run has ended", 90))

    def machine(self) -> str:
        """A state machine of one step that runs the job; its ARN."""
        role = self.emulator.role(f"machine-{self.name}", "states")
        step = {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Arguments": {"JobName": self.name},
            "End": True,
        }
        definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Run", "States": {"Run": step}})
        made = self.states.create_state_machine(name=self.name, definition=definition, roleArn=role)
        return str(made["stateMachineArn"])

    def execute(self, machine: str) -> dict[str, Any]:
        arn = self.states.start_execution(stateMachineArn=machine)["executionArn"]

        def look() -> dict[str, Any] | None:
            execution = self.states.describe_execution(executionArn=arn)
            return execution if execution["status"] != "RUNNING" else None

        return dict(wait_until(look, "the execution has ended", 90))


@pytest.fixture
def world(emulator: Emulator, request: pytest.FixtureRequest) -> World:
    return World(emulator, f"j{sum(request.node.name.encode())}")


@pytest.fixture
def running(world: World) -> Callable[[], str]:
    """Starts a run that does not end by itself, and waits until it runs."""

    def start() -> str:
        world.job(WAITS)
        run_id = world.start()
        wait_until(lambda: world.run(run_id)["JobRunState"] == "RUNNING", "the run runs")
        return run_id

    return start


def test_a_script_gets_its_arguments_and_its_role(world: World) -> None:
    world.job(REPORTS)
    run_id = world.start(more="x y")
    assert world.ended(run_id)["JobRunState"] == "SUCCEEDED"
    reported = json.loads(world.emulator.objects(world.bucket)["reported"])
    assert (reported["--out"], reported["--more"], reported["--JOB_NAME"]) == (world.bucket, "x y", world.name)
    assert f":assumed-role/job-{world.name}/" in reported["who"]


def test_a_script_that_fails_leaves_its_last_words(world: World) -> None:
    world.job(FAILS)
    run = world.ended(world.start())
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "ValueError: the input is empty"


def test_a_script_that_its_role_may_not_read_is_a_failed_run(world: World) -> None:
    world.job(REPORTS)
    world.emulator.client("iam").delete_role_policy(RoleName=f"job-{world.name}", PolicyName="files")
    run = world.ended(world.start())
    assert run["JobRunState"] == "FAILED"
    assert "403" in run["ErrorMessage"] or "AccessDenied" in run["ErrorMessage"]


def test_a_second_run_beside_one_that_runs_is_refused(world: World, running: Callable[[], str]) -> None:
    run_id = running()
    with pytest.raises(ClientError) as error:
        world.start()
    assert error.value.response["Error"]["Code"] == "ConcurrentRunsExceededException"
    world.glue.batch_stop_job_run(JobName=world.name, JobRunIds=[run_id])


def test_a_run_that_is_stopped_ends_and_makes_room(world: World, running: Callable[[], str]) -> None:
    run_id = running()
    world.glue.batch_stop_job_run(JobName=world.name, JobRunIds=[run_id])
    assert world.ended(run_id)["JobRunState"] == "STOPPED"
    next_id = wait_until(lambda: _started(world), "the next run may start")
    world.glue.batch_stop_job_run(JobName=world.name, JobRunIds=[next_id])


def test_a_state_machine_waits_for_the_run_and_gives_it(world: World) -> None:
    world.job(REPORTS)
    execution = world.execute(world.machine())
    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"])["JobRunState"] == "SUCCEEDED"


def test_a_state_machine_fails_as_the_run_did(world: World) -> None:
    world.job(FAILS)
    execution = world.execute(world.machine())
    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(execution["cause"])["ErrorMessage"] == "ValueError: the input is empty"


def test_a_job_that_does_not_exist_is_an_error_that_a_state_machine_can_catch(world: World) -> None:
    execution = world.execute(world.machine())
    assert (execution["status"], execution["error"]) == ("FAILED", "Glue.EntityNotFoundException")


def _started(world: World) -> str | None:
    try:
        return world.start()
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConcurrentRunsExceededException":
            raise
        return None
