"""What metric math works on: numbers, time series, and arrays of labeled time series; the operators between them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field

from local.cloudwatch.expression import ExpressionError

Points = dict[int, float]


@dataclass
class Series:
    """A time series: values by the beginning of their period."""

    points: Points
    period: int
    label: str = ""

    def mapped(self, function: Callable[[float], float | None]) -> Series:
        """The series with another value at each point; without the points for which there is none."""
        points = {at: new for at, old in self.points.items() if (new := function(old)) is not None}
        return Series(points, self.period, self.label)


@dataclass
class Array:
    """Several time series."""

    series: list[Series] = field(default_factory=list)


Value = float | Series | Array


def divide(left: float, right: float) -> float | None:
    """A point divided by zero is no point."""
    return left / right if right else None


def power(left: float, right: float) -> float | None:
    """A power that is no real number is no point."""
    try:
        result = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return None if isinstance(result, complex) else result


OPERATORS: dict[str, Callable[[float, float], float | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "^": power,
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "&&": lambda a, b: float(bool(a) and bool(b)),
    "||": lambda a, b: float(bool(a) or bool(b)),
}


def combined(function: Callable[[float, float], float | None], left: Value, right: Value) -> Value:
    """An operator applied point by point: two series meet where both have a point, an array is done series by series.

    Raises ExpressionError for two arrays of different length.
    """
    if isinstance(left, Array) and isinstance(right, Array):
        if len(left.series) != len(right.series):
            raise ExpressionError("Two arrays of metrics that are combined must have as many metrics")
        pairs = zip(left.series, right.series, strict=True)
        return Array([series(combined(function, one, other)) for one, other in pairs])
    if isinstance(left, Array):
        return Array([_named(series(combined(function, one, right)), one.label) for one in left.series])
    if isinstance(right, Array):
        return Array([_named(series(combined(function, left, one)), one.label) for one in right.series])
    if isinstance(left, Series) and isinstance(right, Series):
        common = left.points.keys() & right.points.keys()
        found = {at: function(left.points[at], right.points[at]) for at in sorted(common)}
        period = max(left.period, right.period)
        return Series({at: value for at, value in found.items() if value is not None}, period, left.label)
    if isinstance(left, Series):
        number = scalar(right)
        return left.mapped(lambda value: function(value, number))
    if isinstance(right, Series):
        number = left
        return right.mapped(lambda value: function(number, value))
    result = function(left, scalar(right))
    if result is None:
        raise ExpressionError("Division by zero")
    return result


def _named(one: Series, label: str) -> Series:
    one.label = label
    return one


def series(value: Value) -> Series:
    """The value as one series. Raises ExpressionError for anything else."""
    if not isinstance(value, Series):
        raise ExpressionError("A time series is expected where a number or an array of metrics is given")
    return value


def scalar(value: Value) -> float:
    """The value as a number. Raises ExpressionError for anything else."""
    if not isinstance(value, float):
        raise ExpressionError("A number is expected where a time series is given")
    return value


def array(value: Value) -> list[Series]:
    """The value as several series. Raises ExpressionError for anything else."""
    if isinstance(value, Array):
        return value.series
    return [series(value)]
