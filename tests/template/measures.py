"""What an alarm or a dashboard looks at: namespace, metric, dimensions, out of the packaged template."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.template.template import Template, text

Measure = tuple[str, str, frozenset[tuple[str, str]]]


def watched(alarm: dict[str, Any]) -> list[Measure]:
    """Give every metric of an alarm, of one metric or of metric math."""
    if "Metrics" not in alarm:
        return [_measure(alarm)]
    return [_measure(query["MetricStat"]["Metric"]) for query in alarm["Metrics"] if "MetricStat" in query]


def _measure(metric: dict[str, Any]) -> Measure:
    dimensions = frozenset((d["Name"], text(d["Value"])) for d in metric["Dimensions"])
    return metric["Namespace"], metric["MetricName"], dimensions


def dashboards(template: Template) -> dict[str, dict[str, Any]]:
    """Give each dashboard's body by its name."""
    found = template.of_type("AWS::CloudWatch::Dashboard").values()
    return {board["DashboardName"]: json.loads(text(board["DashboardBody"])) for board in found}


def shown(body: dict[str, Any]) -> Iterator[Measure]:
    """Give every metric on a dashboard."""
    for widget in body["widgets"]:
        for row in widget["properties"].get("metrics", []):
            names = [part for part in row if not isinstance(part, dict)]
            if names:  # an expression has none
                yield names[0], names[1], frozenset(zip(names[2::2], names[3::2], strict=True))


def expressions(body: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Give every expression on a dashboard, with the ids of its widget's metrics."""
    for widget in body["widgets"]:
        rows = widget["properties"].get("metrics", [])
        ids = {row[-1]["id"] for row in rows if isinstance(row[-1], dict) and "id" in row[-1]}
        yield from ((row[0]["expression"], ids) for row in rows if isinstance(row[0], dict))
