"""A clock that moves only when somebody sleeps or calls, and the budget that goes by it."""

from __future__ import annotations

from shared.retry import Budget


class FakeClock:
    """Seconds; every reading takes a little, so that no loop can stand still in time."""

    def __init__(self, reading: float = 0.0) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []
        self._reading = reading

    def __call__(self) -> float:
        self.now += self._reading
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.sleeps.append(seconds)
        self.now += seconds

    def budget(self, seconds: float) -> Budget:
        """A budget with the longest waits that jitter can draw, so that tests depend on no luck."""
        return Budget(seconds, clock=self, sleep=self.sleep, uniform=lambda _low, high: high)
