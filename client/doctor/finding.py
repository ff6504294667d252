"""What a check found: a state, a sentence, and the command that helps. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

OK, WARNING, PROBLEM, UNKNOWN = "ok", "warning", "problem", "unknown"
WORST_FIRST = (PROBLEM, UNKNOWN, WARNING, OK)


@dataclass(frozen=True)
class Finding:
    """One line of the report. `help` is a command, `runbook` an anchor of docs/runbook.md; either may be empty."""

    area: str
    name: str
    state: str
    text: str
    help: str = ""
    runbook: str = ""
    waiting: int = 0  # records or deliveries that are on their way


@dataclass(frozen=True)
class Report:
    """All findings of one look. `at` is UTC."""

    stage: str
    findings: tuple[Finding, ...]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def state(self) -> str:
        """The worst state of any finding; a look that found nothing at all knows nothing."""
        return worst(finding.state for finding in self.findings)

    def counts(self) -> dict[str, int]:
        """How many findings are in each state, the worst first."""
        return {state: sum(one.state == state for one in self.findings) for state in WORST_FIRST}

    def by_area(self) -> dict[str, list[Finding]]:
        """The findings by area, in the order in which they were made; the worst of an area first."""
        found: dict[str, list[Finding]] = {}
        for one in self.findings:
            found.setdefault(one.area, []).append(one)
        return {area: sorted(ones, key=lambda one: WORST_FIRST.index(one.state)) for area, ones in found.items()}

    def as_json(self) -> dict[str, Any]:
        """The report as programs read it."""
        return {
            "stage": self.stage,
            "at": self.at.isoformat(timespec="seconds"),
            "state": self.state,
            "counts": self.counts(),
            "findings": [vars(one) for ones in self.by_area().values() for one in ones],
        }


def worst(states: Iterable[str]) -> str:
    """The worst of some states; unknown if there is none."""
    return min(states, key=WORST_FIRST.index, default=UNKNOWN)


def duration(seconds: float) -> str:
    """A time span for people, in its two largest units: 3 d 4 h."""
    rest = max(0, round(seconds))
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
