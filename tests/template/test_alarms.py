"""The alarms: what is watched, who is notified, what missing data means, and the runbook entry of each."""

from __future__ import annotations

import re

import pytest

from fraud.drift import DRIFTED
from tests.template.measures import watched
from tests.template.runbook import entries
from tests.template.template import Template, packaged, text

FUNCTIONS = {
    name: f"{logical}LambdaFunction"
    for name, logical in {
        "write-to-kinesis": "WriteDashtoDashkinesis",
        "write-to-dynamodb": "WriteDashtoDashdynamodb",
        "query-transactions": "QueryDashtransactions",
        "write-to-s3": "WriteDashtoDashs3",
        "detect-fraud": "DetectDashfraud",
        "check-delivery": "CheckDashdelivery",
        "measure-fraud": "MeasureDashfraud",
        "merge-warehouse": "MergeDashwarehouse",
        "migrate-warehouse": "MigrateDashwarehouse",
        "rotate-card-key": "RotateDashcardDashkey",
    }.items()
}
CONSUMERS = ("write-to-dynamodb", "write-to-s3", "detect-fraud")

DESCRIPTION = re.compile(
    r"\S.+\. (?:No data is normal \(.+\)|No data: .+|Missing data triggers this alarm)\. docs/runbook\.md#(\S+)"
)


def alarms(template: Template) -> dict[str, dict]:
    """Give each alarm by its name without service and stage."""
    found = template.of_type("AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"].removeprefix(f"swipeline-{template.stage}-"): alarm for alarm in found}


def one(alarm: dict) -> tuple[str, str, dict[str, str]]:
    """Give namespace, metric and dimensions of an alarm on one metric."""
    ((namespace, metric, dimensions),) = watched(alarm)
    return namespace, metric, dict(dimensions)


def test_every_alarm_notifies_the_topic_on_alarm_and_ok(template: Template) -> None:
    for name, alarm in template.of_type("AWS::CloudWatch::Alarm").items():
        assert [text(action) for action in alarm["AlarmActions"]] == ["AlarmTopic"], name
        assert [text(action) for action in alarm["OKActions"]] == ["AlarmTopic"], name


def test_alarms_have_names_of_the_stage_and_each_its_own(template: Template) -> None:
    names = [alarm["AlarmName"] for alarm in template.of_type("AWS::CloudWatch::Alarm").values()]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"swipeline-{template.stage}-") for name in names)


def test_a_description_says_what_missing_data_means_and_links_the_runbook(template: Template) -> None:
    for name, alarm in alarms(template).items():
        described = DESCRIPTION.fullmatch(alarm["AlarmDescription"])
        assert described, name
        assert described[1] == name


def test_every_alarm_and_the_budget_have_a_runbook_entry_and_no_entry_is_of_none(
    prod: Template, local: Template
) -> None:
    assert set(alarms(prod)) - set(alarms(local)) == {
        "warehouse-snapshot-missed"
    }  # the embedded AWS keeps no snapshots
    assert set(alarms(local)) <= set(alarms(prod))
    assert set(entries()) == {*alarms(prod), "budget"}


def test_dev_hears_of_data_that_is_late_given_up_unreadable_or_not_in_the_warehouse(dev: Template) -> None:
    """The others name the cause, at $0.10 a month for each metric."""
    assert set(alarms(dev)) == {
        *(f"{consumer}-{kind}" for consumer in CONSUMERS for kind in ("backlog", "gave-up")),
        *("api-5xx", "quarantined", "copy-failed", "merge-lag", "merge-gave-up"),
        "batch-not-started",
    }
    assert set(alarms(packaged("dev", "alarms=all"))) > set(alarms(dev))


def test_an_unknown_set_of_alarms_is_refused() -> None:
    with pytest.raises(RuntimeError, match="expected all or essential"):
        packaged("dev", "alarms=some")


def test_a_delivery_that_is_not_merged_is_reported_and_so_is_one_that_was_given_up(template: Template) -> None:
    found = alarms(template)
    assert one(found["merge-lag"]) == (
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        {"QueueName": "MergeQueue.QueueName"},
    )
    assert one(found["merge-gave-up"]) == (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": "MergesGivenUp.QueueName"},
    )
    assert found["merge-gave-up"]["Threshold"] == 0


