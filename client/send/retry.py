"""When to try a request again: full jitter, the server's Retry-After, and an end to patience."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

BASE_SECONDS = 0.2
CAP_SECONDS = 10.0


@dataclass
class Patience:
    """How long a batch may go without progress. `clock` in seconds; `wait` sleeps, and is True when stopped."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], bool] = field(default_factory=lambda: threading.Event().wait)
    jitter: Callable[[float, float], float] = random.uniform

    def start(self) -> Attempts:
        """Begin to count for one batch."""
        return Attempts(self, self.clock())


@dataclass
class Attempts:
    """The failed attempts of one batch since it last got on."""

    patience: Patience
    since: float
    failures: int = 0

    def progressed(self) -> None:
        """Some rows were acknowledged: the retry deadline restarts."""
        self.since, self.failures = self.patience.clock(), 0

    def pause(self, retry_after: float | None) -> bool:
        """Wait before the next attempt; False when patience is at its end, or the sending is stopped.

        Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): a random time up to
        0.2 s, doubled with each failure, at most 10 s; on top of Retry-After where the server gives one.
        """
        ceiling = min(CAP_SECONDS, BASE_SECONDS * 2.0**self.failures)
        self.failures += 1
        seconds = (retry_after or 0.0) + self.patience.jitter(0.0, ceiling)
        if self.patience.clock() - self.since + seconds > self.patience.seconds:
            return False
        return not self.patience.wait(seconds)
