"""The metrics: per metric, 10-second bins for three hours and 60-second bins for fifteen days, in bounded memory.

CloudWatch keeps 60-second points for fifteen days, and for three hours finer ones of metrics that were sent with a
storage resolution of a second. Here every metric is kept in 10-second bins, so that a stage on a laptop can have
alarms of short periods; finer than that is not kept.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloudwatch.bins import Bin, merged

FINE_SECONDS, COARSE_SECONDS = 10, 60
FINE_KEPT_SECONDS, COARSE_KEPT_SECONDS = 3 * 3600, 15 * 24 * 3600
MOST_SERIES = 5000
MOST_BINS = 400_000
Dimensions = tuple[tuple[str, str], ...]
Key = tuple[str, str, Dimensions]


@dataclass(frozen=True, slots=True)
class Datum:
    """A value of a metric, `count` times, at a moment in seconds since 1970."""

    namespace: str
    name: str
    dimensions: Dimensions
    value: float
    at: float
    unit: str = "None"
    count: float = 1.0


class Series:
    """One metric: a namespace, a name and one set of dimensions."""

    __slots__ = ("coarse", "fine", "unit")

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.fine: dict[int, Bin] = {}
        self.coarse: dict[int, Bin] = {}

    def bins_at(self, at: float) -> tuple[Bin, Bin]:
        """The bins that a moment falls in."""
        second = int(at)
        fine, coarse = second - second % FINE_SECONDS, second - second % COARSE_SECONDS
        if fine not in self.fine:
            self.fine[fine] = Bin()
        if coarse not in self.coarse:
            self.coarse[coarse] = Bin()
        return self.fine[fine], self.coarse[coarse]

    def only_coarse(self) -> list[tuple[int, Bin]]:
        """The 60-second bins from before the first fine one."""
        first = min(self.fine, default=None)
        return [(at, each) for at, each in self.coarse.items() if first is None or at + COARSE_SECONDS <= first]


def dimensions_of(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> Dimensions:
    """A set of dimensions in the form that the store compares."""
    return tuple(sorted(dict(pairs).items()))


class MetricStore:
    """All metrics of the account's one region. Safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[Key, Series] = {}
        self.changed: set[tuple[Key, int]] = set()  # the fine bins that `journal` has not written yet

    def put(self, data: Iterable[Datum]) -> None:
        """Add values."""
        with self._lock:
            for datum in data:
                for each in self._bins((datum.namespace, datum.name, datum.dimensions), datum.unit, datum.at):
                    each.add(datum.value, datum.count)

    def put_statistics(self, key: Key, unit: str, at: float, statistics: tuple[float, float, float, float]) -> None:
        """Add a statistic set: SampleCount, Sum, Minimum, Maximum."""
        with self._lock:
            for each in self._bins(key, unit, at):
                each.add_statistics(*statistics)

    def _bins(self, key: Key, unit: str, at: float) -> tuple[Bin, ...]:
        series = self._series.get(key)
        if series is None:
            if len(self._series) >= MOST_SERIES:
                return ()
            series = self._series[key] = Series(unit)
        self.changed.add((key, int(at) - int(at) % FINE_SECONDS))
        return series.bins_at(at)

    def points(self, key: Key, period: int, start: float, end: float, now: float) -> dict[int, Bin]:
        """The bins of a metric by the beginning of their period, the first at ``start``; empty ones are left out.

        Raises ValueError for a period that is not kept.
        """
        if period < FINE_SECONDS or period % FINE_SECONDS:
            raise ValueError(
                f"Period {period}: the embedded CloudWatch keeps metrics in steps of {FINE_SECONDS} seconds"
            )
        with self._lock:
            series = self._series.get(key)
            if series is None:
                return {}
            coarse = period % COARSE_SECONDS == 0 and start < now - FINE_KEPT_SECONDS + period
            bins, step = (series.coarse, COARSE_SECONDS) if coarse else (series.fine, FINE_SECONDS)
            grouped: dict[int, list[Bin]] = {}
            first = int(start)
            # An alarm asks for a few of many bins, a dashboard for most of them.
            few = (end - start) / step < len(bins)
            for moment in range(first - first % step, int(end) + period, step) if few else bins:
                beginning = first + (moment - first) // period * period
                if start <= beginning < end and moment in bins:
                    grouped.setdefault(beginning, []).append(bins[moment])
            return {beginning: merged(group) for beginning, group in sorted(grouped.items())}

    def unit(self, key: Key) -> str:
        """The unit that the metric was first sent with."""
        with self._lock:
            return self._series[key].unit if key in self._series else "None"

    def keys(self, namespace: str | None = None, name: str | None = None) -> list[Key]:
        """The metrics there are."""
        with self._lock:
            return [k for k in self._series if namespace in (None, k[0]) and name in (None, k[1])]

    def last_at(self, key: Key) -> int:
        """The beginning of the newest bin of a metric; 0 when there is none."""
        with self._lock:
            series = self._series.get(key)
            return max(series.fine, default=0) if series else 0

    def tidy(self, now: float) -> None:
        """Forget what is past its time, and the oldest bins of all beyond the most there may be."""
        with self._lock:
            self._forget(now - FINE_KEPT_SECONDS, now - COARSE_KEPT_SECONDS)
            excess = sum(len(s.fine) + len(s.coarse) for s in self._series.values()) - MOST_BINS
            if excess > 0:
                moments = sorted(m for s in self._series.values() for m in (*s.fine, *s.coarse))
                self._forget(moments[excess], moments[excess])

    def _forget(self, fine_before: float, coarse_before: float) -> None:
        for key, series in list(self._series.items()):
            series.fine = {moment: each for moment, each in series.fine.items() if moment >= fine_before}
            series.coarse = {moment: each for moment, each in series.coarse.items() if moment >= coarse_before}
            if not series.coarse and not series.fine:
                del self._series[key]

    def take_changed(self) -> list[list[Any]]:
        """The fine bins that changed since the last call, as they are now, in a form for JSON."""
        with self._lock:
            changed, self.changed = self.changed, set()
            return [
                [list(key[:2]), [list(pair) for pair in key[2]], series.unit, moment, series.fine[moment].dump()]
                for key, moment in changed
                if (series := self._series.get(key)) is not None and moment in series.fine
            ]

    def dump(self) -> list[list[Any]]:
        """All there is, in the form of `take_changed`: the fine bins, and 60-second ones where there are none."""
        with self._lock:
            return [
                [list(key[:2]), [list(pair) for pair in key[2]], series.unit, moment, each.dump()]
                for key, series in self._series.items()
                for moment, each in (*series.only_coarse(), *series.fine.items())
            ]

    def load(self, entries: Iterable[list[Any]]) -> None:
        """Take in what `take_changed` gave, the last of each bin; the 60-second bins are made of them."""
        latest: dict[tuple[Key, int], tuple[str, list[object]]] = {}
        for (namespace, name), pairs, unit, moment, dumped in entries:
            key = (namespace, name, tuple((pair[0], pair[1]) for pair in pairs))
            latest[key, moment] = (unit, dumped)
        with self._lock:
            for (key, moment), (unit, dumped) in latest.items():
                series = self._series.setdefault(key, Series(unit))
                series.fine[moment] = Bin.load(dumped)
                coarse = moment - moment % COARSE_SECONDS
                series.coarse.setdefault(coarse, Bin()).merge(series.fine[moment])
