"""Whether the embedded AWS is whole: while it starts and stops, its functions are not called for what waits in queues.

The emulator is up before the warehouse, and ends after it. A merge that was called in between failed, so that an alarm
rang after each `down` and `up`. An outage of the warehouse is another thing: it is for the functions to meet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path


class Whole:
    """`supervisor` is the supervisor's state file, `answers` says whether the warehouse is there."""

    def __init__(self, supervisor: Path, answers: Callable[[], bool]) -> None:
        self._supervisor, self._answers = supervisor, answers
        self._seen = False

    def __call__(self) -> bool:
        """False before the warehouse was there for the first time, and once everything is being stopped."""
        if self._answers():
            self._seen = True
            return True
        try:
            state = json.loads(self._supervisor.read_text())
        except (OSError, ValueError):
            return True  # an emulator alone: nothing is started beside it
        return self._seen and not state.get("stopping", False)
