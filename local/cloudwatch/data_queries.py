"""Evaluates the queries of GetMetricData, and of an alarm with metric math: metrics, and expressions of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.cloudwatch.expression import Call, ExpressionError, Items, Name, Node, Number, Text, parse
from local.cloudwatch.functions import FUNCTIONS, Range, fill, first_of
from local.cloudwatch.search import matching
from local.cloudwatch.store import Key, MetricStore, dimensions_of
from local.cloudwatch.values import OPERATORS, Array, Series, Value, array, combined, scalar

DEFAULT_PERIOD = 60


@dataclass
class Result:
    """One series of the answer."""

    id: str
    label: str
    points: dict[int, float]


def key_of(metric: Mapping[str, Any]) -> Key:
    """The store's key of a Metric: {Namespace, MetricName, Dimensions}."""
    pairs = ((d["Name"], d["Value"]) for d in metric.get("Dimensions") or [])
    return str(metric.get("Namespace", "")), str(metric.get("MetricName", "")), dimensions_of(pairs)


class DataQueries:
    """The queries of one request over [start, end)."""

    def __init__(self, store: MetricStore, queries: Sequence[Mapping[str, Any]], start: float, end: float, now: float):
        self._store, self._now = store, now
        self._queries = {str(query["Id"]): query for query in queries}
        if len(self._queries) != len(queries):
            raise ExpressionError("The ids of the queries must differ")
        self._values: dict[str, Value] = {}
        self._under_way: list[str] = []
        period = min((self._period(q) for q in queries if self._period(q)), default=DEFAULT_PERIOD)
        self._range = Range(int(start), math.ceil(end), period)

    def _period(self, query: Mapping[str, Any]) -> int:
        return int((query.get("MetricStat") or {}).get("Period") or query.get("Period") or 0)

    def results(self) -> list[Result]:
        """What the queries with ReturnData say, an array as several results. Raises ExpressionError, ValueError."""
        return [
            result
            for query_id, query in self._queries.items()
            if query.get("ReturnData", True) is not False
            for result in self._result(query_id, query)
        ]

    def _result(self, query_id: str, query: Mapping[str, Any]) -> list[Result]:
        value = self.value(query_id)
        label = query.get("Label")
        if isinstance(value, float):
            raise ExpressionError(
                f"The expression of '{query_id}' gives a number, not a time series: use TIME_SERIES()"
            )
        if isinstance(value, Array):
            return [
                Result(query_id, f"{label} {s.label}".strip() if label else s.label, s.points) for s in value.series
            ]
        return [Result(query_id, str(label or (query_id if query.get("Expression") else value.label)), value.points)]

    def value(self, query_id: str) -> Value:
        """The value of a query. Raises ExpressionError when it refers to itself or to a query that isn't there."""
        if query_id in self._values:
            return self._values[query_id]
        if query_id not in self._queries:
            raise ExpressionError(f"There is no query with the id '{query_id}'")
        if query_id in self._under_way:
            raise ExpressionError(f"The query '{query_id}' refers to itself")
        self._under_way.append(query_id)
        query = self._queries[query_id]
        value = self._evaluate(parse(query["Expression"])) if query.get("Expression") else self._metric(query)
        self._under_way.pop()
        self._values[query_id] = value
        return value

    def _metric(self, query: Mapping[str, Any]) -> Series:
        wanted = query.get("MetricStat") or {}
        if not wanted:
            raise ExpressionError(f"The query '{query['Id']}' has neither MetricStat nor Expression")
        key = key_of(wanted["Metric"])
        return self._series(key, str(wanted["Stat"]), int(wanted["Period"]), key[1])

    def _series(self, key: Key, statistic: str, period: int, label: str) -> Series:
        span = self._range
        bins = self._store.points(key, period, first_of(span.start, period), span.end, self._now)
        points = {at: value for at, one in bins.items() if (value := one.statistic(statistic)) is not None}
        return Series(points, period, label)

    def _evaluate(self, node: Node) -> Value:
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Name):
            return self.value(node.name)
        if isinstance(node, Items):
            return Array([one for item in node.items for one in array(self._evaluate(item))])
        if isinstance(node, Text):
            raise ExpressionError(f"A text is not a metric: '{node.value}'")
        return self._call(node)

    def _call(self, node: Call) -> Value:
        name, arguments = node.name, node.arguments
        if name in OPERATORS:
            return combined(OPERATORS[name], self._evaluate(arguments[0]), self._evaluate(arguments[1]))
        if name == "neg":
            return combined(OPERATORS["*"], -1.0, self._evaluate(arguments[0]))
        if name == "METRICS":
            return self._metrics(arguments)
        if name == "SEARCH":
            return self._search(arguments)
        if name == "FILL":
            return self._fill(arguments)
        if name not in FUNCTIONS:
            raise ExpressionError(f"The embedded CloudWatch has no function {name}")
        function, fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            raise ExpressionError(f"{name} takes {fewest} to {most} arguments, not {len(arguments)}")
        return function([self._evaluate(argument) for argument in arguments], self._range)

    def _metrics(self, arguments: Sequence[Node]) -> Array:
        part = arguments[0].value if arguments and isinstance(arguments[0], Text) else ""
        ids = [i for i, query in self._queries.items() if not query.get("Expression") and part in i]
        found = [(query_id, self.value(query_id)) for query_id in ids]
        return Array([Series(v.points, v.period, i) for i, v in found if isinstance(v, Series)])

    def _search(self, arguments: Sequence[Node]) -> Array:
        if len(arguments) < 2 or not isinstance(arguments[0], Text) or not isinstance(arguments[1], Text):
            raise ExpressionError("SEARCH takes a query and a statistic, both in quotes, and a period")
        period = int(scalar(self._evaluate(arguments[2]))) if len(arguments) > 2 else self._range.period
        keys = matching(arguments[0].value, self._store.keys())
        different = {name for name, _, _ in ((k[1], 0, 0) for k in keys)}
        return Array([self._series(k, arguments[1].value, period, _label(k, len(different) > 1)) for k in keys])

    def _fill(self, arguments: Sequence[Node]) -> Value:
        if len(arguments) != 2:
            raise ExpressionError("FILL takes 2 arguments")
        filler = arguments[1]
        how = (
            filler.name if isinstance(filler, Name) and filler.name in ("REPEAT", "LINEAR") else self._evaluate(filler)
        )
        return fill([self._evaluate(arguments[0]), how], self._range)


def _label(key: Key, with_name: bool) -> str:
    values = " ".join(value for _, value in key[2])
    return f"{values} {key[1]}".strip() if with_name or not values else values
