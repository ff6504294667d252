"""Who may publish to a topic: a role with the permission, whom the topic's policy names, and nobody else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.emulator import Emulator, wait_until

pytestmark = pytest.mark.e2e
ACCOUNT = "000000000000"
HOME = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def policy(topic: str, principal: dict[str, str], effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": "sns:Publish", "Resource": topic, **more}


@pytest.fixture
def topic(emulator: Emulator, request: pytest.FixtureRequest) -> Callable[..., str]:
    """``topic(statement, ...)``: a topic with such a policy, made by CloudFormation as the stage's are."""

    def make(*statements: Callable[[str], dict[str, Any]]) -> str:
        name = f"t{abs(hash(request.node.name))}"
        arn = f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}"
        document = {"Version": "2012-10-17", "Statement": [statement(arn) for statement in statements]}
        resources: dict[str, Any] = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}}
        if statements:
            properties = {"Topics": [{"Ref": "Topic"}], "PolicyDocument": document}
            resources["Policy"] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}
        cloudformation = emulator.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
        return arn

    return make


def role_of(emulator: Emulator, request: pytest.FixtureRequest, allowed: str | None = None) -> str:
    role = emulator.role(f"r{abs(hash(request.node.name))}", "lambda")
    if allowed:
        emulator.grant(role, "publish", ["sns:Publish"], allowed)
    return role


def published(emulator: Emulator, role: str, topic: str) -> list[str]:
    """Results of Publish and PublishBatch: a code each, or ``ok``."""
    sns, found = emulator.clients.role("sns", role), []
    for ask in (
        lambda: sns.publish(TopicArn=topic, Message="m"),
        lambda: sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "m"}]),
    ):
        try:
            ask()
            found.append("ok")
        except ClientError as error:
            found.append(str(error.response["Error"]["Code"]))
    return found


REFUSED = ["AuthorizationError"] * 2


def test_a_role_without_the_permission_may_not_publish(
    emulator: Emulator, topic: Any, request: pytest.FixtureRequest
) -> None:
    role = role_of(emulator, request)
    arn = topic(lambda arn: policy(arn, {"Service": "cloudwatch.amazonaws.com"}, Condition=HOME))
    assert published(emulator, role, arn) == REFUSED


def test_nor_to_a_topic_with_the_default_policy_or_one_that_names_the_account(
    emulator: Emulator, topic: Any, request: pytest.FixtureRequest
) -> None:
    role = role_of(emulator, request)
    assert published(emulator, role, topic()) == REFUSED
    other = emulator.client("sns").create_topic(Name="names-the-account")["TopicArn"]
    statement = policy(other, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    emulator.client("sns").set_topic_attributes(
        TopicArn=other, AttributeName="Policy", AttributeValue=json.dumps({"Statement": [statement]})
    )
    assert published(emulator, role, other) == REFUSED


def test_a_role_with_the_permission_may(emulator: Emulator, topic: Any, request: pytest.FixtureRequest) -> None:
    arn = topic(lambda arn: policy(arn, {"Service": "cloudwatch.amazonaws.com"}, Condition=HOME))
    assert published(emulator, role_of(emulator, request, allowed=arn), arn) == ["ok", "ok"]


def test_a_role_that_the_topic_names_may(emulator: Emulator, topic: Any, request: pytest.FixtureRequest) -> None:
    role = role_of(emulator, request)
    assert published(emulator, role, topic(lambda arn: policy(arn, {"AWS": role}))) == ["ok", "ok"]


def test_a_denial_of_the_topic_outweighs_the_permission(
    emulator: Emulator, topic: Any, request: pytest.FixtureRequest
) -> None:
    arn = topic(lambda arn: policy(arn, {"AWS": "*"}, "Deny"))
    assert published(emulator, role_of(emulator, request, allowed=arn), arn) == REFUSED


@pytest.mark.parametrize(
    ("principal", "condition", "reached"),
    [
        ("cloudwatch.amazonaws.com", HOME, True),
        ("cloudwatch.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "111111111111"}}, False),
        ("cloudwatch.amazonaws.com", {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:other-*"}}, False),
        ("budgets.amazonaws.com", HOME, False),
    ],
)
def test_an_alarm_reaches_the_topics_that_let_cloudwatch_publish(
    emulator: Emulator, topic: Any, principal: str, condition: dict[str, Any], reached: bool
) -> None:
    arn = topic(lambda arn: policy(arn, {"Service": principal}, Condition=condition))
    name = arn.rpartition(":")[2]
    queue = emulator.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue_arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    emulator.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    allow = policy(queue_arn, {"Service": "sns.amazonaws.com"}) | {"Action": "sqs:SendMessage"}
    emulator.client("sqs").set_queue_attributes(
        QueueUrl=queue, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
    )
    cloudwatch = emulator.client("cloudwatch")
    alarm = {"Namespace": "N", "MetricName": name, "Period": 10, "EvaluationPeriods": 1, "Statistic": "Sum"}
    rule = {"Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "AlarmActions": [arn]}
    cloudwatch.put_metric_alarm(AlarmName=name, **alarm, **rule)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")

    def actions() -> list[str]:
        history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")
        return [item["HistorySummary"] for item in history["AlarmHistoryItems"]]

    summary = wait_until(actions, "the alarm's action is in its history")[0]
    assert summary.startswith("Successfully executed" if reached else "Failed to execute")
    messages = emulator.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
    assert bool(messages) == reached


def test_a_state_machine_publishes_with_its_own_role(
    emulator: Emulator, topic: Any, request: pytest.FixtureRequest
) -> None:
    arn = topic(lambda arn: policy(arn, {"Service": "cloudwatch.amazonaws.com"}, Condition=HOME))
    role = emulator.role(f"machine{abs(hash(request.node.name))}", "states")
    states = emulator.client("stepfunctions")
    outcomes = []
    for number in range(2):
        if number:
            emulator.grant(role, "publish", ["sns:Publish"], arn)
        task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}
        definition = {"StartAt": "P", "States": {"P": task | {"Parameters": {"TopicArn": arn, "Message": "m"}}}}
        machine = states.create_state_machine(
            name=f"m{number}-{time.monotonic_ns()}", definition=json.dumps(definition), roleArn=role
        )["stateMachineArn"]
        run = states.start_execution(stateMachineArn=machine)["executionArn"]
        done = wait_until(lambda run=run: over(states, run), "the execution has ended")
        outcomes.append((done["status"], done.get("error")))
    assert outcomes == [("FAILED", "SNS.AuthorizationError"), ("SUCCEEDED", None)]


def over(states: Any, run: str) -> Any:
    found = states.describe_execution(executionArn=run)
    return found if found["status"] != "RUNNING" else None
