"""How long `send` waits, and when it stops waiting: on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.send.api import RETRY_BASE_SECONDS, RETRY_CAP_SECONDS, batch_budget
from client.send.pace import Pace
from shared.retry import Budget


@dataclass
class Clock:
    """Time that passes only by waiting."""

    now: float = 1_000.0
    waits: list[float] = field(default_factory=list)
    stopped: bool = False

    def time(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self.stopped


def budget(clock: Clock, seconds: float = 60.0, share: float = 1.0) -> Budget:
    return batch_budget(seconds, clock.wait, clock=clock.time, uniform=lambda low, high: low + share * (high - low))


def test_waits_double_up_to_a_cap() -> None:
    clock = Clock()
    deadline = budget(clock, 1_000)
    for repeat in range(10):
        assert deadline.wait(repeat)
    assert clock.waits[:6] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4])
    assert set(clock.waits[6:]) == {RETRY_CAP_SECONDS}


def test_the_jitter_is_full_so_that_many_senders_do_not_come_back_together() -> None:
    clock = Clock()
    assert budget(clock, share=0.0).wait(0)
    assert clock.waits == [0.0]


def test_retry_after_is_waited_for_whatever_the_jitter() -> None:
    clock = Clock()
    assert budget(clock, share=0.0).wait(0, 7.0)
    assert clock.waits == [7.0]


def test_the_deadline_ends_without_a_last_useless_wait() -> None:
    clock = Clock()
    deadline, repeat = budget(clock, seconds=5.0), 0
    while deadline.wait(repeat):
        repeat += 1
    assert sum(clock.waits) <= 5.0
    assert not deadline.wait(repeat)


def test_a_retry_after_beyond_the_deadline_is_not_waited_for() -> None:
    clock = Clock()
    assert not budget(clock, seconds=5.0).wait(0, 3_600.0)
    assert clock.waits == []


def test_progress_moves_the_deadline() -> None:
    clock = Clock()
    deadline = budget(clock, seconds=1.0)
    for _ in range(20):
        assert deadline.wait(0)
        deadline.restart()
    assert clock.waits == [RETRY_BASE_SECONDS] * 20


def test_a_stopped_sender_stops_waiting() -> None:
    clock = Clock(stopped=True)
    assert not budget(clock).wait(0)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=40), st.floats(1, 10_000))
def test_a_pace_never_lets_more_rows_begin_than_the_rate_allows(sizes: list[int], rate: float) -> None:
    clock = Clock()
    pace = Pace(rate, clock.wait, clock.time)
    taken = 0
    for size in sizes:
        assert pace.admit(size)
        assert taken <= rate * (clock.now - 1_000.0) + 0.01
        taken += size


def test_no_rate_means_no_wait() -> None:
    clock = Clock()
    assert all(Pace(None, clock.wait, clock.time).admit(500) for _ in range(5))
    assert clock.waits == []


def test_a_stopped_pace_admits_nothing() -> None:
    clock = Clock(stopped=True)
    pace = Pace(1.0, clock.wait, clock.time)
    assert pace.admit(10)
    assert not pace.admit(10)
