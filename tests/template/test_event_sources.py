"""The event source mappings: what is retried how often, and where goes what is given up."""

from __future__ import annotations

from tests.template.template import Template, packaged, text

CONSUMERS = {"write-to-dynamodb", "write-to-s3", "detect-fraud"}
MAPPINGS_PROPERTIES = {
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "Enabled",
    "EventSourceArn",
    "FunctionName",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "StartingPosition",
}


def test_each_consumer_has_one_mapping_on_the_stream(template: Template) -> None:
    mappings = template.mappings()
    assert set(mappings) == CONSUMERS
    assert len(template.of_type("AWS::Lambda::EventSourceMapping")) == len(CONSUMERS) + 1, "and the merge queue's"
    for mapping in mappings.values():
        assert text(mapping["EventSourceArn"]) == "TransactionStream.Arn"


def test_a_stage_may_ask_for_a_consumer_of_its_own_for_each_function() -> None:
    asked = packaged("dev", "fanOut=consumers")
    consumers = asked.of_type("AWS::Kinesis::StreamConsumer")
    assert len(consumers) == len(CONSUMERS)
    for name, mapping in asked.mappings().items():
        arn = text(mapping["EventSourceArn"])
        consumer = consumers[arn.removesuffix(".ConsumerARN")]
        assert text(consumer["StreamARN"]) == "TransactionStream.Arn"
        (policy,) = asked.roles()[name]["Properties"]["Policies"]
        granted = [s for s in policy["PolicyDocument"]["Statement"] if "kinesis:SubscribeToShard" in s["Action"]]
        assert [text(statement["Resource"]) for statement in granted] == [arn]


def test_no_stage_has_one_unasked(template: Template) -> None:
    assert not [one for one in template.resources.values() if one["Type"] == "AWS::Kinesis::StreamConsumer"]


def test_every_mapping_sets_every_knob_and_leaves_none_to_a_default(template: Template) -> None:
    for mapping in template.mappings().values():
        assert set(mapping) == MAPPINGS_PROPERTIES


def test_retries_are_bounded_since_unset_means_ten_thousand(template: Template) -> None:
    for mapping in template.mappings().values():
        assert mapping["MaximumRetryAttempts"] == 50


def test_parallelization_is_not_swapped_with_the_retry_attempts(prod: Template, dev: Template) -> None:
    assert {n: m["ParallelizationFactor"] for n, m in prod.mappings().items()} == {
        "write-to-dynamodb": 2,
        "write-to-s3": 1,
        "detect-fraud": 2,
    }
    assert {m["ParallelizationFactor"] for m in dev.mappings().values()} == {1}


def test_a_record_is_given_up_while_the_stream_still_holds_it(template: Template) -> None:
    stream = template.of_type("AWS::Kinesis::Stream")["TransactionStream"]
    for mapping in template.mappings().values():
        assert 60 <= mapping["MaximumRecordAgeInSeconds"] <= stream["RetentionPeriodHours"] * 3600 / 2


def test_a_failing_batch_is_bisected(template: Template) -> None:
    for mapping in template.mappings().values():
        assert mapping["BisectBatchOnFunctionError"] is True


def test_functions_may_fail_in_part(template: Template) -> None:
    for mapping in template.mappings().values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_what_is_given_up_goes_to_the_quarantine_bucket_with_its_records(template: Template) -> None:
    for mapping in template.mappings().values():
        assert text(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == "QuarantineBucket.Arn"


def test_a_new_consumer_starts_with_the_oldest_record(template: Template) -> None:
    for mapping in template.mappings().values():
        assert mapping["StartingPosition"] == "TRIM_HORIZON"


def test_a_batch_is_bounded_by_records_and_by_time(template: Template) -> None:
    for mapping in template.mappings().values():
        assert 1 <= mapping["BatchSize"] <= 10000
        assert 1 <= mapping["MaximumBatchingWindowInSeconds"] <= 300


def test_mappings_count_what_they_drop(template: Template) -> None:
    for mapping in template.mappings().values():
        assert mapping["MetricsConfig"] == {"Metrics": ["EventCount"]}


def test_aws_polls_on_aws(on_aws: Template) -> None:
    assert all(mapping["Enabled"] is True for mapping in on_aws.mappings().values())


def test_every_mapping_is_on(template: Template) -> None:
    assert all(mapping.get("Enabled", True) is True for mapping in template.mappings().values())
