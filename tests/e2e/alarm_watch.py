"""Hears the alarms as a person does who subscribed to their topic: every state they reported, in order."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterable

from tests.e2e.stack import Stack, wait_until


class AlarmWatch:
    """Subscribes a queue of its own to the stage's alarm topic."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._prefix = stack, f"swipeline-{stack.stage}-"
        self._sqs, sns = stack.client("sqs"), stack.client("sns")
        self._queue = self._sqs.create_queue(QueueName="alarm-watch")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        arn, topic = attributes["Attributes"]["QueueArn"], stack.outputs["AlarmTopicArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self._reported: dict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()

    def reported(self) -> dict[str, list[str]]:
        """What each alarm has reported so far, by its name without service and stage."""
        with self._lock:
            while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
                for message in messages:
                    alarm = json.loads(json.loads(message["Body"])["Message"])
                    self._reported[alarm["AlarmName"].removeprefix(self._prefix)].append(alarm["NewStateValue"])
                    self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
            return {name: list(states) for name, states in self._reported.items()}

    def rung(self) -> set[str]:
        """Those that have reported ALARM so far."""
        return {name for name, states in self.reported().items() if "ALARM" in states}

    def states(self) -> dict[str, str]:
        """The state of every alarm now."""
        pages = self._stack.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=self._prefix)
        return {
            alarm["AlarmName"].removeprefix(self._prefix): alarm["StateValue"]
            for page in pages
            for alarm in page["MetricAlarms"]
        }

    def wait_rung(self, names: Iterable[str], seconds: float = 180) -> None:
        """Wait until each has reported ALARM."""
        wanted = set(names)
        wait_until(
            lambda: all("ALARM" in self.reported().get(name, []) for name in wanted),
            seconds,
            f"{wanted} ring",
            lambda: f"{ {n for n in wanted if 'ALARM' not in self.reported().get(n, [])} } did not",
        )

    def wait_over(self, names: Iterable[str], seconds: float = 180) -> None:
        """Wait until the last word of each is OK."""
        wanted = set(names)
        wait_until(
            lambda: all(self.reported().get(name, [""])[-1] == "OK" for name in wanted),
            seconds,
            f"{wanted} end",
            lambda: f"{ {n: self.reported().get(n) for n in wanted if self.reported().get(n, [''])[-1] != 'OK'} }",
        )
