"""The dashboards: what they show exists, and is what alarms and functions know under the same name."""

from __future__ import annotations

import re

from tests.template.measures import dashboards, expressions, shown, watched
from tests.template.template import Template, packaged, text


def test_there_are_two_and_each_says_what_it_is(full: Template) -> None:
    boards = dashboards(full)
    assert set(boards) == {f"swipeline-{full.stage}-health", f"swipeline-{full.stage}-detail"}
    for name, body in boards.items():
        first = body["widgets"][0]
        assert first["type"] == "text"
        assert f"# Swipeline: {name.rsplit('-', 1)[1]}" in first["properties"]["markdown"]


def test_dev_has_none_and_may_ask_for_them(dev: Template) -> None:
    assert not [one for one in dev.resources.values() if one["Type"] == "AWS::CloudWatch::Dashboard"]
    assert len(dashboards(packaged("dev", "dashboards=dashboards", "alarms=all"))) == 2


def test_every_alarm_is_on_the_health_dashboard(full: Template) -> None:
    body = dashboards(full)[f"swipeline-{full.stage}-health"]
    on_it = {arn.split(":alarm:")[1] for w in body["widgets"] for arn in w["properties"].get("alarms", [])}
    assert on_it == {a["AlarmName"] for a in full.of_type("AWS::CloudWatch::Alarm").values()}


def test_dimensions_name_what_the_stage_has(full: Template) -> None:
    functions = {f["FunctionName"] for f in full.of_type("AWS::Lambda::Function").values()}
    streams = {s["Name"] for s in full.of_type("AWS::Kinesis::Stream").values()}
    tables = {t["TableName"] for t in full.of_type("AWS::DynamoDB::Table").values()}
    deliveries = {d["DeliveryStreamName"] for d in full.of_type("AWS::KinesisFirehose::DeliveryStream").values()}
    known = {
        "FunctionName": functions,
        "function_name": functions,
        "StreamName": streams,
        "TableName": tables,
        "DeliveryStreamName": deliveries,
        "ApiName": {f"swipeline-{full.stage}"},
        "Stage": {full.stage},
        "stage": {full.stage},
        "service": {"swipeline"},
        "StateMachineArn": {"${BatchMachine}"},
        "Operation": {"BatchExecuteStatement"},
        "EventSourceMappingUUID": {f"${{{name}}}" for name in full.of_type("AWS::Lambda::EventSourceMapping")},
    }
    for body in dashboards(full).values():
        for namespace, metric, dimensions in shown(body):
            for name, value in dimensions:
                assert value in known[name], (namespace, metric, name)


def test_expressions_use_the_metrics_of_their_widget(full: Template) -> None:
    for body in dashboards(full).values():
        for expression, ids in expressions(body):
            used = set(re.findall(r"\b[a-z]\w*", expression))
            assert used <= ids, expression


def test_widgets_do_not_overlap_and_fit_the_width(full: Template) -> None:
    for body in dashboards(full).values():
        taken: set[tuple[int, int]] = set()
        for widget in body["widgets"]:
            cells = {
                (x, y)
                for x in range(widget["x"], widget["x"] + widget["width"])
                for y in range(widget["y"], widget["y"] + widget["height"])
            }
            assert not taken & cells
            assert max(x for x, _ in cells) < 24
            taken |= cells


def test_what_alarms_watch_can_be_looked_at(full: Template) -> None:
    """But for what is nothing but its alarm: counts that are only there when something was lost, and the queue."""
    alone = ("OnFailureDestinationDeliveredEventCount", "DroppedEventCount", "InvocationDroppedCount")
    on_boards = {(ns, metric) for body in dashboards(full).values() for ns, metric, _ in shown(body)}
    for alarm in full.of_type("AWS::CloudWatch::Alarm").values():
        for namespace, metric, _ in watched(alarm):
            lost = metric in alone or namespace == "AWS/SQS"
            assert lost or (namespace, metric) in on_boards, alarm["AlarmName"]


def test_the_ten_questions_are_saved_over_groups_that_exist(template: Template) -> None:
    queries = template.of_type("AWS::Logs::QueryDefinition")
    assert len(queries) == 10
    groups = template.of_type("AWS::Logs::LogGroup")
    for query in queries.values():
        assert query["Name"].startswith(f"swipeline-{template.stage}/")
        assert {text(group) for group in query["LogGroupNames"]} <= set(groups)
        assert query["QueryString"].strip()
