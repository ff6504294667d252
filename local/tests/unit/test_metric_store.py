"""The embedded CloudWatch's metrics: bounded in memory, the same after a restart, percentiles within a percent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from local.cloudwatch import store as module
from local.cloudwatch.bins import Bin
from local.cloudwatch.keeping import Keeper
from local.cloudwatch.store import COARSE_KEPT_SECONDS, FINE_KEPT_SECONDS, Datum, MetricStore, dimensions_of

KEY = ("N", "m", dimensions_of({"a": "b"}))
NOW = 1_800_000_000


def put(store: MetricStore, at: float, value: float = 1.0) -> None:
    store.put([Datum(*KEY, value, at)])


def sums(store: MetricStore, period: int, start: float, end: float, now: float = NOW) -> dict[int, float]:
    found = store.points(KEY, period, start, end, now)
    return {at: total for at, one in found.items() if (total := one.statistic("Sum")) is not None}


def test_fine_points_live_three_hours_and_minutes_fifteen_days() -> None:
    store = MetricStore()
    old = NOW - FINE_KEPT_SECONDS - 600
    for at in (NOW - COARSE_KEPT_SECONDS - 600, old, old + 15, NOW - 5):
        put(store, at)
    store.tidy(NOW)
    assert sums(store, 60, 0, NOW) == {old - old % 60: 2, NOW - 60: 1}
    assert sum(sums(store, 10, 0, NOW).values()) == 1


def test_there_are_never_more_bins_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BINS", 50)
    store = MetricStore()
    for minute in range(100):
        put(store, NOW - 60 * minute)
    store.tidy(NOW)
    kept = sums(store, 60, 0, NOW + 60)
    assert 20 <= len(kept) <= 30
    assert max(kept) == NOW - NOW % 60


def test_a_restart_brings_back_what_was_kept(tmp_path: Path) -> None:
    store = MetricStore()
    keeper = Keeper(store, tmp_path)
    keeper.load(NOW)
    put(store, NOW - 20_000, 4)
    store.tidy(NOW)
    keeper.rewrite()
    for value in (1, 2, 3):
        put(store, NOW - 30, value)
        keeper.append()
    with (tmp_path / "metrics.ndjson").open("ab") as file:
        file.write(b'[["N","m"],[["a","b"')  # the kill cut it off
    again = MetricStore()
    Keeper(again, tmp_path).load(NOW)
    for one in (store, again):
        assert sums(one, 60, NOW - 30_000, NOW) == {NOW - 20_000 - (NOW - 20_000) % 60: 4, NOW - 60: 6}
        found = one.points(KEY, 10, NOW - 60, NOW, NOW)[NOW - 30]
        assert (found.statistic("p50"), found.statistic("Maximum")) == (2, 3)


def test_percentiles_of_many_values_are_right_within_a_percent() -> None:
    values = np.random.default_rng(7).lognormal(3, 1.2, 20_000)
    one, parts = Bin(), [Bin() for _ in range(7)]
    for index, value in enumerate(values):
        one.add(float(value))
        parts[index % 7].add(float(value))
    together = Bin()
    for part in parts:
        together.merge(part)
    for share in (50, 90, 99, 99.9):
        expected = np.percentile(values, share)
        assert one.statistic(f"p{share}") == pytest.approx(expected, rel=0.01)
        assert together.statistic(f"p{share}") == pytest.approx(expected, rel=0.02)


def test_a_statistic_set_has_no_percentiles_unless_all_its_values_are_one() -> None:
    mixed, same = Bin(), Bin()
    mixed.add_statistics(3, 30, 5, 15)
    same.add_statistics(3, 30, 10, 10)
    assert mixed.statistic("p99") is None
    assert (same.statistic("p99"), same.statistic("Average")) == (10, 10)
