"""How long `send` waits, and when it stops waiting: on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.send.pace import Pace
from client.send.retry import BASE_SECONDS, CAP_SECONDS, Patience


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


def patience(clock: Clock, seconds: float = 60.0, share: float = 1.0) -> Patience:
    return Patience(seconds, clock.time, clock.wait, lambda low, high: low + share * (high - low))


def test_waits_double_up_to_a_cap() -> None:
    clock = Clock()
    attempts = patience(clock, 1_000).start()
    for _ in range(10):
        assert attempts.pause(None)
    assert clock.waits[:6] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4])
    assert set(clock.waits[6:]) == {CAP_SECONDS}


def test_the_jitter_is_full_so_that_many_senders_do_not_come_back_together() -> None:
    clock = Clock()
    assert patience(clock, share=0.0).start().pause(None)
    assert clock.waits == [0.0]


def test_retry_after_is_waited_for_whatever_the_jitter() -> None:
    clock = Clock()
    assert patience(clock, share=0.0).start().pause(7.0)
    assert clock.waits == [7.0]


def test_patience_ends_without_a_last_useless_wait() -> None:
    clock = Clock()
    attempts = patience(clock, seconds=5.0).start()
    while attempts.pause(None):
        pass
    assert sum(clock.waits) <= 5.0
    assert not attempts.pause(None)


def test_a_retry_after_beyond_patience_is_not_waited_for() -> None:
    clock = Clock()
    assert not patience(clock, seconds=5.0).start().pause(3_600.0)
    assert clock.waits == []


def test_progress_makes_patience_restart() -> None:
    clock = Clock()
    attempts = patience(clock, seconds=1.0).start()
    for _ in range(20):
        assert attempts.pause(None)
        attempts.progressed()
    assert clock.waits == [BASE_SECONDS] * 20


def test_a_stopped_sender_stops_waiting() -> None:
    clock = Clock(stopped=True)
    assert not patience(clock).start().pause(None)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=40), st.floats(1, 10_000))
def test_a_pace_never_lets_more_rows_begin_than_the_rate_allows(sizes: list[int], rate: float) -> None:
    clock = Clock()
    pace = Pace(rate, clock.wait, clock.time)
    begun = 0
    for size in sizes:
        assert pace.admit(size)
        assert begun <= rate * (clock.now - 1_000.0) + 0.01
        begun += size


def test_no_rate_means_no_wait() -> None:
    clock = Clock()
    assert all(Pace(None, clock.wait, clock.time).admit(500) for _ in range(5))
    assert clock.waits == []


def test_a_stopped_pace_admits_nothing() -> None:
    clock = Clock(stopped=True)
    pace = Pace(1.0, clock.wait, clock.time)
    assert pace.admit(10)
    assert not pace.admit(10)
