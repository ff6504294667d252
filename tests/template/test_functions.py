"""The functions: their settings, their environment, their logs."""

from __future__ import annotations

import re

from tests.template.template import Template, text

FUNCTIONS = {
    "query-transactions",
    "write-to-kinesis",
    "write-to-dynamodb",
    "write-to-s3",
    "detect-fraud",
    "check-delivery",
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
SQL = {"WORKGROUP_NAME", "DATABASE_NAME"}
OWN = {
    "query-transactions": {
        "TABLE_NAME",
        "MERCHANTS_TABLE_NAME",
        "ALERTS_TABLE_NAME",
        "ALERT_DELIVERY_NAME",
        "PROFILES_TABLE_NAME",
        "RISK_TABLE_NAME",
        "CARD_KEY_SECRET_ARN",
        "CARD_KEY_MAX_AGE_SECONDS",
        "STREAM_NAME",
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
        "ALERT_DELIVERY_NAME",
        "ALERT_TOPIC_ARN",
        "DRIFT_TABLE_NAME",
        "RISK_TABLE_NAME",
        "QUARANTINE_BUCKET",
    },
    "check-delivery": {"QUARANTINE_BUCKET"},
    "measure-fraud": {
        "DRIFT_TABLE_NAME",
        "ALERTS_TABLE_NAME",
        "PROFILES_TABLE_NAME",
        "RISK_TABLE_NAME",
        "TABLE_NAME",
    },
    "merge-warehouse": SQL
    | {"DELIVERY_BUCKET", "MERGE_QUEUE_URL", "MERGE_RETRY_SECONDS", "TABLE_NAME", "STREAM_NAME", "QUARANTINE_BUCKET"},
    "migrate-warehouse": SQL | {"DELIVERY_BUCKET", "LOADER_SECRET_ARN"},
    "rotate-card-key": {"CARD_KEY_SECRET_ARN"},
}


def environment(template: Template, function: str) -> dict[str, object]:
    return template.functions()[function]["Environment"]["Variables"]


def test_the_functions_are_these(template: Template) -> None:
    assert set(template.functions()) == FUNCTIONS


def test_a_function_gets_only_what_it_needs(template: Template) -> None:
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


def test_nothing_runs_by_the_clock_oftener_than_once_a_day(template: Template) -> None:
    rules = template.of_type("AWS::Events::Rule").values()
    found = {rule["ScheduleExpression"] for rule in rules if rule.get("ScheduleExpression")}
    assert all(re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", expression) for expression in found), found


def test_the_daily_merge_is_the_safety_net(template: Template) -> None:
    rule = template.of_type("AWS::Events::Rule")["MergeDashwarehouseEventsRuleSchedule1"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(45 2 * * ? *)", "ENABLED")
    assert text(rule["Targets"][0]["Arn"]) == "MergeDashwarehouseLambdaFunction.Arn"


def test_fraud_detection_is_measured_once_a_day(template: Template) -> None:
    rule = template.of_type("AWS::Events::Rule")["MeasureDashfraudEventsRuleSchedule1"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(15 2 * * ? *)", "ENABLED")
    assert text(rule["Targets"][0]["Arn"]) == "MeasureDashfraudLambdaFunction.Arn"


def test_a_migration_that_failed_is_not_repeated_by_lambda_and_the_daily_merge_is(template: Template) -> None:
    found = {text(one["FunctionName"]): one for one in template.of_type("AWS::Lambda::EventInvokeConfig").values()}
    retries = {name: one["MaximumRetryAttempts"] for name, one in found.items()}
    assert retries == {"MergeDashwarehouseLambdaFunction": 2, "MigrateDashwarehouseLambdaFunction": 0}


def test_functions_run_on_graviton_with_the_layer(on_aws: Template) -> None:
    for function in on_aws.functions().values():
        assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
        assert function["Layers"] == [{"Ref": "PythonRequirementsLambdaLayer"}]
