"""How long and how often a partial failure is tried again: full-jitter backoff within a budget of time and attempts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

BASE_SECONDS = 0.05
CAP_SECONDS = 2.0
MAX_WAITS = 40  # a second limit, should the clock ever stand still


class Budget:
    """A deadline shared by everything that works on one invocation; safe to use from several threads.

    Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): the wait before the n-th
    repeat is uniform between 0 and ``min(cap, base * 2**n)``, so that writers that were throttled together do not
    come back together.
    """

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._clock, self._sleep, self._uniform = clock, sleep, uniform
        self._deadline = clock() + seconds

    @property
    def spent(self) -> bool:
        """Whether the deadline has passed."""
        return self._clock() >= self._deadline

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0 once it has passed."""
        return max(0.0, self._deadline - self._clock())

    def wait(self, repeat: int) -> bool:
        """Sleep before the n-th repeat (from 0). False, without a sleep, when the wait would pass the deadline."""
        if repeat >= MAX_WAITS:
            return False
        seconds = self._uniform(0, min(CAP_SECONDS, BASE_SECONDS * 2**repeat))
        if self._clock() + seconds >= self._deadline:
            return False
        self._sleep(seconds)
        return True


def seconds_left(context: object, reserve: float, most: float) -> float:
    """Give the seconds a Lambda invocation may spend on repeats: what is left less a reserve, at most ``most``.

    ``context`` is the Lambda context. The reserve covers the call in flight at the deadline and the answer; it never
    takes more than half, since an invocation that tries nothing would be repeated for nothing.
    """
    remaining = context.get_remaining_time_in_millis() / 1000  # type: ignore[attr-defined]
    return max(0.0, min(most, max(remaining - reserve, remaining / 2)))
