"""How long and how often a partial failure is tried again: full-jitter backoff within a budget of time and attempts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

BASE_SECONDS = 0.05
CAP_SECONDS = 2.0
MAX_WAITS = 40  # a second limit, should the clock ever stand still


class Budget:
    """A deadline shared by everything that works on one invocation or batch; safe to use from several threads.

    Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): the wait before the n-th
    repeat is uniform between 0 and ``min(cap, base * 2**n)``, so that writers that were throttled together do not
    come back together.
    """

    def __init__(
        self,
        seconds: float,
        *,
        base: float = BASE_SECONDS,
        cap: float = CAP_SECONDS,
        most_waits: int = MAX_WAITS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], bool | None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._base, self._cap, self._most_waits = base, cap, most_waits
        self._clock, self._sleep, self._uniform = clock, sleep, uniform
        self._seconds = seconds
        self.restart()

    def restart(self) -> None:
        """Progress was made: move the deadline."""
        self._deadline = self._clock() + self._seconds

    @property
    def spent(self) -> bool:
        """Whether the deadline has passed."""
        return self._clock() >= self._deadline

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0 once it has passed."""
        return max(0.0, self._deadline - self._clock())

    def wait(self, repeat: int, retry_after: float = 0.0) -> bool:
        """Sleep before the n-th repeat (from 0), on top of the seconds that a server asked for.

        False, without a sleep, when the wait would pass the deadline; False also when ``sleep`` returns True:
        the work was stopped.
        """
        if repeat >= self._most_waits:
            return False
        seconds = retry_after + self._uniform(0, min(self._cap, self._base * 2.0 ** min(repeat, 60)))
        if self._clock() + seconds >= self._deadline:
            return False
        return not self._sleep(seconds)


def seconds_left(context: object, reserve: float, most: float) -> float:
    """Give the seconds a Lambda invocation may spend on repeats: what is left less a reserve, at most ``most``.

    ``context`` is the Lambda context. The reserve covers the call in flight at the deadline and the answer; it never
    takes more than half, since an invocation that tries nothing would be repeated for nothing.
    """
    remaining = context.get_remaining_time_in_millis() / 1000  # type: ignore[attr-defined]
    return max(0.0, min(most, max(remaining - reserve, remaining / 2)))
