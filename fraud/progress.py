"""How far a training has come: steps with their share done and the time left, for a person who waits."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

Progress = Callable[[str, int, int], None]  # step, how many are done, of how many


def quiet(_step: str, _done: int, _total: int) -> None:
    """Say nothing."""


class Lines:
    """Writes a line when a step begins and ends, and every few seconds in between."""

    def __init__(
        self, out: TextIO = sys.stderr, every: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._out, self._every, self._clock = out, every, clock
        self._plan: list[str] = []
        self._step, self._done = "", 0
        self._began = self._published = 0.0
        self._start = clock()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Take note of how far a step has come; a step that starts over is the next of its kind."""
        now = self._clock()
        if step != self._step or done < self._done:
            self._step, self._began, self._published = step, now, 0.0
        self._done = done
        if done < total and now - self._published < self._every:
            return
        self._published = now
        spent = now - self._began
        left = f", {_duration(spent / done * (total - done))} left" if 0 < done < total and spent > 0 else ""
        elapsed = _duration(now - self._start)
        self._out.write(f"{elapsed}  {step}: {done:,} of {total:,} ({done / max(total, 1):.0%}){left}\n")
        self._out.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
