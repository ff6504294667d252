"""A store that is unavailable for long: somebody is notified while nothing is at risk. See docs/runbook.md."""

from __future__ import annotations

from tests.template.template import Template


def notified_after(alarm: dict) -> float:
    """Seconds from the beginning of an outage until an alarm on a lag, in milliseconds, rises."""
    return alarm["Threshold"] / 1000 + alarm["Period"] * alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])


def alarms_on(template: Template, metric: str) -> list[dict]:
    found = [a for a in template.of_type("AWS::CloudWatch::Alarm").values() if a.get("MetricName") == metric]
    assert found, metric
    return found


def test_a_late_consumer_is_reported_long_before_its_records_are_set_aside_for_their_age(full: Template) -> None:
    age = min(mapping["MaximumRecordAgeInSeconds"] for mapping in full.mappings().values())
    for alarm in alarms_on(full, "IteratorAge"):
        assert notified_after(alarm) <= 15 * 60
        assert notified_after(alarm) < age / 10


def test_what_is_set_aside_is_still_on_the_stream_for_as_long_again(template: Template) -> None:
    """If the quarantine is unavailable too, the stream still has it."""
    stream = template.of_type("AWS::Kinesis::Stream")["TransactionStream"]
    age = max(mapping["MaximumRecordAgeInSeconds"] for mapping in template.mappings().values())
    assert stream["RetentionPeriodHours"] * 3600 >= 2 * age


def test_a_late_delivery_is_reported_long_before_the_stream_forgets(full: Template) -> None:
    stream = full.of_type("AWS::Kinesis::Stream")["TransactionStream"]
    for alarm in alarms_on(full, "KinesisMillisBehindLatest"):
        assert notified_after(alarm) < stream["RetentionPeriodHours"] * 3600 / 24


def test_a_warehouse_that_refuses_is_reported_before_its_deliveries_are_set_aside(template: Template) -> None:
    delivery = template.of_type("AWS::KinesisFirehose::DeliveryStream")["WarehouseDelivery"]
    retried = delivery["RedshiftDestinationConfiguration"]["RetryOptions"]["DurationInSeconds"]
    for alarm in alarms_on(template, "DeliveryToRedshift.Success"):
        assert alarm["Period"] * alarm["EvaluationPeriods"] < retried / 10


def test_what_was_delivered_outlives_the_time_to_redrive_it(template: Template) -> None:
    """A manifest under errors/ never expires, the objects that it names after a month; the lake is there for longer."""
    buckets = template.of_type("AWS::S3::Bucket")
    rules = {rule.get("Prefix"): rule for rule in buckets["DeliveryBucket"]["LifecycleConfiguration"]["Rules"]}
    lake = {rule.get("Prefix"): rule for rule in buckets["LakeBucket"]["LifecycleConfiguration"]["Rules"]}
    assert "errors/" not in rules
    assert rules["transactions/"]["ExpirationInDays"] >= 30
    assert lake["transactions/"]["ExpirationInDays"] > rules["transactions/"]["ExpirationInDays"]
