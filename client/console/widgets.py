"""A dashboard's widgets, as its body has them, made into queries for GetMetricData. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DEFAULT_PERIOD, DEFAULT_STATISTIC = 300, "Average"
MOST_POINTS = 1440
_LABEL = re.compile(r"\$\{(MAX|MIN|AVG|SUM|LAST|FIRST|LABEL)\}")


@dataclass
class Line:
    """One entry of a widget's metrics: its query, and how it is drawn."""

    query: dict[str, Any]
    label: str
    color: str | None = None
    right: bool = False
    period: int = DEFAULT_PERIOD


@dataclass
class MetricWidget:
    """What a metric widget asks for."""

    lines: list[Line] = field(default_factory=list)

    @property
    def queries(self) -> list[dict[str, Any]]:
        """The MetricDataQueries."""
        return [line.query for line in self.lines]


def metric_widget(properties: Mapping[str, Any], seconds: int) -> MetricWidget:
    """The queries of a metric widget over ``seconds``. Raises ValueError for an unreadable entry.

    Where each value is one number for the whole range, the range is the period.
    """
    whole = is_one_number(properties)
    whole_period = int(properties.get("period") or DEFAULT_PERIOD)
    whole_statistic = str(properties.get("stat") or DEFAULT_STATISTIC)
    previous: list[str] = []
    found = MetricWidget()
    for number, entry in enumerate(properties.get("metrics") or []):
        parts, options = _parts(entry)
        query_id = str(options.get("id") or f"line{number}")
        visible = options.get("visible", True) is not False
        period = seconds if whole else period_for(int(options.get("period") or whole_period), seconds)
        label = str(options.get("label") or "")
        # A label's ${MAX} and the like are filled in here, so that the page looks the same wherever the stage is.
        query: dict[str, Any] = {"Id": query_id, "ReturnData": visible}
        if "expression" in options:
            query |= {"Expression": str(options["expression"]), "Period": period}
        else:
            previous = _spelled_out(parts, previous)
            namespace, name, *pairs = previous
            dimensions = [{"Name": pairs[i], "Value": pairs[i + 1]} for i in range(0, len(pairs) - 1, 2)]
            metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
            query["MetricStat"] = {
                "Metric": metric,
                "Period": period,
                "Stat": str(options.get("stat") or whole_statistic),
            }
        found.lines.append(Line(query, label, options.get("color"), options.get("yAxis") == "right", period))
    return found


def _parts(entry: Any) -> tuple[list[str], dict[str, Any]]:
    if not isinstance(entry, list) or not entry:
        raise ValueError("an entry of metrics is a list")
    options = entry[-1] if isinstance(entry[-1], dict) else {}
    return [str(part) for part in entry if not isinstance(part, dict)], options


def _spelled_out(parts: Sequence[str], previous: Sequence[str]) -> list[str]:
    """The entry with "..." and "." replaced by what the entry before has there."""
    if parts and parts[0] == "...":
        rest = list(parts[1:])
        return [*previous[: len(previous) - len(rest)], *rest]
    spelled = []
    for index, part in enumerate(parts):
        if part == "." and index >= len(previous):
            raise ValueError("'.' repeats what the entry before doesn't have")
        spelled.append(previous[index] if part == "." else part)
    if len(spelled) < 2 or len(spelled) % 2:
        raise ValueError("a metric is its namespace, its name and pairs of dimensions")
    return spelled


def whole_range(start: float, end: float) -> tuple[int, int]:
    """The range of a widget whose values are one number each, in whole minutes: [start, end), at least a minute.

    That number comes from CloudWatch, asked with the range as its period: percentiles and averages cannot be added up.
    """
    first = int(start) - int(start) % 60
    return first, first + 60 * max(1, math.ceil((end - first) / 60))


def is_one_number(properties: Mapping[str, Any]) -> bool:
    """Whether a widget shows a number for the whole range."""
    return properties.get("view") in ("singleValue", "gauge") and bool(properties.get("setPeriodToTimeRange"))


def period_for(period: int, seconds: int) -> int:
    """The widget's period, or one that is long enough for at most 1,440 points."""
    while seconds / period > MOST_POINTS:
        period = 60 if period < 60 else period * 5
    return period


def formatted_label(template: str, default: str, values: Sequence[float]) -> str:
    """A label with its ${...} filled in."""
    numbers = {
        "MAX": max(values, default=None),
        "MIN": min(values, default=None),
        "SUM": sum(values) if values else None,
        "AVG": sum(values) / len(values) if values else None,
        "LAST": values[-1] if values else None,
        "FIRST": values[0] if values else None,
    }

    def fill(match: re.Match[str]) -> str:
        if match[1] == "LABEL":
            return default
        number = numbers[match[1]]
        return "-" if number is None else f"{number:,.2f}".rstrip("0").rstrip(".")

    return _LABEL.sub(fill, template) if template else default


def distinct(series: Sequence[Mapping[str, Any]], lines: Mapping[str, Line]) -> list[str]:
    """The labels of the series; those that are the same and were not chosen get the dimensions in which they differ."""
    labels = [str(one["label"]) for one in series]
    said = list(labels)
    dimensions = [_dimensions(lines[one["id"]]) for one in series]
    shared = set.intersection(*map(set, dimensions)) if dimensions else set()
    for index, one in enumerate(series):
        own = [value for name, value in dimensions[index] if (name, value) not in shared]
        if said.count(said[index]) > 1 and not lines[one["id"]].label and own:
            labels[index] = f"{' '.join(own)} {one['label']}"
    return labels


def _dimensions(line: Line) -> list[tuple[str, str]]:
    metric = line.query.get("MetricStat", {}).get("Metric", {})
    return [(d["Name"], d["Value"]) for d in metric.get("Dimensions", [])]


def log_query(properties: Mapping[str, Any]) -> tuple[list[str], str]:
    """The log groups and the query of a log widget: SOURCE 'a' | SOURCE 'b' | fields ..."""
    groups, rest = [], str(properties.get("query") or "").strip()
    while match := re.match(r"SOURCE\s+(['\"]?)([^'\"|\s]+)\1\s*\|\s*", rest, re.IGNORECASE):
        groups.append(match[2])
        rest = rest[match.end() :]
    if not groups:
        raise ValueError("the query of a log widget begins with SOURCE 'log group' |")
    return groups, rest


def alarm_names(properties: Mapping[str, Any]) -> list[str]:
    """The names of the alarms that an alarm widget shows, from their ARNs."""
    return [str(arn).split(":alarm:")[-1] for arn in properties.get("alarms") or []]
