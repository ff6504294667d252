"""A widget's metrics, in all the short forms of dashboard bodies, become the queries that they stand for."""

from __future__ import annotations

from typing import Any

import pytest

from client.console.widgets import (
    Line,
    alarm_names,
    distinct,
    formatted_label,
    log_query,
    metric_widget,
    period_for,
    whole_range,
)


def metrics(*entries: list[Any], **properties: Any) -> list[tuple[str, str, dict[str, str], str, int]]:
    """Namespace, name, dimensions, statistic, period of each query."""
    found = []
    for query in metric_widget({"metrics": list(entries), **properties}, 3600).queries:
        metric = query["MetricStat"]["Metric"]
        dimensions = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
        stat = query["MetricStat"]
        found.append((metric["Namespace"], metric["MetricName"], dimensions, stat["Stat"], stat["Period"]))
    return found


def test_dots_repeat_what_the_entry_before_has() -> None:
    assert metrics(
        ["AWS/Lambda", "Errors", "FunctionName", "a"],
        [".", "Duration", ".", ".", {"stat": "p99"}],
        ["...", "b"],
        ["Swipeline", "Written"],
        stat="Sum",
        period=60,
    ) == [
        ("AWS/Lambda", "Errors", {"FunctionName": "a"}, "Sum", 60),
        ("AWS/Lambda", "Duration", {"FunctionName": "a"}, "p99", 60),
        ("AWS/Lambda", "Duration", {"FunctionName": "b"}, "Sum", 60),
        ("Swipeline", "Written", {}, "Sum", 60),
    ]


def test_an_expression_refers_to_metrics_that_are_not_shown() -> None:
    widget = metric_widget(
        {"metrics": [["N", "m", {"id": "m1", "visible": False}], [{"expression": "m1*2", "id": "e"}]]}, 60
    )
    hidden, shown = widget.queries
    assert (hidden["Id"], hidden["ReturnData"]) == ("m1", False)
    assert (shown["Expression"], shown["ReturnData"]) == ("m1*2", True)


@pytest.mark.parametrize("entry", [["N"], ["N", "m", "d"], [".", "m"], "N"])
def test_an_entry_that_is_no_metric_is_reported(entry: Any) -> None:
    with pytest.raises(ValueError, match=r"metric|list|before"):
        metric_widget({"metrics": [entry]}, 60)


def test_a_long_range_has_longer_periods() -> None:
    assert period_for(10, 3600) == 10
    assert period_for(10, 86_400) == 60
    assert period_for(60, 15 * 86_400) == 1500


def test_a_label_shows_numbers_of_its_series() -> None:
    assert formatted_label("p99 ${LAST} of ${MAX}", "x", [1.5, 3000.0, 2.25]) == "p99 2.25 of 3,000"
    assert formatted_label("${AVG} ${LABEL}", "x", []) == "- x"
    assert formatted_label("", "Errors", [1]) == "Errors"


def test_series_of_one_name_are_distinguished_by_their_dimensions() -> None:
    widget = metric_widget({"metrics": [["N", "m", "stage", "s", "hop", "a"], ["...", "b"], ["N", "other"]]}, 60)
    lines: dict[str, Line] = {line.query["Id"]: line for line in widget.lines}
    first, second = list(lines)[:2]
    series = [{"id": first, "label": "m"}, {"id": second, "label": "m"}]
    assert distinct(series, lines) == ["a m", "b m"]


def test_a_log_widget_names_its_groups() -> None:
    assert log_query({"query": "SOURCE '/a' | SOURCE \"/b\" | fields x | limit 5"}) == (
        ["/a", "/b"],
        "fields x | limit 5",
    )
    with pytest.raises(ValueError, match="SOURCE"):
        log_query({"query": "fields x"})


def test_an_alarm_widget_names_alarms_by_arn() -> None:
    assert alarm_names({"alarms": ["arn:aws:cloudwatch:us-east-1:1:alarm:a:b"]}) == ["a:b"]


def test_a_widget_of_one_number_asks_for_the_range_as_its_period() -> None:
    """The sum of the p99 of many periods is no p99 of the range."""
    of_range = {"view": "singleValue", "setPeriodToTimeRange": True, "period": 60}
    latency = ["Swipeline", "Latency", {"stat": "p99"}]
    assert [period for *_, period in metrics(latency, **of_range)] == [3600]
    assert [period for *_, period in metrics(latency, **of_range | {"view": "gauge"})] == [3600]
    assert [period for *_, period in metrics(latency, **of_range | {"view": "timeSeries"})] == [60]
    assert [period for *_, period in metrics(latency, **of_range | {"setPeriodToTimeRange": False})] == [60]


@pytest.mark.parametrize("start", [0, 1, 59, 60])
def test_such_a_range_is_of_whole_minutes_and_holds_the_one_asked_for(start: int) -> None:
    first, end = whole_range(start, start + 900.5)
    assert (first % 60, (end - first) % 60) == (0, 0)
    assert first <= start < start + 900.5 <= end < start + 1020
