"""The functions of `stats`: count, sum, avg, min, max, pct and others, over the events of a group."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from local.insights.functions import number, shown
from local.insights.lexer import QueryError

Aggregate = Callable[[Sequence[Any]], Any]


def _numbers(values: Sequence[Any]) -> list[float]:
    return [found for value in values if (found := number(value)) is not None]


def _least(values: Sequence[Any]) -> Any:
    numbers = _numbers(values)
    return min(numbers) if numbers else min(map(shown, values), default=None)


def _most(values: Sequence[Any]) -> Any:
    numbers = _numbers(values)
    return max(numbers) if numbers else max(map(shown, values), default=None)


def percentile(share: float) -> Aggregate:
    """pct(field, share): with linear interpolation."""

    def apply(values: Sequence[Any]) -> float | None:
        numbers = sorted(_numbers(values))
        if not numbers:
            return None
        rank = share / 100 * (len(numbers) - 1)
        low = int(rank)
        high = min(low + 1, len(numbers) - 1)
        return numbers[low] + (rank - low) * (numbers[high] - numbers[low])

    return apply


# Each gets the values there are (not the missing ones), in the order of the events.
AGGREGATES: dict[str, Aggregate] = {
    "count": len,
    "count_distinct": lambda values: len(set(map(shown, values))),
    "sum": lambda values: sum(_numbers(values)) if _numbers(values) else None,
    "avg": lambda values: statistics.fmean(_numbers(values)) if _numbers(values) else None,
    "min": _least,
    "max": _most,
    "median": percentile(50),
    "stddev": lambda values: statistics.pstdev(_numbers(values)) if _numbers(values) else None,
    "earliest": lambda values: values[0] if values else None,
    "latest": lambda values: values[-1] if values else None,
    "sortsfirst": _least,
    "sortslast": _most,
}


def aggregate(name: str, more: Sequence[float]) -> Aggregate:
    """The aggregate of a name; pct takes its share. Raises QueryError."""
    if name in ("pct", "percentile"):
        if len(more) != 1 or not 0 <= more[0] <= 100:
            raise QueryError("pct(field, 99) takes a share from 0 to 100")
        return percentile(more[0])
    if name not in AGGREGATES or more:
        raise QueryError(f"the embedded Insights has no aggregate {name}() of that form")
    return AGGREGATES[name]
