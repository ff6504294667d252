"""No alarm rings in an hour in which nothing comes: the deployed alarms, evaluated minute by minute."""

from __future__ import annotations

from typing import Any

import pytest

from local.cloudwatch.alarm_rules import ALARM, evaluate_rule
from local.cloudwatch.alarms import datapoints_of, rule_of
from local.cloudwatch.store import Datum, MetricStore, dimensions_of
from tests.template.template import Template, text

BEGAN = 1_790_000_040  # of an hour, in seconds since 1970: a full minute
MINUTES = range(0, 60)
STREAMS = ("TransactionStream",)
MERGE = "MergeDashwarehouseLambdaFunction"


def resolved(value: Any) -> Any:
    """Give an alarm as CloudWatch gets it, its references by their logical ids."""
    if isinstance(value, list):
        return [resolved(one) for one in value]
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join"):
            return text(value)
        return {key: resolved(one) for key, one in value.items()}
    return value


def alarms(template: Template) -> list[dict[str, Any]]:
    """Give the stage's alarms."""
    return [resolved(alarm) for alarm in template.of_type("AWS::CloudWatch::Alarm").values()]


def idle(template: Template) -> MetricStore:
    """Give what a stage emits by itself, as an idle one on the embedded AWS does: pollers look, no function runs."""
    store = MetricStore()

    def put(namespace: str, minute: int, dimensions: dict[str, str], **values: float) -> None:
        at = BEGAN + 60 * minute
        store.put(Datum(namespace, name, dimensions_of(dimensions), value, at) for name, value in values.items())

    for minute in MINUTES:
        for stream in STREAMS:
            for name in (
                "GetRecords.IteratorAgeMilliseconds",
                "GetRecords.Records",
                "ReadProvisionedThroughputExceeded",
            ):
                put("AWS/Kinesis", minute, {"StreamName": stream}, **{name: 0.0})
        for delivery in template.of_type("AWS::KinesisFirehose::DeliveryStream"):
            put("AWS/Firehose", minute, {"DeliveryStreamName": delivery}, KinesisMillisBehindLatest=0.0)
        for mapping in template.of_type("AWS::Lambda::EventSourceMapping"):  # an empty poll counts as 0
            names = dimensions_of({"EventSourceMappingUUID": mapping})
            store.put(
                Datum("AWS/Lambda", "PolledEventCount", names, 0.0, BEGAN + 60 * minute + second)
                for second in range(0, 60, 5)
            )
        for queue in template.of_type("AWS::SQS::Queue"):
            for name in ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"):
                put("AWS/SQS", minute, {"QueueName": f"{queue}.QueueName"}, **{name: 0.0})
    return store


def ringing(template: Template, store: MetricStore) -> set[str]:
    """Give the alarms that ring at some minute of the hour."""
    rang = set()
    for alarm in alarms(template):
        for minute in MINUTES:
            now = BEGAN + 60 * (minute + 1)
            # As when the stage was there before the hour: what is missing is held against it.
            points = [(at, value) for at, value in datapoints_of(alarm, store, now, now) if at >= BEGAN]
            if evaluate_rule(rule_of(alarm), points).state == ALARM:
                rang.add(alarm["AlarmName"].removeprefix(f"swipeline-{template.stage}-"))
    return rang


def test_no_alarm_rings_in_an_idle_hour(template: Template) -> None:
    assert ringing(template, idle(template)) == set()


@pytest.mark.parametrize(
    ("queue", "metric", "value", "rings"),
    [
        ("MergeQueue", "ApproximateAgeOfOldestMessage", 1200.0, "merge-lag"),
        ("MergesGivenUp", "ApproximateNumberOfMessagesVisible", 1.0, "merge-gave-up"),
    ],
)
def test_a_delivery_that_nobody_merges_rings(
    on_aws: Template, queue: str, metric: str, value: float, rings: str
) -> None:
    store = idle(on_aws)
    names = dimensions_of({"QueueName": f"{queue}.QueueName"})
    store.put([Datum("AWS/SQS", metric, names, value, BEGAN + 60 * minute) for minute in range(20, 26)])
    assert ringing(on_aws, store) == {rings}


@pytest.mark.parametrize(("name", "value"), [("Errors", 1.0), ("Throttles", 1.0)])
def test_one_bad_minute_of_the_merge_rings(prod: Template, name: str, value: float) -> None:
    store = idle(prod)
    store.put(
        [
            Datum("AWS/Lambda", name, dimensions_of({"FunctionName": MERGE}), value, BEGAN + 60 * minute)
            for minute in range(20, 26)
        ]
    )
    assert ringing(prod, store)