def test_every_function_is_watched_for_errors_and_all_for_throttles(full: Template) -> None:
    found = alarms(full)
    for name, function in FUNCTIONS.items():
        assert one(found[f"{name}-errors"]) == ("AWS/Lambda", "Errors", {"FunctionName": function})
    throttled = {dict(dimensions)["FunctionName"] for _, metric, dimensions in watched(found["throttles"])}
    assert throttled == set(full.of_type("AWS::Lambda::Function"))


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_every_consumer_is_watched_for_lateness_failing_and_giving_up(full: Template, consumer: str) -> None:
    found, function = alarms(full), FUNCTIONS[consumer]
    mapping = function.replace("LambdaFunction", "EventSourceMappingKinesisTransactionStream")
    assert mapping in full.resources
    late = found[f"{consumer}-late"]
    assert one(late) == ("AWS/Lambda", "IteratorAge", {"FunctionName": function})
    assert (late["Statistic"], late["ComparisonOperator"]) == ("Maximum", "GreaterThanThreshold")
    assert one(found[f"{consumer}-failing"])[:2] == ("Swipeline", "Failed")
    for kind, metric in (("gave-up", "OnFailureDestinationDeliveredEventCount"), ("dropped", "DroppedEventCount")):
        lost = found[f"{consumer}-{kind}"]
        assert one(lost) == ("AWS/Lambda", metric, {"EventSourceMappingUUID": mapping})
        assert (lost["Threshold"], lost["EvaluationPeriods"], lost["Statistic"]) == (0, 1, "Sum")


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_consumer_with_a_backlog_is_reported_on_every_stage_until_it_polls_again(
    template: Template, consumer: str
) -> None:
    backlog, function = alarms(template)[f"{consumer}-backlog"], FUNCTIONS[consumer]
    mapping = function.replace("LambdaFunction", "EventSourceMappingKinesisTransactionStream")
    assert mapping in template.resources
    assert set(watched(backlog)) == {
        ("AWS/Lambda", "IteratorAge", frozenset({("FunctionName", function)})),
        ("AWS/Lambda", "PolledEventCount", frozenset({("EventSourceMappingUUID", mapping)})),
    }
    (returned,) = (query for query in backlog["Metrics"] if query.get("ReturnData", True))
    late = re.search(r"FILL\(age, 0\) > (\d+)", returned["Expression"])
    assert late
    stream = template.of_type("AWS::Kinesis::Stream")["TransactionStream"]
    assert int(late[1]) <= stream["RetentionPeriodHours"] * 3_600_000 / 24


def test_lateness_is_reported_long_before_records_expire(template: Template) -> None:
    stream = template.of_type("AWS::Kinesis::Stream")["TransactionStream"]
    for name, alarm in alarms(template).items():
        if name.endswith("-late"):
            assert alarm["Threshold"] <= stream["RetentionPeriodHours"] * 3_600_000 / 24


def test_the_api_the_stream_and_the_delivery_are_watched(full: Template) -> None:
    found, api = alarms(full), {"ApiName": f"swipeline-{full.stage}", "Stage": full.stage}
    delivery = {"DeliveryStreamName": "WarehouseDelivery"}
    assert one(found["api-5xx"]) == ("AWS/ApiGateway", "5XXError", api)
    assert one(found["api-slow"]) == ("AWS/ApiGateway", "Latency", api)
    assert found["api-slow"]["ExtendedStatistic"] == "p99"
    assert one(found["delivery-late"]) == ("AWS/Firehose", "KinesisMillisBehindLatest", delivery)
    assert one(found["delivery-stale"]) == ("AWS/Firehose", "DeliveryToS3.DataFreshness", delivery)
    assert one(found["copy-failed"]) == ("AWS/Firehose", "DeliveryToRedshift.Success", delivery)
    assert one(found["alert-copy-failed"])[2] == {"DeliveryStreamName": "AlertDelivery"}


