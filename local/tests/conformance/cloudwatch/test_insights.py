"""Logs Insights on the embedded AWS: what its language's documentation says of each command, and what is refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.emulator import Emulator

GROUP = "/insights"
LINES: list[tuple[int, Any]] = [
    (0, {"level": "INFO", "hop": "edge", "took": 10, "request": {"id": "a"}, "tags": ["x", "y"]}),
    (61, {"level": "ERROR", "hop": "edge", "took": 30, "request": {"id": "b"}, "reason": "bad | pipe"}),
    (62, {"level": "INFO", "hop": "lake", "took": 20, "request": {"id": "a"}}),
    (63, "REPORT RequestId: 11111111-2222-3333-4444-555555555555\tDuration: 12.5 ms\tBilled Duration: 13 ms"),
    (64, "user=ann cost=7"),
]


@pytest.fixture(scope="module")
def started(emulator: Emulator) -> int:
    """The beginning of a minute, five minutes ago, from which on the lines are."""
    begin = int(time.time()) - 300
    begin -= begin % 60
    logs = emulator.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    events = [
        {"timestamp": (begin + offset) * 1000, "message": line if isinstance(line, str) else json.dumps(line)}
        for offset, line in LINES
    ]
    logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)
    return begin


def rows(emulator: Emulator, started: int, query: str) -> list[dict[str, str]]:
    """What a query gives, without the pointers."""
    logs = emulator.client("logs")
    query_id = logs.start_query(logGroupName=GROUP, startTime=started, endTime=started + 300, queryString=query)[
        "queryId"
    ]
    answer = logs.get_query_results(queryId=query_id)
    assert answer["status"] == "Complete"
    return [{cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"} for row in answer["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fields hop | filter level = 'ERROR'", [{"hop": "edge"}]),
        (
            "fields hop, took | filter level = 'INFO' | sort took desc",
            [{"hop": "lake", "took": "20"}, {"hop": "edge", "took": "10"}],
        ),
        ("fields took | filter took >= 20 and hop != 'edge'", [{"took": "20"}]),
        ("fields took | filter hop in ['lake', 'table'] or took > 25 | sort took", [{"took": "20"}, {"took": "30"}]),
        ("fields reason | filter reason like /bad.\\| P/", []),
        ("fields reason | filter reason like /(?i)BAD \\| pipe/", [{"reason": "bad | pipe"}]),
        (
            "filter @message like 'user=' | parse @message 'user=* cost=*' as user, cost | display user, cost",
            [{"user": "ann", "cost": "7"}],
        ),
        ("filter ispresent(reason) | display request.id", [{"request.id": "b"}]),
        ("filter tags.1 = 'y' | display took * 2 as twice, strlen(hop)", [{"twice": "20", "strlen(hop)": "4"}]),
        ("parse /cost=(?<cost>\\d+)/ | filter cost > 5 | display cost", [{"cost": "7"}]),
        (
            "stats count(*) as n, avg(took) by hop | sort hop | filter ispresent(hop)",
            [{"hop": "edge", "n": "2", "avg(took)": "20"}, {"hop": "lake", "n": "1", "avg(took)": "20"}],
        ),
        ("filter not ispresent(nothing) | stats count(*)", [{"count(*)": "5"}]),
        (
            "filter took > 0 | stats pct(took, 50) as half, max(took) as most, sum(took)",
            [{"half": "20", "most": "30", "sum(took)": "60"}],
        ),
        (
            "filter ispresent(request.id) | dedup request.id | sort request.id | display request.id, hop",
            [{"request.id": "a", "hop": "lake"}, {"request.id": "b", "hop": "edge"}],
        ),
        (
            "filter @type = 'REPORT' | display @requestId, @duration",
            [{"@requestId": "11111111-2222-3333-4444-555555555555", "@duration": "12.5"}],
        ),
        ("display took | limit 1 | filter took > 0", [{"took": "20"}]),
        ("filter level not like /INFO/ and ispresent(level) | display level", [{"level": "ERROR"}]),
        (
            "filter ispresent(tags.0) | fields jsonparse(@message) as js | unnest js.tags into tag | display hop, tag",
            [{"hop": "edge", "tag": "y"}, {"hop": "edge", "tag": "x"}],
        ),
        (
            "fields jsonParse(@message) as j | unnest j.request into r | filter r.id = 'b' | stats count(*) by r.id",
            [{"r.id": "b", "count(*)": "1"}],
        ),
        ("filter hop = 'lake' | fields jsonParse(@message) as js | unnest js.took into t | display t", [{"t": "20"}]),
    ],
)
def test_a_query_gives_what_the_language_says(
    emulator: Emulator, started: int, query: str, expected: list[dict[str, str]]
) -> None:
    assert rows(emulator, started, query) == expected


def test_stats_by_bin_counts_per_period(emulator: Emulator, started: int) -> None:
    found = rows(emulator, started, "stats count(*) as n by bin(1m) | sort bin(1m)")
    shown = [time.strftime("%Y-%m-%d %H:%M:%S.000", time.gmtime(at)) for at in (started, started + 60)]
    assert found == [{"bin(1m)": shown[0], "n": "1"}, {"bin(1m)": shown[1], "n": "4"}]


@pytest.mark.parametrize(
    "query",
    [
        "unmask x",
        "stats nonsense(x)",
        "filter level ==",
        "parse nothing",
        "limit many",
        "",
        "fields f(",
        "filter x like 5",
        "unnest tags",
    ],
)
def test_what_is_not_supported_is_refused(emulator: Emulator, started: int, query: str) -> None:
    with pytest.raises(ClientError) as refused:
        rows(emulator, started, query)
    assert refused.value.response["Error"]["Code"] in ("MalformedQueryException", "InvalidParameterException")


def test_queries_are_saved_and_found_by_their_names_beginning(emulator: Emulator) -> None:
    logs = emulator.client("logs")
    query_id = logs.put_query_definition(
        name="insights/errors", queryString="fields @message | filter level = 'ERROR'", logGroupNames=[GROUP]
    )["queryDefinitionId"]
    logs.put_query_definition(name="insights/errors", queryString="fields @message", queryDefinitionId=query_id)
    [saved] = logs.describe_query_definitions(queryDefinitionNamePrefix="insights/")["queryDefinitions"]
    assert (saved["queryDefinitionId"], saved["queryString"]) == (query_id, "fields @message")
    with pytest.raises(ClientError):
        logs.put_query_definition(name="insights/wrong", queryString="nonsense")
    assert logs.delete_query_definition(queryDefinitionId=query_id)["success"]
    assert logs.describe_query_definitions(queryDefinitionNamePrefix="insights/")["queryDefinitions"] == []


def test_cloudformation_makes_alarms_dashboards_and_saved_queries(emulator: Emulator) -> None:
    metrics = [
        {
            "Id": "e",
            "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "e"}, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        },
        {"Id": "x", "Expression": "FILL(e, 0) / 2", "Label": "half"},
    ]
    rule = {"Threshold": 1, "EvaluationPeriods": 2, "ComparisonOperator": "GreaterThanThreshold"}
    resources = {
        "Math": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "cfn-math", "Metrics": metrics, **rule}},
        "Any": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "DependsOn": "Math",
            "Properties": {"AlarmName": "cfn-any", "AlarmRule": "ALARM(cfn-math)"},
        },
        "Board": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": "cfn-board", "DashboardBody": '{"widgets": []}'},
        },
        "Saved": {
            "Type": "AWS::Logs::QueryDefinition",
            "Properties": {"Name": "cfn/q", "QueryString": "stats count(*)"},
        },
    }
    cloudformation, cloudwatch = emulator.client("cloudformation"), emulator.client("cloudwatch")
    cloudformation.create_stack(StackName="watched", TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="watched", WaiterConfig={"Delay": 1})
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["cfn-math"])["MetricAlarms"]
    assert [m["Id"] for m in alarm["Metrics"]] == ["e", "x"]
    assert cloudwatch.describe_alarms(AlarmNames=["cfn-any"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert cloudwatch.get_dashboard(DashboardName="cfn-board")["DashboardBody"] == '{"widgets": []}'
    saved = emulator.client("logs").describe_query_definitions(queryDefinitionNamePrefix="cfn/")["queryDefinitions"]
    assert [query["queryString"] for query in saved] == ["stats count(*)"]
    cloudformation.delete_stack(StackName="watched")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="watched", WaiterConfig={"Delay": 1})
    assert not cloudwatch.describe_alarms(AlarmNamePrefix="cfn-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])[
        "MetricAlarms"
    ]
