"""The alarms: what is watched, that somebody is told, and what silence means."""

from __future__ import annotations

from fraud.drift import DRIFTED
from tests.template.template import Template, text

FUNCTIONS = {
    name: f"{logical}LambdaFunction"
    for name, logical in {
        "write-to-kinesis": "WriteDashtoDashkinesis",
        "write-to-dynamodb": "WriteDashtoDashdynamodb",
        "query-transactions": "QueryDashtransactions",
        "write-to-s3": "WriteDashtoDashs3",
        "detect-fraud": "DetectDashfraud",
        "measure-fraud": "MeasureDashfraud",
        "merge-warehouse": "MergeDashwarehouse",
        "migrate-warehouse": "MigrateDashwarehouse",
    }.items()
}
CONSUMERS = ("write-to-dynamodb", "write-to-s3", "detect-fraud")


def watched(template: Template) -> dict[tuple[str, str, str], dict]:
    """Give each alarm by namespace, metric and the value of its first dimension that is no constant."""
    found = {}
    for alarm in template.of_type("AWS::CloudWatch::Alarm").values():
        values = [text(d["Value"]) for d in alarm["Dimensions"]]
        of_function = [v for v in values if v.endswith(("LambdaFunction", "TransactionStream"))]
        found[alarm["Namespace"], alarm["MetricName"], (of_function or values)[0]] = alarm
    return found


def test_every_alarm_tells_the_topic_when_it_rises_and_when_it_ends(template: Template) -> None:
    for name, alarm in template.of_type("AWS::CloudWatch::Alarm").items():
        assert [text(action) for action in alarm["AlarmActions"]] == ["AlarmTopic"], name
        assert [text(action) for action in alarm["OKActions"]] == ["AlarmTopic"], name
        assert alarm["AlarmDescription"], name


def test_alarms_have_names_of_the_stage_and_each_its_own(template: Template) -> None:
    names = [alarm["AlarmName"] for alarm in template.of_type("AWS::CloudWatch::Alarm").values()]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"swipeline-{template.stage}-") for name in names)


def test_every_function_is_watched_for_errors_and_throttles(template: Template) -> None:
    alarms = watched(template)
    for function in FUNCTIONS.values():
        for metric in ("Errors", "Throttles"):
            assert ("AWS/Lambda", metric, function) in alarms


def test_every_consumer_is_watched_for_lateness_and_for_giving_up(template: Template) -> None:
    alarms = watched(template)
    for consumer in CONSUMERS:
        function = FUNCTIONS[consumer]
        mapping = function.replace("LambdaFunction", "EventSourceMappingKinesisTransactionStream")
        assert mapping in template.resources
        late = alarms["AWS/Lambda", "IteratorAge", function]
        assert (late["Statistic"], late["ComparisonOperator"]) == ("Maximum", "GreaterThanThreshold")
        for metric in ("OnFailureDestinationDeliveredEventCount", "DroppedEventCount"):
            lost = alarms["AWS/Lambda", metric, mapping]
            assert (lost["Threshold"], lost["EvaluationPeriods"], lost["Statistic"]) == (0, 1, "Sum")


def test_lateness_is_told_long_before_records_expire(template: Template) -> None:
    stream = template.of_type("AWS::Kinesis::Stream")["TransactionStream"]
    for (_, metric, _), alarm in watched(template).items():
        if metric in ("IteratorAge", "KinesisMillisBehindLatest"):
            assert alarm["Threshold"] <= stream["RetentionPeriodHours"] * 3_600_000 / 24


def test_quarantine_api_stream_and_delivery_are_watched(template: Template) -> None:
    assert {
        ("Swipeline", "Quarantined", "WriteDashtoDashs3LambdaFunction"),
        ("AWS/ApiGateway", "5XXError", f"swipeline-{template.stage}"),
        ("AWS/Kinesis", "WriteProvisionedThroughputExceeded", "TransactionStream"),
        ("AWS/Firehose", "KinesisMillisBehindLatest", "WarehouseDelivery"),
        ("AWS/Firehose", "DeliveryToS3.DataFreshness", "WarehouseDelivery"),
        ("AWS/Firehose", "DeliveryToRedshift.Success", "WarehouseDelivery"),
        ("AWS/Firehose", "DeliveryToRedshift.Success", "AlertDelivery"),
    } <= set(watched(template))


def test_the_quarantine_alarm_has_the_dimensions_the_functions_publish(template: Template) -> None:
    alarm = watched(template)["Swipeline", "Quarantined", "WriteDashtoDashs3LambdaFunction"]
    assert {d["Name"]: text(d["Value"]) for d in alarm["Dimensions"]} == {
        "service": "swipeline",
        "function_name": "WriteDashtoDashs3LambdaFunction",
        "stage": template.stage,
    }


def test_drift_and_wrong_alerts_are_told_by_what_the_daily_measure_publishes(template: Template) -> None:
    alarms = watched(template)
    drift = alarms["Swipeline", "DriftLargest", "MeasureDashfraudLambdaFunction"]
    assert (drift["Threshold"], drift["Statistic"], drift["Period"]) == (DRIFTED, "Maximum", 86_400)
    precision = alarms["Swipeline", "VerdictPrecision", "MeasureDashfraudLambdaFunction"]
    assert (precision["ComparisonOperator"], precision["Period"]) == ("LessThanThreshold", 86_400)
    for alarm in (drift, precision):
        assert {d["Name"] for d in alarm["Dimensions"]} == {"service", "function_name", "stage"}


def test_one_failed_copy_is_enough(template: Template) -> None:
    alarm = watched(template)["AWS/Firehose", "DeliveryToRedshift.Success", "WarehouseDelivery"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)


def test_silence_alarms_only_where_something_must_run_every_minute(template: Template) -> None:
    silent = {n: a["TreatMissingData"] for n, a in template.of_type("AWS::CloudWatch::Alarm").items()}
    assert {name for name, treatment in silent.items() if treatment != "notBreaching"} == {"MergeWarehouseStopped"}
    stopped = template.of_type("AWS::CloudWatch::Alarm")["MergeWarehouseStopped"]
    assert (stopped["MetricName"], stopped["ComparisonOperator"]) == ("Invocations", "LessThanThreshold")
    assert stopped["TreatMissingData"] == "breaching"
