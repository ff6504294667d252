"""Sums of the metrics that the functions publish, as CloudWatch has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from client.aws import SERVICE, Stage

NAMESPACE = "Swipeline"


def sums(
    stage: Stage, wanted: Mapping[str, Sequence[str]], begin: datetime, end: datetime, period: int
) -> dict[str, dict[str, float]]:
    """Give the sum of each metric by function and name, between two times; a metric without data is left out.

    ``wanted`` has metric names by a function's short name; ``period`` is CloudWatch's, in seconds.
    """
    asked = [(function, name) for function, names in wanted.items() for name in names]
    queries = []
    for number, (function, name) in enumerate(asked):
        dimensions = {
            "service": SERVICE,
            "function_name": f"{SERVICE}-{stage.name}-{function}",
            "stage": stage.name,
        }
        metric = {
            "Namespace": NAMESPACE,
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        }
        queries.append({"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}})
    found: dict[str, dict[str, float]] = defaultdict(dict)
    pages = stage.client("cloudwatch").get_paginator("get_metric_data")
    for page in pages.paginate(MetricDataQueries=queries, StartTime=begin, EndTime=end):
        for result in page["MetricDataResults"]:
            if result["Values"]:
                function, name = asked[int(result["Id"][1:])]
                found[function][name] = found[function].get(name, 0.0) + sum(result["Values"])
    return dict(found)
