"""The functions of metric math, as far as the embedded CloudWatch has them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from local.cloudwatch.expression import ExpressionError
from local.cloudwatch.values import Array, Points, Series, Value, array, scalar, series


@dataclass(frozen=True)
class Range:
    """The time asked for, [start, end), and the smallest period of the request's metrics."""

    start: int
    end: int
    period: int

    def moments(self, period: int | None = None) -> range:
        """The beginnings of all periods."""
        step = period or self.period
        return range(first_of(self.start, step), self.end, step)


def first_of(start: int, period: int) -> int:
    """Where the first period of a request begins: the minute of its start, or for shorter periods their own beginning.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """
    return start - start % min(period, 60)


Function = Callable[[Sequence[Value], Range], Value]


def _aggregate(reduce: Callable[[list[float]], float]) -> Function:
    """An array becomes a series (over those that have a point there), a series becomes a number."""

    def apply(arguments: Sequence[Value], _: Range) -> Value:
        value = arguments[0]
        if isinstance(value, float):
            return reduce([value])
        if isinstance(value, Series):
            return reduce(list(value.points.values())) if value.points else math.nan
        points: dict[int, list[float]] = {}
        for one in value.series:
            for at, number in one.points.items():
                points.setdefault(at, []).append(number)
        period = max((one.period for one in value.series), default=60)
        return Series({at: reduce(numbers) for at, numbers in sorted(points.items())}, period)

    return apply


def _pointwise(function: Callable[[float], float | None]) -> Function:
    def apply(arguments: Sequence[Value], _: Range) -> Value:
        value = arguments[0]
        if isinstance(value, float):
            result = function(value)
            return math.nan if result is None else result
        if isinstance(value, Array):
            return Array([one.mapped(function) for one in value.series])
        return value.mapped(function)

    return apply


def _per_series(function: Callable[[Series, Range], Points]) -> Function:
    def apply(arguments: Sequence[Value], span: Range) -> Value:
        done = [Series(function(one, span), one.period, one.label) for one in array(arguments[0])]
        return Array(done) if isinstance(arguments[0], Array) else done[0]

    return apply


def _steps(one: Series) -> list[tuple[tuple[int, float], tuple[int, float]]]:
    ordered = sorted(one.points.items())
    return list(itertools.pairwise(ordered))


def _rate(one: Series, _: Range) -> Points:
    return {at: (value - before) / (at - earlier) for (earlier, before), (at, value) in _steps(one)}


def _diff(one: Series, _: Range) -> Points:
    return {at: value - before for (_, before), (at, value) in _steps(one)}


def _diff_time(one: Series, _: Range) -> Points:
    return {at: float(at - earlier) for (earlier, _), (at, _) in _steps(one)}


def _running_sum(one: Series, _: Range) -> Points:
    total, points = 0.0, {}
    for at, value in sorted(one.points.items()):
        total += value
        points[at] = total
    return points


def fill(arguments: Sequence[Value | str], span: Range) -> Value:
    """FILL(series, number | REPEAT | LINEAR | other series): the points that are missing within the range."""
    value, filler = arguments[0], arguments[1]
    if isinstance(value, float | str):
        raise ExpressionError("FILL takes a metric or an array of metrics")
    done = [Series(_filled(one, filler, span), one.period, one.label) for one in array(value)]
    return Array(done) if isinstance(value, Array) else done[0]


def _filled(one: Series, filler: Value | str, span: Range) -> Points:
    moments = span.moments(one.period)
    if isinstance(filler, float):
        return {at: one.points.get(at, filler) for at in moments}
    if isinstance(filler, Series):
        return {at: v for at in moments if (v := one.points.get(at, filler.points.get(at))) is not None}
    known = sorted(one.points)
    points: Points = {}
    for at in moments:
        before = max((k for k in known if k <= at), default=None)
        after = min((k for k in known if k >= at), default=None)
        if before is None or (filler == "LINEAR" and after is None):
            continue
        if filler == "REPEAT" or before == after or after is None:
            points[at] = one.points[before]
        else:
            share = (at - before) / (after - before)
            points[at] = one.points[before] + share * (one.points[after] - one.points[before])
    return points


def choose(arguments: Sequence[Value], span: Range) -> Value:
    """IF(condition, then, otherwise): a point where the condition is not 0, else the other, or none."""
    condition = arguments[0]
    if isinstance(condition, float):
        if condition:
            return arguments[1]
        if len(arguments) > 2:
            return arguments[2]
        return Series({}, span.period)
    test = series(condition)
    points: Points = {}
    for at, truth in test.points.items():
        branch = arguments[1] if truth else arguments[2] if len(arguments) > 2 else None
        if isinstance(branch, Series):
            if at in branch.points:
                points[at] = branch.points[at]
        elif branch is not None:
            points[at] = scalar(branch)
    return Series(points, test.period)


def _time_series(arguments: Sequence[Value], span: Range) -> Value:
    number = scalar(arguments[0])
    return Series(dict.fromkeys(span.moments(), number), span.period)


def _end(pick: int) -> Function:
    def apply(arguments: Sequence[Value], _: Range) -> Value:
        found = array(arguments[0])
        if not found:
            raise ExpressionError("FIRST and LAST need at least one metric")
        return found[pick]

    return apply


def _period(arguments: Sequence[Value], _: Range) -> Value:
    return float(series(arguments[0]).period)


def _datapoint_count(arguments: Sequence[Value], span: Range) -> Value:
    value = arguments[0]
    if isinstance(value, Series):
        return float(len(value.points))
    return _aggregate(lambda numbers: float(len(numbers)))(arguments, span)


def _remove_empty(arguments: Sequence[Value], _: Range) -> Value:
    return Array([one for one in array(arguments[0]) if one.points])


# Name -> (function, fewest arguments, most arguments).
FUNCTIONS: dict[str, tuple[Function, int, int]] = {
    "SUM": (_aggregate(math.fsum), 1, 1),
    "AVG": (_aggregate(statistics.fmean), 1, 1),
    "MIN": (_aggregate(min), 1, 1),
    "MAX": (_aggregate(max), 1, 1),
    "STDDEV": (_aggregate(statistics.pstdev), 1, 1),
    "ABS": (_pointwise(abs), 1, 1),
    "CEIL": (_pointwise(lambda v: float(math.ceil(v))), 1, 1),
    "FLOOR": (_pointwise(lambda v: float(math.floor(v))), 1, 1),
    "LOG": (_pointwise(lambda v: math.log(v) if v > 0 else None), 1, 1),
    "LOG10": (_pointwise(lambda v: math.log10(v) if v > 0 else None), 1, 1),
    "RATE": (_per_series(_rate), 1, 1),
    "DIFF": (_per_series(_diff), 1, 1),
    "DIFF_TIME": (_per_series(_diff_time), 1, 1),
    "RUNNING_SUM": (_per_series(_running_sum), 1, 1),
    "IF": (choose, 2, 3),
    "TIME_SERIES": (_time_series, 1, 1),
    "FIRST": (_end(0), 1, 1),
    "LAST": (_end(-1), 1, 1),
    "PERIOD": (_period, 1, 1),
    "DATAPOINT_COUNT": (_datapoint_count, 1, 1),
    "REMOVE_EMPTY": (_remove_empty, 1, 1),
}
