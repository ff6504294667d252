"""`swipeline dead-letters` over moto: what is sent on leaves the queue, what cannot be stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from client.dead_letters import counts, discard, redrive
from client.errors import ClientError

ARRIVED = {"detail": {"bucket": {"name": "raw"}, "object": {"key": "transactions/a.csv"}}}
NIGHTLY = {"raw_path": "s3://raw/transactions/"}


class QueueStage:
    """As client.aws.Stage, with moto behind it."""

    name = "dev"

    def __init__(self) -> None:
        sqs, states = self.client("sqs"), self.client("stepfunctions")
        self.urls = {
            name: sqs.create_queue(QueueName=f"swipeline-dev-{name}")["QueueUrl"]
            for name in ("batch-not-started", "merges-given-up", "merges")
        }
        role = boto3.client("iam", "us-east-1").create_role(RoleName="machine", AssumeRolePolicyDocument="{}")["Role"]
        definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
        self.machine = states.create_state_machine(name="batch", definition=definition, roleArn=role["Arn"])

    def client(self, service: str) -> Any:
        return boto3.client(service, "us-east-1")

    def output(self, key: str) -> str:
        return {"BatchMachineArn": self.machine["stateMachineArn"], "MergeQueueUrl": self.urls["merges"]}[key]

    def put(self, queue: str, body: str) -> None:
        self.client("sqs").send_message(QueueUrl=self.urls[queue], MessageBody=body)

    def runs(self) -> list[Any]:
        states = self.client("stepfunctions")
        found = states.list_executions(stateMachineArn=self.machine["stateMachineArn"])["executions"]
        return [json.loads(states.describe_execution(executionArn=one["executionArn"])["input"]) for one in found]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr("client.dead_letters.WAIT_SECONDS", 0)
    with mock_aws():
        yield QueueStage()


def test_a_dry_run_counts_and_changes_nothing(stage: Any) -> None:
    stage.put("batch-not-started", json.dumps(ARRIVED))
    done = redrive(stage)
    assert done.dry_run
    assert done.before == done.after == {"batch-not-started": 1, "merges-given-up": 0}
    assert stage.runs() == []


def test_redrive_starts_a_run_per_event_with_its_input(stage: Any) -> None:
    for event in (ARRIVED, NIGHTLY):
        stage.put("batch-not-started", json.dumps(event))
    done = redrive(stage, act=True)
    assert (done.done, done.failed, sum(done.after.values())) == (2, [], 0)
    assert sorted(stage.runs(), key=str) == sorted([ARRIVED, NIGHTLY], key=str)


def test_a_merge_given_up_returns_to_the_queue_of_merges(stage: Any) -> None:
    stage.put("merges-given-up", "a notification of S3")
    assert redrive(stage, ("merges-given-up",), act=True).after == {"merges-given-up": 0}
    (message,) = stage.client("sqs").receive_message(QueueUrl=stage.urls["merges"])["Messages"]
    assert message["Body"] == "a notification of S3"


@pytest.mark.parametrize("body", ["{}", "[1]", "not JSON", '"text"'])
def test_what_is_no_event_stays_and_stops_nothing(stage: Any, body: str) -> None:
    stage.put("batch-not-started", body)
    stage.put("batch-not-started", json.dumps(NIGHTLY))
    done = redrive(stage, act=True)
    assert (done.done, len(done.failed), done.after["batch-not-started"]) == (1, 1, 1)
    assert stage.runs() == [NIGHTLY]


def test_discard_wants_a_queue_and_deletes_its_messages(stage: Any) -> None:
    stage.put("batch-not-started", "{}")
    with pytest.raises(ClientError, match="batch-not-started or merges-given-up"):
        discard(stage, (), act=True)
    assert discard(stage, ("batch-not-started",)).after == {"batch-not-started": 1}
    assert discard(stage, ("batch-not-started",), act=True).after == {"batch-not-started": 0}
    assert stage.runs() == []


def test_an_unknown_queue_is_refused_by_name(stage: Any) -> None:
    with pytest.raises(ClientError, match="no dead-letter queue 'merges'"):
        counts(stage, ("merges",))
