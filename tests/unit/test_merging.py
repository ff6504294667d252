"""Passes keep their pace, the last one ends before the next run is due, and their counts are read, never guessed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.warehouse.merging import SHORTEST_PASS_SECONDS, MergeResult, passes, read_look, read_result
from tests.unit.fakes.clock import FakeClock


def run(every: float, seconds: float, durations: list[float]) -> list[float]:
    """Run passes of the given durations (the last one repeats); give the times at which they began."""
    clock, began = FakeClock(), []
    for left in passes(every, seconds, clock, clock.sleep):
        assert left == pytest.approx(seconds - clock.now)
        began.append(clock.now)
        clock.now += durations[min(len(began), len(durations)) - 1]
    return began


def test_short_passes_begin_at_an_even_pace() -> None:
    assert run(20, 55, [0.5]) == [0, 20, 40]
    assert run(5, 55, [0.5]) == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]


def test_once_a_minute_is_one_pass() -> None:
    assert run(60, 55, [0.5]) == [0]


def test_after_a_long_pass_the_next_begins_at_once() -> None:
    assert run(10, 55, [12, 1]) == [0, 12, 22, 32, 42]


def test_no_pass_begins_that_might_not_end_in_time() -> None:
    assert run(5, 55, [20]) == [0, 20]
    assert run(5, 55, [54]) == [0]


@given(st.floats(1, 60), st.floats(0, 60), st.floats(0, 60))
def test_passes_of_one_duration_end_in_time_save_the_first(every: float, seconds: float, duration: float) -> None:
    began = run(every, seconds, [duration])
    assert len(began) >= 1
    for earlier, later in pairwise(began):
        assert later - earlier >= duration - 1e-6
    if len(began) > 1:
        assert began[-1] + max(duration, SHORTEST_PASS_SECONDS) <= seconds + 1e-6


def test_the_counts_are_read_by_name() -> None:
    row = {"staged": 5, "inserted": 3, "duplicates": 2, "newest_occurred_at": "2020-06-21", "waited_seconds": 7}
    row |= {"replaced": 1, "conflicts": 1, "unresolved": 2}
    assert read_result([row]) == MergeResult(5, 3, 2, 7.0, 1, 1, 2)
    assert read_result([row | {"staged": 0, "waited_seconds": None}]).waited_seconds is None


@pytest.mark.parametrize("rows", [[], [{}, {}]])
def test_a_merge_without_counts_is_an_error_not_zero(rows: list) -> None:
    for read in (read_result, read_look):
        with pytest.raises(ValueError, match="expected one"):
            read(rows)


def test_a_look_says_what_waits_to_be_merged_and_to_be_told() -> None:
    assert read_look([{"waiting": 3, "unresolved": 1}]) == (3, 1)
