"""`swipeline verify` passes on a whole stage, leaves nothing behind, and names what is broken on one that is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.breakage import Breakage
from tests.e2e.stack import Stack, wait_until

Break = Callable[[Stack, Breakage], Any]


def verified(stack: Stack, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the report; Spark is left to the slow tests of the batch path."""
    done = stack.run("verify", "--stage", "local", "--without", "batch", *options, "--json", check=False, timeout=300)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def failed(report: dict[str, Any]) -> dict[str, str]:
    return {line["name"]: line["detail"] for line in report["lines"] if line["status"] == "FAILED"}


def counts(stack: Stack) -> dict[str, Any]:
    """What the stores hold, by store."""
    tables = ("TableName", "ProfilesTableName", "AlertsTableName", "MerchantsTableName")
    dynamodb = stack.client("dynamodb")
    found = {name: dynamodb.scan(TableName=stack.outputs[name], Select="COUNT")["Count"] for name in tables}
    names = ("core.transaction", "core.customer", "core.merchant", "mart.purchase", "staging.transaction")
    found |= {name: stack.sql(f"SELECT COUNT(*) FROM {name}")[0][0] for name in names}
    found["lake"] = sorted(key for key, _ in stack.objects("LakeBucket"))
    found["quarantine"] = sorted(key for key, _ in stack.objects("QuarantineBucket"))
    found["queues"] = stack.client("sqs").list_queues().get("QueueUrls", [])
    found["secret"] = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["CardKeySecretArn"])[
        "SecretString"
    ]
    return found


def test_a_whole_stage_passes_and_is_left_as_it_was(stack: Stack) -> None:
    before = counts(stack)
    code, report = verified(stack)
    assert (code, failed(report), report["passed"]) == (0, {}, True)
    assert report["seconds"] < 300
    assert report["cost"]["dollars"] > 0
    names = {line["name"]: line["status"] for line in report["lines"]}
    assert {name for name, status in names.items() if status == "skipped"} == {"workgroup", "access-logs", "batch"}
    assert counts(stack) == before


@contextmanager
def mapping_off(stack: Stack, broken: Breakage) -> Iterator[None]:
    client = stack.client("lambda")
    (mapping,) = client.list_event_source_mappings(FunctionName=broken.name("write-to-dynamodb"))["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


@contextmanager
def analyst_given_core(stack: Stack, _: Breakage) -> Iterator[None]:
    stack.sql("GRANT USAGE ON SCHEMA core TO ROLE analyst")
    stack.sql("GRANT SELECT ON core.transaction TO ROLE analyst")
    try:
        yield
    finally:
        stack.sql("REVOKE SELECT ON core.transaction FROM ROLE analyst")
        stack.sql("REVOKE USAGE ON SCHEMA core FROM ROLE analyst")


@contextmanager
def public_may_create(stack: Stack, _: Breakage) -> Iterator[None]:
    stack.sql("GRANT CREATE ON SCHEMA public TO PUBLIC")
    try:
        yield
    finally:
        stack.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


@contextmanager
def column_missing(stack: Stack, _: Breakage) -> Iterator[None]:
    stack.sql("ALTER TABLE core.verdict RENAME TO verdict_away")
    try:
        yield
    finally:
        stack.sql("ALTER TABLE core.verdict_away RENAME TO verdict")


@contextmanager
def topic_gone(stack: Stack, _: Breakage) -> Iterator[None]:
    sns, arn = stack.client("sns"), stack.outputs["AlarmTopicArn"]
    sns.delete_topic(TopicArn=arn)
    try:
        yield
    finally:
        sns.create_topic(Name=arn.split(":")[-1])


@contextmanager
def alarm_without_action(stack: Stack, broken: Breakage) -> Iterator[None]:
    cloudwatch, name = stack.client("cloudwatch"), broken.name("merge-lag")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    kept = {
        *("AlarmName", "AlarmDescription", "MetricName", "Namespace", "Statistic", "Dimensions", "Period"),
        *("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"),
    }
    same = {key: value for key, value in alarm.items() if key in kept}
    cloudwatch.put_metric_alarm(**same)
    try:
        yield
    finally:
        cloudwatch.put_metric_alarm(**same, AlarmActions=alarm["AlarmActions"], OKActions=alarm["OKActions"])


@contextmanager
def key_disabled(stack: Stack, _: Breakage) -> Iterator[None]:
    api, key = stack.client("apigateway"), stack.outputs["ReaderApiKeyId"]

    def set_enabled(value: str) -> None:
        api.update_api_key(apiKey=key, patchOperations=[{"op": "replace", "path": "/enabled", "value": value}])

    set_enabled("false")
    try:
        yield
    finally:
        set_enabled("true")


@contextmanager
def log_group_gone(stack: Stack, broken: Breakage) -> Iterator[None]:
    logs, group = stack.client("logs"), f"/aws/lambda/{broken.name('measure-fraud')}"
    logs.delete_log_group(logGroupName=group)
    try:
        yield
    finally:
        logs.create_log_group(logGroupName=group)
        logs.put_retention_policy(logGroupName=group, retentionInDays=1)


@contextmanager
def policy_gone(stack: Stack, broken: Breakage) -> Iterator[None]:
    iam, role = stack.client("iam"), broken.role_of("write-to-s3")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=name)
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@contextmanager
def other_environment(stack: Stack, broken: Breakage) -> Iterator[None]:
    name = broken.name("detect-fraud")
    variables = broken.functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = {"Variables": variables | {"LOG_LEVEL": "CRITICAL"}}
    broken.functions.update_function_configuration(FunctionName=name, Environment=changed)
    try:
        yield
    finally:
        broken.functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