def test_alarms_on_own_metrics_have_the_dimensions_the_functions_publish(template: Template) -> None:
    functions = set(FUNCTIONS.values()) | set(template.of_type("AWS::Lambda::Function"))
    for alarm in template.of_type("AWS::CloudWatch::Alarm").values():
        for namespace, metric, dimensions in watched(alarm):
            if namespace == "Swipeline" and "feature" not in dict(dimensions):
                found = dict(dimensions)
                assert found.pop("function_name") in functions, metric
                assert found == {"service": "swipeline", "stage": template.stage}, metric


def test_the_ledger_compares_what_the_api_accepted_with_each_sink(full: Template) -> None:
    alarm = alarms(full)["ledger-imbalance"]
    assert {dict(d)["function_name"] for _, _, d in watched(alarm)} == {
        FUNCTIONS[name] for name in ("write-to-kinesis", *CONSUMERS)
    }
    (returned,) = (query for query in alarm["Metrics"] if query.get("ReturnData", True))
    assert "MIN([table, lake, fraud])" in returned["Expression"]


def test_drift_and_wrong_alerts_are_reported_by_what_the_daily_measure_publishes(prod: Template) -> None:
    drift, precision = (alarms(prod)[name] for name in ("fraud-drift", "fraud-precision"))
    assert one(drift)[:2] == ("Swipeline", "DriftLargest")
    assert (drift["Threshold"], drift["Statistic"], drift["Period"]) == (DRIFTED, "Maximum", 86_400)
    assert one(precision)[:2] == ("Swipeline", "VerdictPrecision")
    assert (precision["ComparisonOperator"], precision["Period"]) == ("LessThanThreshold", 86_400)


def test_one_failed_copy_is_enough(full: Template) -> None:
    for name in ("copy-failed", "alert-copy-failed"):
        alarm = alarms(full)[name]
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
        assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (1, 1)


def test_silence_is_an_alarm_only_where_something_must_run_though_nothing_comes(template: Template) -> None:
    """An event source mapping polls an idle stream too."""
    treated = {name: alarm["TreatMissingData"] for name, alarm in alarms(template).items()}
    polling = {f"{consumer}-backlog" for consumer in CONSUMERS}
    assert {name for name, treatment in treated.items() if treatment != "notBreaching"} == polling
    assert {treated[name] for name in polling} == {"breaching"}


def test_seconds_are_for_the_laptop_alone(on_aws: Template, local: Template) -> None:
    """AWS's own metrics have no data below a minute."""
    for alarm in alarms(on_aws).values():
        periods = (
            [alarm["Period"]]
            if "Period" in alarm
            else [q["MetricStat"]["Period"] for q in alarm["Metrics"] if "MetricStat" in q]
        )
        assert all(period % 60 == 0 for period in periods)
        assert alarm.get("DatapointsToAlarm", 1) <= alarm["EvaluationPeriods"]
    assert {alarm.get("Period", 10) for alarm in alarms(local).values()} == {10}


def test_the_account_s_bill_is_watched_on_aws(on_aws: Template) -> None:
    (budget,) = on_aws.of_type("AWS::Budgets::Budget").values()
    notified = {
        (n["Notification"]["NotificationType"], text(s["Address"]))
        for n in budget["NotificationsWithSubscribers"]
        for s in n["Subscribers"]
    }
    assert notified == {("ACTUAL", "AlarmTopic"), ("FORECASTED", "AlarmTopic")}


def test_each_topic_names_who_may_publish_to_it(template: Template) -> None:
    topics = set(template.of_type("AWS::SNS::Topic"))
    found: dict[str, set[str]] = {}
    for policy in template.of_type("AWS::SNS::TopicPolicy").values():
        (topic,) = (text(one) for one in policy["Topics"])
        assert topic not in found, "a second policy replaces the first"
        found[topic] = set()
        for statement in policy["PolicyDocument"]["Statement"]:
            assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
            assert text(statement["Resource"]) == topic
            ((kind, who),) = statement["Principal"].items()
            found[topic].add(who if kind == "Service" else text(who))
            if kind == "Service":
                assert "aws:SourceAccount" in statement["Condition"]["StringEquals"], "of this account only"
    assert found == {
        "AlarmTopic": {"cloudwatch.amazonaws.com", "budgets.amazonaws.com", "BatchMachineRole.Arn"},
        "FraudAlertTopic": {"DetectDashfraudIamRoleLambdaExecution.Arn"},
    }
    assert set(found) == topics
