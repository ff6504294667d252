"""Alarms on the embedded AWS: they fire, end, notify their topic, and refuse what isn't supported."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.cloudwatch.test_metrics import at, metric
from local.tests.conformance.emulator import Emulator, wait_until


def topic_with_queue(emulator: Emulator, name: str) -> tuple[str, str]:
    """A topic, and the address of a queue that gets its messages."""
    queue = emulator.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = emulator.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    topic = str(emulator.client("sns").create_topic(Name=name)["TopicArn"])
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    emulator.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    emulator.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, str(queue)


def messages(emulator: Emulator, queue: str, count: int) -> list[dict[str, Any]]:
    """What alarms said, in the order of arrival."""
    sqs = emulator.client("sqs")
    found: list[dict[str, Any]] = []

    def receive() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            found.append(json.loads(json.loads(message["Body"])["Message"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return len(found) >= count

    wait_until(receive, f"{count} messages", 90)
    return found


def state(emulator: Emulator, name: str) -> str:
    answer = emulator.client("cloudwatch").describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    [alarm] = answer["MetricAlarms"] + answer["CompositeAlarms"]
    return str(alarm["StateValue"])


def test_alarms_ring_and_end_and_notify_their_topic(emulator: Emulator) -> None:
    cloudwatch = emulator.client("cloudwatch")
    topic, queue = topic_with_queue(emulator, "alarms")
    common = {"EvaluationPeriods": 1, "AlarmActions": [topic], "OKActions": [topic], "TreatMissingData": "notBreaching"}
    compared = {"Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
    plain = {"Namespace": "Conformance", "MetricName": "failed", "Statistic": "Sum", "Period": 10}
    cloudwatch.put_metric_alarm(AlarmName="plain", **plain, **common, **compared)
    metrics = [
        {"Id": "f", "MetricStat": metric("failed", "Sum", 10), "ReturnData": False},
        {"Id": "a", "MetricStat": metric("asked", "Sum", 10), "ReturnData": False},
        {"Id": "share", "Expression": "100 * f / a", "Label": "share", "ReturnData": True},
    ]
    cloudwatch.put_metric_alarm(AlarmName="math", Metrics=metrics, **common, **compared)
    cloudwatch.put_composite_alarm(
        AlarmName="either", AlarmRule="ALARM(plain) OR ALARM(math)", AlarmActions=[topic], OKActions=[topic]
    )
    quiet = {"Namespace": "Conformance", "MetricName": "quiet", "Statistic": "Sum", "Period": 10}
    silent = common | {"TreatMissingData": "breaching"}
    cloudwatch.put_metric_alarm(AlarmName="silence", **quiet, **silent, **compared)

    def put(failed: float) -> None:
        for name, value in (("failed", failed), ("asked", 100)):
            datum = {"MetricName": name, "Value": value, "Timestamp": at(time.time())}
            cloudwatch.put_metric_data(Namespace="Conformance", MetricData=[datum])

    put(9)
    wait_until(
        lambda: state(emulator, "plain") == state(emulator, "math") == state(emulator, "either") == "ALARM", "rings", 60
    )
    put(1)
    wait_until(
        lambda: state(emulator, "plain") == state(emulator, "math") == state(emulator, "either") == "OK", "ends", 60
    )
    wait_until(lambda: state(emulator, "silence") == "ALARM", "no data is an alarm where it should be", 60)
    reported = messages(emulator, queue, 7)
    said = {(m["AlarmName"], m["OldStateValue"], m["NewStateValue"]) for m in reported}
    assert {("plain", "ALARM", "OK"), ("math", "ALARM", "OK"), ("either", "ALARM", "OK")} <= said
    assert {("plain", "ALARM"), ("math", "ALARM"), ("either", "ALARM"), ("silence", "ALARM")} <= {
        (n, s) for n, _, s in said
    }
    [first] = [m for m in reported if m["AlarmName"] == "plain" and m["NewStateValue"] == "ALARM"]
    assert first["Trigger"] | {"Dimensions": []} == first["Trigger"]
    assert (first["Trigger"]["Statistic"], first["Trigger"]["Threshold"]) == ("SUM", 5.0)
    assert first["NewStateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [9.0 (")
    [computed] = [m for m in reported if m["AlarmName"] == "math" and m["NewStateValue"] == "ALARM"]
    assert [m["Id"] for m in computed["Trigger"]["Metrics"]] == ["f", "a", "share"]

    history = cloudwatch.describe_alarm_history(AlarmName="plain")["AlarmHistoryItems"]
    assert {"StateUpdate", "Action"} == {item["HistoryItemType"] for item in history}
    [described] = cloudwatch.describe_alarms(AlarmNames=["math"])["MetricAlarms"]
    assert [m["Id"] for m in described["Metrics"]] == ["f", "a", "share"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"Period": 15},
        {"DatapointsToAlarm": 2},
        {"ComparisonOperator": "GreaterThanUpperThreshold"},
        {"TreatMissingData": "perhaps"},
        {"AlarmActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"]},
        {"Unit": "Count"},
        {"Statistic": "tm90"},
    ],
)
def test_an_alarm_that_is_not_supported_is_refused(emulator: Emulator, wrong: dict[str, Any]) -> None:
    right = {
        "AlarmName": "refused",
        "Namespace": "Conformance",
        "MetricName": "x",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    with pytest.raises(ClientError) as refused:
        emulator.client("cloudwatch").put_metric_alarm(**right | wrong)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
