"""Retries end: by time, by number, and never with a wait that would pass the deadline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.retry import CAP_SECONDS, MAX_WAITS, Budget, seconds_left
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.events import Context


def test_waits_double_up_to_the_cap() -> None:
    clock = FakeClock()
    budget = clock.budget(1000)
    assert all(budget.wait(repeat) for repeat in range(8))
    assert clock.sleeps == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, CAP_SECONDS, CAP_SECONDS]


@given(st.floats(0, 30), st.integers(0, 2**32))
def test_no_wait_ever_passes_the_deadline(seconds: float, seed: int) -> None:
    import random

    clock = FakeClock(reading=0.001)
    budget = Budget(seconds, clock=clock, sleep=clock.sleep, uniform=random.Random(seed).uniform)
    repeat = 0
    while budget.wait(repeat):
        repeat += 1
    assert sum(clock.sleeps) <= seconds
    assert repeat <= MAX_WAITS


def test_the_number_of_waits_is_limited_even_if_the_clock_stands_still() -> None:
    clock = FakeClock()
    budget = Budget(10, clock=clock, sleep=clock.sleep, uniform=lambda low, _high: low)
    assert [budget.wait(repeat) for repeat in range(MAX_WAITS + 1)] == [True] * MAX_WAITS + [False]


def test_a_budget_is_spent_at_its_deadline() -> None:
    clock = FakeClock()
    budget = clock.budget(2)
    assert not budget.spent
    clock.now = 2
    assert budget.spent
    assert not budget.wait(0)


def test_the_seconds_left_are_those_of_the_invocation_less_the_reserve() -> None:
    assert seconds_left(Context(remaining_ms=20_000), reserve=8, most=60) == 12
    assert seconds_left(Context(remaining_ms=29_000), reserve=8, most=8) == 8


def test_the_reserve_never_takes_more_than_half() -> None:
    assert seconds_left(Context(remaining_ms=6_000), reserve=8, most=8) == 3
    assert seconds_left(Context(remaining_ms=0), reserve=8, most=8) == 0
