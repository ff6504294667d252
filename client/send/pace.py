"""Holds a stream of rows back to a rate."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Pace:
    """At most `rate` rows per second; None: as fast as they come. `wait` sleeps, and is True when stopped."""

    rate: float | None
    wait: Callable[[float], bool]
    clock: Callable[[], float] = time.monotonic
    due: float = field(default=float("-inf"))

    def admit(self, rows: int) -> bool:
        """Wait until some rows may go; False when stopped meanwhile. Unused time is not saved up."""
        if self.rate is None:
            return True
        now = self.clock()
        if self.due > now and self.wait(self.due - now):
            return False
        self.due = max(self.due, now) + rows / self.rate
        return True
