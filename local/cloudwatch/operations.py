"""The operations on metrics: PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.cloudwatch.data_queries import DataQueries, key_of
from local.cloudwatch.functions import first_of
from local.cloudwatch.protocol import RequestError, epoch
from local.cloudwatch.store import Datum, Key, MetricStore, dimensions_of

MOST_DATA = 1000
MOST_QUERIES = 500
MOST_LISTED = 500
MOST_DATAPOINTS = 1440
_PAST_SECONDS, _FUTURE_SECONDS = 14 * 86_400, 2 * 3600
_BASIC = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a datetime, which `protocol` writes."""
    return datetime.fromtimestamp(seconds, UTC)


class Operations:
    """What a client can do with metrics."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store

    def put_metric_data(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """PutMetricData; all values or none are taken."""
        namespace, given = str(request["Namespace"]), list(request.get("MetricData") or [])
        if len(given) > MOST_DATA:
            raise RequestError("ValidationError", f"MetricData has more than {MOST_DATA} values")
        if request.get("EntityMetricData"):
            raise RequestError("ValidationError", "EntityMetricData is not supported by the embedded CloudWatch")
        now = time.time()
        data: list[Datum] = []
        statistics: list[tuple[Key, str, float, tuple[float, float, float, float]]] = []
        for item in given:
            dimensions = dimensions_of((d["Name"], d["Value"]) for d in item.get("Dimensions") or [])
            at = epoch(item["Timestamp"]) if item.get("Timestamp") is not None else now
            if not now - _PAST_SECONDS <= at <= now + _FUTURE_SECONDS:
                raise RequestError(
                    "InvalidParameterValue", "Timestamp must be within two weeks past and two hours future"
                )
            unit = str(item.get("Unit") or "None")
            if item.get("StatisticValues"):
                found = item["StatisticValues"]
                count, total, low, high = (float(found[n]) for n in ("SampleCount", "Sum", "Minimum", "Maximum"))
                statistics.append(((namespace, item["MetricName"], dimensions), unit, at, (count, total, low, high)))
                continue
            values = [float(v) for v in item.get("Values") or [item["Value"]]]
            counts = [float(c) for c in item.get("Counts") or [1.0] * len(values)]
            if len(values) != len(counts):
                raise RequestError("InvalidParameterCombination", "Values and Counts must be as many")
            for value, times in zip(values, counts, strict=True):
                data.append(Datum(namespace, item["MetricName"], dimensions, value, at, unit, times))
        self._store.put(data)
        for each in statistics:
            self._store.put_statistics(*each)
        return {}

    def get_metric_data(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """GetMetricData, whole in one answer."""
        queries = list(request["MetricDataQueries"])
        if not queries or len(queries) > MOST_QUERIES:
            raise RequestError("ValidationError", f"1 to {MOST_QUERIES} MetricDataQueries")
        start, end = self._range(request)
        results = DataQueries(self._store, _numbers(queries), start, end, time.time()).results()
        newest_first = request.get("ScanBy", "TimestampDescending") != "TimestampAscending"
        answers = []
        for result in results:
            points = sorted(result.points.items(), reverse=newest_first)
            answers.append(
                {
                    "Id": result.id,
                    "Label": result.label,
                    "Timestamps": [moment(at) for at, _ in points],
                    "Values": [float(value) for _, value in points],
                    "StatusCode": "Complete",
                }
            )
        return {"MetricDataResults": answers, "Messages": []}

    def get_metric_statistics(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """GetMetricStatistics."""
        start, end = self._range(request)
        period, key = int(request["Period"]), key_of(request)
        basic, extended = list(request.get("Statistics") or []), list(request.get("ExtendedStatistics") or [])
        if not basic and not extended:
            raise RequestError("InvalidParameterCombination", "Statistics or ExtendedStatistics is required")
        unknown = set(basic) - set(_BASIC)
        if unknown:
            raise RequestError("InvalidParameterValue", f"Statistics: {', '.join(sorted(unknown))}")
        if (end - start) / period > MOST_DATAPOINTS:
            raise RequestError("InvalidParameterCombination", f"More than {MOST_DATAPOINTS} datapoints are asked for")
        unit = self._store.unit(key)
        first = first_of(int(start), period)
        datapoints = []
        for at, one in self._store.points(key, period, first, end, time.time()).items():
            point: dict[str, Any] = {"Timestamp": moment(at), "Unit": unit}
            point |= {name: one.statistic(name) for name in basic}
            if extended:
                found = {name: one.statistic(name) for name in extended}
                point["ExtendedStatistics"] = {name: value for name, value in found.items() if value is not None}
            datapoints.append(point)
        return {"Label": key[1], "Datapoints": datapoints}

    def list_metrics(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """ListMetrics, 500 at a time; NextToken is where to continue."""
        wanted = request.get("Dimensions") or []
        since = time.time() - 3 * 3600 if request.get("RecentlyActive") else 0
        keys = sorted(
            key
            for key in self._store.keys(request.get("Namespace"), request.get("MetricName"))
            if _has(key, wanted) and (not since or self._store.last_at(key) >= since)
        )
        first = int(request.get("NextToken") or 0)
        page = keys[first : first + MOST_LISTED]
        metrics = [
            {
                "Namespace": namespace,
                "MetricName": name,
                "Dimensions": [{"Name": dimension, "Value": value} for dimension, value in dimensions],
            }
            for namespace, name, dimensions in page
        ]
        token = str(first + MOST_LISTED) if len(keys) > first + MOST_LISTED else None
        return {"Metrics": metrics, "NextToken": token}

    def _range(self, request: Mapping[str, Any]) -> tuple[float, float]:
        start, end = epoch(request["StartTime"]), epoch(request["EndTime"])
        if start >= end:
            raise RequestError("ValidationError", "StartTime must be before EndTime")
        return start, end


def _has(key: Key, wanted: list[Mapping[str, Any]]) -> bool:
    own = dict(key[2])
    return all(d["Name"] in own and d.get("Value") in (None, own[d["Name"]]) for d in wanted)


def _numbers(queries: list[Any]) -> list[Any]:
    """The query protocol gives texts where numbers are meant."""
    for query in queries:
        if query.get("MetricStat"):
            query["MetricStat"]["Period"] = int(query["MetricStat"]["Period"])
    return queries
