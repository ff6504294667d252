"""Reads the embedded metric format: a log event of JSON with `_aws` becomes values of metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from local.cloudwatch.store import Datum, dimensions_of

MOST_VALUES, MOST_METRICS, MOST_DIMENSIONS = 100, 100, 30


def data_of(message: str) -> list[Datum]:
    """The values that a log event's text carries: none where it is not EMF or breaks its rules (as on AWS)."""
    if '"_aws"' not in message:
        return []
    try:
        node = orjson.loads(message)
    except json.JSONDecodeError:
        return []
    metadata = node.get("_aws") if isinstance(node, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("Timestamp"), int):
        return []
    directives = metadata.get("CloudWatchMetrics")
    if not isinstance(directives, list):
        return []
    return [datum for directive in directives for datum in _directive(node, directive, metadata["Timestamp"] / 1000)]


def _directive(node: dict[str, Any], directive: Any, at: float) -> Iterator[Datum]:
    if not isinstance(directive, dict) or not isinstance(directive.get("Namespace"), str):
        return
    sets, metrics = directive.get("Dimensions", []), directive.get("Metrics", [])
    if not isinstance(sets, list) or not isinstance(metrics, list) or len(metrics) > MOST_METRICS:
        return
    for names in sets or [[]]:
        if not isinstance(names, list) or len(names) > MOST_DIMENSIONS:
            continue
        if not all(isinstance(name, str) and isinstance(node.get(name), str) for name in names):
            continue  # a dimension's value must be on the root node, as text
        dimensions = dimensions_of((name, node[name]) for name in names)
        for metric in metrics:
            name = metric.get("Name") if isinstance(metric, dict) else None
            for value, count in _values(node.get(name) if isinstance(name, str) else None):
                unit = str(metric.get("Unit", "None"))
                yield Datum(directive["Namespace"], str(name), dimensions, value, at, unit, count)


def _values(target: Any) -> list[tuple[float, float]]:
    """The numbers of a metric's target with how often each came: one, or up to a hundred in an array."""
    values = target if isinstance(target, list) else [target]
    if len(values) > MOST_VALUES or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return []
    return [(float(value), float(count)) for value, count in Counter(values).items()]
