"""The outcome of redriving one entry."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

REDRIVEN = "redriven"  # sent through again and moved to redriven/
WOULD = "would be redriven"  # dry run
STILL_BAD = "still unreadable"  # retrying will not help until the cause is fixed
FAILED = "failed"  # the store or the function refused again: retry later


@dataclass(frozen=True)
class Outcome:
    """`units` counts what the entry holds: lines, records, or objects; `stuck` those of them that stay."""

    kind: str
    key: str
    result: str
    units: int
    stuck: int = 0
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as JSON."""
        return asdict(self)
