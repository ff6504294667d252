"""What a game day is, and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Step = Callable[[Any], Any]  # of a World


@dataclass(frozen=True)
class Day:
    """One thing that is broken.

    `alarm` rings for it; empty where AWS has none. `area` and `line` name the finding of the doctor. `entry` is the
    anchor of the runbook entry that has each command of `repair` as it is written there, with UUID, KEY or FILE
    for what the doctor, or the command that the entry names, says. `ends` is what no repair can do: an outage of AWS
    that is over. Days of one `round` are broken side by side, and share a file of transactions.
    """

    name: str
    round: int
    breaks: Step
    area: str
    line: str
    alarm: str = ""
    entry: str = ""
    repair: tuple[str, ...] = ()
    ends: Step | None = None
    poke: Step | None = None  # calls that make the fault felt, again and again
    lasting: bool = True  # whether the alarm itself stays until the repair; the finding always must
    sends: bool = True  # whether the API takes rows while it is broken


@dataclass
class Outcome:
    """Seconds from the fault until it was seen, and from the repair until it was not; and what went wrong."""

    day: Day
    seen: dict[str, float] = field(default_factory=dict)  # by surface: alarm, doctor, console
    stayed: bool = False
    cured: dict[str, float] = field(default_factory=dict)
    balanced: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Seen everywhere, seen until cured, cured, and balanced."""
        return not self.problems and self.stayed and self.balanced

    def as_json(self) -> dict[str, Any]:
        """The outcome as a program reads it."""
        return {
            "name": self.day.name,
            "passed": self.passed,
            "alarm": self.day.alarm,
            "finding": f"{self.day.area}: {self.day.line}",
            "repair": list(self.day.repair),
            "entry": self.day.entry,
            "seen": self.seen,
            "stayed": self.stayed,
            "cured": self.cured,
            "balanced": self.balanced,
            "problems": self.problems,
        }
