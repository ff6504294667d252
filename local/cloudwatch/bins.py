"""What is kept of a metric for one span of time: count, sum, extremes, and the values for percentiles."""

from __future__ import annotations

import math
from collections.abc import Iterable

# Up to this many different values are kept as they are; more are rounded to 1 %, as the CloudWatch agent's SEH1 does.
MOST_EXACT_VALUES = 100
_LOG_STEP = math.log(1.01)


class Bin:
    """The values of one metric within one span. `values` maps a value to how often it came; None: no percentiles."""

    __slots__ = ("_rounded", "count", "high", "low", "total", "values")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.low = math.inf
        self.high = -math.inf
        self.values: dict[float, float] | None = {}
        self._rounded = False

    def add(self, value: float, count: float = 1.0) -> None:
        """Add a value that came `count` times."""
        self.count += count
        self.total += value * count
        if value < self.low:
            self.low = value
        if value > self.high:
            self.high = value
        if self.values is not None:
            near = rounded(value) if self._rounded else value
            self.values[near] = self.values.get(near, 0.0) + count
            self._round_if_many()

    def add_statistics(self, count: float, total: float, low: float, high: float) -> None:
        """Add a statistic set. Percentiles are lost, unless all its values are the same (as documented by AWS)."""
        if count <= 0:
            return
        if low == high and math.isclose(total, low * count):
            self.add(low, count)
            return
        self.count += count
        self.total += total
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.values = None

    def merge(self, other: Bin) -> None:
        """Add all of another bin."""
        self.count += other.count
        self.total += other.total
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        if self.values is None or other.values is None:
            self.values = None
            return
        for value, count in other.values.items():
            near = rounded(value) if self._rounded else value
            self.values[near] = self.values.get(near, 0.0) + count
        self._round_if_many()

    def _round_if_many(self) -> None:
        """Round what is there once; what comes later is rounded as it comes."""
        if self.values is None or self._rounded or len(self.values) <= MOST_EXACT_VALUES:
            return
        self._rounded = True
        exact, self.values = self.values, {}
        for value, count in exact.items():
            near = rounded(value)
            self.values[near] = self.values.get(near, 0.0) + count

    def statistic(self, name: str) -> float | None:
        """A statistic by CloudWatch's name, or None where it has none. Raises ValueError for an unknown name."""
        if self.count <= 0:
            return None
        if name in ("Sum", "SampleCount", "Average", "Minimum", "Maximum"):
            return {
                "Sum": self.total,
                "SampleCount": self.count,
                "Average": self.total / self.count,
                "Minimum": self.low,
                "Maximum": self.high,
            }[name]
        share = percentile_of(name)
        if self.values is None or self.low < 0:
            return None
        return percentile(self.values, share)

    def dump(self) -> list[object]:
        """A form for JSON."""
        values = None if self.values is None else [list(pair) for pair in self.values.items()]
        return [self.count, self.total, self.low, self.high, values]

    @classmethod
    def load(cls, dumped: list[object]) -> Bin:
        """The bin of a dump."""
        found = cls()
        found.count, found.total, found.low, found.high, values = dumped  # type: ignore[assignment]
        found.values = None if values is None else {pair[0]: pair[1] for pair in values}  # type: ignore[attr-defined]
        found._round_if_many()
        return found


def merged(bins: Iterable[Bin]) -> Bin:
    """One bin of many; none of them is changed."""
    result = Bin()
    for each in bins:
        result.merge(each)
    return result


def rounded(value: float) -> float:
    """A positive value to 1 % of itself, always to the same; zero and negative ones stay."""
    return math.exp(round(math.log(value) / _LOG_STEP) * _LOG_STEP) if value > 0 else value


def percentile_of(name: str) -> float:
    """The share in percent that a name as p99 or p99.9 asks for. Raises ValueError for another statistic."""
    try:
        share = float(name[1:]) if name[:1] == "p" else math.nan
    except ValueError:
        share = math.nan
    if not 0 <= share <= 100:
        raise ValueError(
            f"The embedded CloudWatch has no statistic {name}: Sum, SampleCount, Average, Minimum, Maximum, p0-p100"
        )
    return share


def percentile(values: dict[float, float], share: float) -> float:
    """The value below which `share` percent of the samples are, with linear interpolation between neighbors."""
    ordered = sorted(values.items())
    rank = share / 100 * (sum(count for _, count in ordered) - 1)
    rank = max(0.0, rank)
    seen = 0.0
    for position, (value, count) in enumerate(ordered):
        seen += count
        if rank <= seen - 1 or position == len(ordered) - 1:
            return value
        if rank < seen:
            following = ordered[position + 1][0]
            return value + (rank - (seen - 1)) * (following - value)
    raise ValueError("no values")
