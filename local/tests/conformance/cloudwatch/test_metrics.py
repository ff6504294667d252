"""Metrics on the embedded AWS: put, read back by statistic and percentile, computed with, and read from log events."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.emulator import Emulator


def minute() -> int:
    """The beginning of a minute, two minutes ago."""
    now = int(time.time()) - 120
    return now - now % 60


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def metric(name: str, stat: str, period: int = 60, **dimensions: str) -> dict[str, Any]:
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    found = {"Namespace": "Conformance", "MetricName": name, "Dimensions": listed}
    return {"Metric": found, "Period": period, "Stat": stat}


def data(emulator: Emulator, queries: list[dict[str, Any]], start: float, end: float) -> dict[str, list[float]]:
    """The values of each query's label, oldest first."""
    answer = emulator.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=at(start), EndTime=at(end), ScanBy="TimestampAscending"
    )
    return {result["Label"]: result["Values"] for result in answer["MetricDataResults"]}


def put(emulator: Emulator, name: str, **more: Any) -> None:
    datum = {"MetricName": name, **more}
    emulator.client("cloudwatch").put_metric_data(Namespace="Conformance", MetricData=[datum])


def test_values_are_read_back_by_every_statistic(emulator: Emulator) -> None:
    start = minute()
    put(
        emulator, "latency", Timestamp=at(start), Values=[10.0, 20.0, 30.0], Counts=[1.0, 2.0, 1.0], Unit="Milliseconds"
    )
    answer = emulator.client("cloudwatch").get_metric_statistics(
        Namespace="Conformance",
        MetricName="latency",
        StartTime=at(start),
        EndTime=at(start + 60),
        Period=60,
        Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
        ExtendedStatistics=["p50", "p99"],
    )
    [point] = answer["Datapoints"]
    assert point["Timestamp"] == at(start)
    assert (point["Sum"], point["Average"], point["SampleCount"]) == (80, 20, 4)
    assert (point["Minimum"], point["Maximum"], point["Unit"]) == (10, 30, "Milliseconds")
    assert point["ExtendedStatistics"]["p50"] == 20
    assert point["ExtendedStatistics"]["p99"] == pytest.approx(29.7)


def test_each_set_of_dimensions_is_a_metric_of_its_own(emulator: Emulator) -> None:
    start = minute()
    put(emulator, "own", Timestamp=at(start), Value=1)
    put(emulator, "own", Timestamp=at(start), Value=2, Dimensions=[{"Name": "Hop", "Value": "a"}])
    queries = [
        {"Id": "bare", "Label": "bare", "MetricStat": metric("own", "Sum")},
        {"Id": "a", "Label": "a", "MetricStat": metric("own", "Sum", Hop="a")},
        {"Id": "b", "Label": "b", "MetricStat": metric("own", "Sum", Hop="b")},
    ]
    assert data(emulator, queries, start, start + 60) == {"bare": [1], "a": [2], "b": []}
    listed = emulator.client("cloudwatch").list_metrics(Namespace="Conformance", MetricName="own")["Metrics"]
    assert [item["Dimensions"] for item in listed] == [[], [{"Name": "Hop", "Value": "a"}]]


def test_metric_math_combines_what_queries_give(emulator: Emulator) -> None:
    start = minute()
    for offset, (errors, calls) in enumerate([(1, 10), (0, 5)]):
        put(emulator, "errors", Timestamp=at(start + 10 * offset), Value=errors)
        put(emulator, "calls", Timestamp=at(start + 10 * offset), Value=calls)
    queries: list[dict[str, Any]] = [
        {"Id": "e", "MetricStat": metric("errors", "Sum", 10), "ReturnData": False},
        {"Id": "c", "MetricStat": metric("calls", "Sum", 10), "ReturnData": False},
        {"Id": "rate", "Expression": "100 * e / c"},
        {"Id": "filled", "Expression": "FILL(e, 7)"},
        {"Id": "chosen", "Expression": "IF(c > 6 AND e > 0, c, -1)"},
        {"Id": "both", "Expression": "SUM(METRICS())"},
        {"Id": "speed", "Expression": "RATE(c)"},
        {"Id": "found", "Label": "", "Expression": "SEARCH('{Conformance} MetricName=\"calls\"', 'Sum', 10)"},
    ]
    assert data(emulator, queries, start, start + 30) == {
        "rate": [10, 0],
        "filled": [1, 0, 7],
        "chosen": [10, -1],
        "both": [11, 5],
        "speed": [-0.5],
        "calls": [10, 5],
    }


@pytest.mark.parametrize(
    "expression",
    ["SELECT AVG(x) FROM SCHEMA(a)", "ANOMALY_DETECTION_BAND(m, 2)", "m +", "nobody", "SUM(m)", "again"],
)
def test_an_expression_that_is_not_supported_is_refused(emulator: Emulator, expression: str) -> None:
    queries = [
        {"Id": "m", "MetricStat": metric("calls", "Sum"), "ReturnData": False},
        {"Id": "again", "Expression": expression},
    ]
    with pytest.raises(ClientError) as refused:
        data(emulator, queries, time.time() - 60, time.time())
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_log_events_in_embedded_metric_format_become_metrics(emulator: Emulator) -> None:
    start = minute()
    logs = emulator.client("logs")
    logs.create_log_group(logGroupName="/emf")
    logs.create_log_stream(logGroupName="/emf", logStreamName="s")
    node = {
        "_aws": {
            "Timestamp": start * 1000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Conformance",
                    "Dimensions": [["service", "stage"], ["service"], []],
                    "Metrics": [{"Name": "Written", "Unit": "Count"}, {"Name": "Took", "StorageResolution": 1}],
                }
            ],
        },
        "service": "swipeline",
        "stage": "local",
        "Written": 5,
        "Took": [1, 2, 3, 2],
    }
    broken = node | {"stage": 7}  # a dimension's value that is no text: that set is left out
    for event in (json.dumps(node), json.dumps(broken), "no JSON with _aws in it"):
        logs.put_log_events(
            logGroupName="/emf",
            logStreamName="s",
            logEvents=[{"timestamp": int(time.time() * 1000), "message": event}],
        )
    queries = [
        {"Id": "both", "Label": "both", "MetricStat": metric("Written", "Sum", service="swipeline", stage="local")},
        {"Id": "one", "Label": "one", "MetricStat": metric("Written", "Sum", service="swipeline")},
        {"Id": "bare", "Label": "bare", "MetricStat": metric("Took", "SampleCount")},
        {"Id": "p", "Label": "p", "MetricStat": metric("Took", "p50", service="swipeline", stage="local")},
    ]
    assert data(emulator, queries, start, start + 60) == {"both": [5], "one": [10], "bare": [8], "p": [2]}
