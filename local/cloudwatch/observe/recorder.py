"""Puts what a service did into the metric store, under the service's namespace."""

from __future__ import annotations

import time
from collections.abc import Mapping

from local.cloudwatch.store import Datum, Dimensions, MetricStore, dimensions_of

Values = Mapping[str, tuple[float, str]]


class Recorder:
    """Records for one namespace, as AWS/Lambda."""

    def __init__(self, store: MetricStore, namespace: str) -> None:
        self._store, self._namespace = store, namespace

    def record(self, values: Values, *sets: Mapping[str, str], at: float | None = None) -> None:
        """Values with their units, by metric name, under each set of dimensions."""
        now = time.time() if at is None else at
        keys: list[Dimensions] = [dimensions_of(names) for names in sets]
        self._store.put(
            Datum(self._namespace, name, key, value, now, unit)
            for key in keys
            for name, (value, unit) in values.items()
        )


def count(value: float = 1.0) -> tuple[float, str]:
    """A value of unit Count."""
    return float(value), "Count"


def seconds(value: float) -> tuple[float, str]:
    """An age."""
    return float(value), "Seconds"


def milliseconds(seconds: float) -> tuple[float, str]:
    """A duration as CloudWatch has it."""
    return seconds * 1000, "Milliseconds"
