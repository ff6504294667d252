"""The functions: their settings, their environment, their logs."""

from __future__ import annotations

from tests.template.template import Template, text

FUNCTIONS = {
    "query-transactions",
    "write-to-kinesis",
    "write-to-dynamodb",
    "write-to-s3",
    "detect-fraud",
    "measure-fraud",
    "merge-warehouse",
    "migrate-warehouse",
    "rotate-card-key",
}
COMMON = {
    "STAGE",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_TRACE_DISABLED",
    "POWERTOOLS_LOGGER_SAMPLE_RATE",
    "LOG_LEVEL",
}
SQL = {"WORKGROUP_NAME", "DATABASE_NAME", "MERGE_EVERY_SECONDS"}
OWN = {
    "query-transactions": {
        "TABLE_NAME",
        "MERCHANTS_TABLE_NAME",
        "ALERTS_TABLE_NAME",
        "ALERT_STREAM_NAME",
        "CARD_KEY_SECRET_ARN",
        "CARD_KEY_MAX_AGE_SECONDS",
        "READER_API_KEY_ID",
        "REVIEWER_API_KEY_ID",
    },
    "write-to-kinesis": {
        "STREAM_NAME",
        "REQUESTS_TABLE_NAME",
        "CARD_KEY_SECRET_ARN",
        "CARD_KEY_MAX_AGE_SECONDS",
        "SENDER_API_KEY_ID",
    },
    "write-to-dynamodb": {"TABLE_NAME", "MERCHANTS_TABLE_NAME"},
    "write-to-s3": {"LAKE_BUCKET", "QUARANTINE_BUCKET"},
    "detect-fraud": {
        "PROFILES_TABLE_NAME",
        "ALERTS_TABLE_NAME",
        "ALERT_STREAM_NAME",
        "ALERT_TOPIC_ARN",
        "DRIFT_TABLE_NAME",
    },
    "measure-fraud": {"DRIFT_TABLE_NAME", "ALERTS_TABLE_NAME"},
    "merge-warehouse": SQL | {"TABLE_NAME", "STREAM_NAME", "QUARANTINE_BUCKET"},
    "migrate-warehouse": SQL - {"MERGE_EVERY_SECONDS"} | {"DELIVERY_BUCKET", "LOADER_SECRET_ARN"},
    "rotate-card-key": {"CARD_KEY_SECRET_ARN"},
}


def environment(template: Template, function: str) -> dict[str, object]:
    return template.functions()[function]["Environment"]["Variables"]


def test_the_functions_are_these(template: Template) -> None:
    assert set(template.functions()) == FUNCTIONS


def test_a_function_is_told_only_what_it_needs(template: Template) -> None:
    warehouse = {"AWS_ENDPOINT_URL_REDSHIFT_DATA"} if template.stage == "local" else {"WAREHOUSE_SECRET_ARN"}
    for function, own in OWN.items():
        extra = warehouse if function.endswith("-warehouse") else set()
        assert set(environment(template, function)) == COMMON | own | extra, function


def test_variables_are_texts_or_references_since_lambda_takes_no_numbers(template: Template) -> None:
    for function in FUNCTIONS:
        for value in environment(template, function).values():
            assert isinstance(value, str) or text(value)


def test_every_function_has_a_log_group_that_forgets(template: Template) -> None:
    groups = {p["LogGroupName"]: p for p in template.of_type("AWS::Logs::LogGroup").values()}
    for function in template.functions().values():
        assert groups[f"/aws/lambda/{function['FunctionName']}"]["RetentionInDays"] > 0


def test_a_log_is_kept_longer_in_production(prod: Template, dev: Template, local: Template) -> None:
    kept = [{p["RetentionInDays"] for p in t.of_type("AWS::Logs::LogGroup").values()} for t in (prod, dev, local)]
    assert kept == [{365}, {14}, {1}]


def test_functions_are_traced(template: Template) -> None:
    for name, function in template.functions().items():
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert environment(template, name)["POWERTOOLS_TRACE_DISABLED"] == "false"


def test_the_ingest_function_ends_before_api_gateway_gives_up(template: Template) -> None:
    assert template.functions()["write-to-kinesis"]["Timeout"] <= 29


def test_a_merge_runs_until_the_next_begins(template: Template) -> None:
    merge = template.functions()["merge-warehouse"]
    rule = template.of_type("AWS::Events::Rule")["MergeDashwarehouseEventsRuleSchedule1"]
    assert 60 + 3 <= merge["Timeout"] < 2 * 60
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    assert text(rule["Targets"][0]["Arn"]) == "MergeDashwarehouseLambdaFunction.Arn"


def test_fraud_detection_is_measured_once_a_day(template: Template) -> None:
    rule = template.of_type("AWS::Events::Rule")["MeasureDashfraudEventsRuleSchedule1"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(15 2 * * ? *)", "ENABLED")
    assert text(rule["Targets"][0]["Arn"]) == "MeasureDashfraudLambdaFunction.Arn"


def test_a_merge_or_a_migration_that_failed_is_not_repeated_by_lambda(template: Template) -> None:
    found = {text(one["FunctionName"]): one for one in template.of_type("AWS::Lambda::EventInvokeConfig").values()}
    assert set(found) == {"MergeDashwarehouseLambdaFunction", "MigrateDashwarehouseLambdaFunction"}
    assert {one["MaximumRetryAttempts"] for one in found.values()} == {0}
    assert found["MergeDashwarehouseLambdaFunction"]["MaximumEventAgeInSeconds"] == 60


def test_the_warehouse_is_merged_oftener_where_someone_waits(prod: Template, dev: Template, local: Template) -> None:
    every = [environment(t, "merge-warehouse")["MERGE_EVERY_SECONDS"] for t in (prod, dev, local)]
    assert every == ["20", "60", "1"]


def test_functions_run_on_graviton_with_the_layer(on_aws: Template) -> None:
    for function in on_aws.functions().values():
        assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
        assert function["Layers"] == [{"Ref": "PythonRequirementsLambdaLayer"}]