@contextmanager
def destination_gone(stack: Stack, broken: Breakage) -> Iterator[None]:
    (mapping,) = broken.functions.list_event_source_mappings(FunctionName=broken.name("detect-fraud"))[
        "EventSourceMappings"
    ]
    broken.functions.update_event_source_mapping(UUID=mapping["UUID"], DestinationConfig={"OnFailure": {}})
    try:
        yield
    finally:
        broken.functions.update_event_source_mapping(
            UUID=mapping["UUID"], DestinationConfig=mapping["DestinationConfig"]
        )


@contextmanager
def table_gone(stack: Stack, broken: Breakage) -> Iterator[None]:
    dynamodb, name = stack.client("dynamodb"), stack.outputs["DriftTableName"]
    described = dynamodb.describe_table(TableName=name)["Table"]
    dynamodb.delete_table(TableName=name)
    try:
        yield
    finally:
        same = {key: described[key] for key in ("TableName", "AttributeDefinitions", "KeySchema")}
        dynamodb.create_table(**same, BillingMode="PAY_PER_REQUEST")


# What is broken, the line that says so, and words of the cause. Nothing has to be sent to see it.
AT_REST: dict[str, tuple[Break, str, str]] = {
    "a mapping is disabled": (mapping_off, "mappings", "write-to-dynamodb is Disabled"),
    "a mapping has no failure destination": (destination_gone, "mappings", "detect-fraud has no on-failure"),
    "a function is stopped": (
        lambda _, b: b.without_concurrency("write-to-s3"),
        "functions",
        "write-to-s3 was stopped",
    ),
    "a release cannot be imported": (
        lambda _, b: b.unloadable("query-transactions"),
        "functions",
        "query-transactions has Handler handlers.missing",
    ),
    "a function's environment was changed": (other_environment, "functions", "detect-fraud has LOG_LEVEL changed"),
    "a role lost its policy": (policy_gone, "roles", "has lost"),
    "a schedule is off": (lambda _, b: b.disabled_rule("merge-warehouse"), "schedules", "merge-warehouse is DISABLED"),
    "the alarms' topic is gone": (topic_gone, "alarms", "alarms, an SNS topic that is gone"),
    "an alarm notifies nobody": (alarm_without_action, "alarms", "merge-lag notifies nobody"),
    "an API key is disabled": (key_disabled, "api-keys", "the reader's API key is disabled"),
    "a log group is gone": (log_group_gone, "log-groups", "measure-fraud is gone"),
    "a migration is missing": (column_missing, "migrations", "core.verdict is missing"),
    "a table is gone": (table_gone, "stores", "-drift is ResourceNotFoundException"),
}
# What shows only when something is sent, or is asked as somebody else.
ON_THE_WAY: dict[str, tuple[Break, str, str]] = {
    "the lake is closed to its writer": (
        lambda _, b: b.denied(b.role_of("write-to-s3"), "s3:PutObject"),
        "lake",
        "AccessDenied",
    ),
    "the analyst may read core": (analyst_given_core, "analyst", "the analyst may read core.transaction"),
    "the analyst may create tables": (public_may_create, "analyst", "may create tables"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", AT_REST)
def test_what_is_broken_at_rest_is_named(stack: Stack, name: str) -> None:
    breaking, line, cause = AT_REST[name]
    with breaking(stack, Breakage(stack)):
        code, report = verified(stack, "--without", "send", "--without", "alarm-heard")
    assert code == 1
    found = failed(report)
    assert cause in found.get(line, ""), found
    remedy = next(one["remedy"] for one in report["lines"] if one["name"] == line)
    assert remedy


@pytest.mark.slow
@pytest.mark.parametrize("name", ON_THE_WAY)
def test_what_is_broken_on_the_way_is_named(stack: Stack, name: str) -> None:
    breaking, line, cause = ON_THE_WAY[name]
    with breaking(stack, Breakage(stack)):
        code, report = verified(stack, "--rows", "200")
    assert code == 1
    assert cause in failed(report).get(line, ""), failed(report)
    # The rows that a hop lacked come once it is fixed; then the stage is complete again.
    wait_until(lambda: verified(stack, "--rows", "100")[0] == 0, 120, "the stage is whole again")


@pytest.mark.slow
def test_an_unknown_check_and_a_stage_that_is_not_there_are_usage_errors(stack: Stack) -> None:
    done = stack.run("verify", "--without", "nothing", check=False)
    assert (done.returncode, "Unknown check nothing" in done.stderr) == (1, True)
