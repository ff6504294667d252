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
STREAMS = ("TransactionStream", "AlertStream")
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


def idle(template: Template, *, merging: bool = True) -> MetricStore:
    """Give what a stage emits by itself, as an idle one on the embedded AWS does: its pollers look, its merge runs."""
    store = MetricStore()
    ours = {"service": "swipeline", "function_name": MERGE, "stage": template.stage}

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
        for queue in template.of_type("AWS::SQS::Queue"):
            put("AWS/SQS", minute, {"QueueName": queue}, ApproximateNumberOfMessagesVisible=0.0)
        if merging:
            function = {"FunctionName": MERGE}
            put("AWS/Lambda", minute, function, Invocations=1.0, Errors=0.0, Throttles=0.0, Duration=55_000.0)
            put("Swipeline", minute, ours, MergeLag=0.0, Received=0.0, Written=0.0, Duplicates=0.0)
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


def test_in_an_hour_without_the_merges_schedule_that_alarm_rings_alone(template: Template) -> None:
    assert ringing(template, idle(template, merging=False)) == {"merge-warehouse-stopped"}


@pytest.mark.parametrize(("name", "value"), [("Errors", 1.0), ("Throttles", 1.0)])
def test_one_bad_minute_of_the_merge_rings(dev: Template, name: str, value: float) -> None:
    store = idle(dev)
    store.put(
        [
            Datum("AWS/Lambda", name, dimensions_of({"FunctionName": MERGE}), value, BEGAN + 60 * minute)
            for minute in range(20, 26)
        ]
    )
    assert ringing(dev, store)
