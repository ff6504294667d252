"""Alarms: each has an action on a topic that is there, and one that is set is heard by a subscriber."""

from __future__ import annotations

import json
import time
from typing import Any

from client.verify.deployed import Deployed
from client.verify.line import CheckFailedError, listed
from client.verify.parts import redeploy


def alarms(deployed: Deployed) -> str:
    """Every alarm is there, may act, and acts on a topic that is there."""
    wanted = [str(p["AlarmName"]) for p in deployed.of_type("AWS::CloudWatch::Alarm").values()]
    cloudwatch, problems = deployed.stage.client("cloudwatch"), []
    prefix = f"{deployed.stack}-"
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    live = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
    topics = {
        topic["TopicArn"]
        for page in deployed.stage.client("sns").get_paginator("list_topics").paginate()
        for topic in page["Topics"]
    }
    for name in wanted:
        alarm = live.get(name)
        if alarm is None:
            problems.append(f"alarm {name} is gone")
        elif not alarm.get("ActionsEnabled", True) or not alarm.get("AlarmActions"):
            problems.append(f"alarm {name} notifies nobody: it has no action")
        elif gone := [arn for arn in alarm["AlarmActions"] if ":sns:" in arn and arn not in topics]:
            problems.append(f"alarm {name} notifies {gone[0].split(':')[-1]}, an SNS topic that is gone")
    if problems:
        raise CheckFailedError(listed(problems), redeploy(deployed))
    return f"{len(wanted)} alarms, each with an action on an SNS topic that is there"


def heard(deployed: Deployed, run_id: str, wait_seconds: float) -> str:
    """Set an alarm, hear of it through a queue subscribed for the purpose, and take all of it back."""
    stage = deployed.stage
    sns, sqs, cloudwatch = (stage.client(service) for service in ("sns", "sqs", "cloudwatch"))
    topic, name = stage.output("AlarmTopicArn"), f"{deployed.stack}-migrate-warehouse-errors"
    queue = sqs.create_queue(QueueName=f"{deployed.stack}-verify-{run_id}")["QueueUrl"]
    subscription = ""
    try:
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(_policy(arn, topic))})
        subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)[
            "SubscriptionArn"
        ]
        reason = f"swipeline verify {run_id}: a test, not an incident"
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=reason)
        if not _received(sqs, queue, name, wait_seconds):
            raise CheckFailedError(
                f"alarm {name} was set, and nothing came through topic {topic.split(':')[-1]} in {wait_seconds:.0f} s",
                "look at the topic's policy and the alarm's history; " + redeploy(deployed),
            )
    finally:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason=f"swipeline verify {run_id} is over")
        if subscription:
            sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=queue)
    return f"{name} was set, and heard on SNS"


def _received(sqs: Any, queue: str, name: str, wait_seconds: float) -> bool:
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10)
        if any(name in message["Body"] for message in answer.get("Messages", [])):
            return True
    return False


def _policy(queue: str, topic: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
        ],
    }
