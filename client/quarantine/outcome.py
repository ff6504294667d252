"""What came of one entry."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

REDRIVEN = "redriven"  # gone through again, moved to redriven/
WOULD = "would be redriven"  # the dry run's word
STILL_BAD = "still bad"  # trying again cannot help until something is mended
FAILED = "failed"  # the store or the function refused again: try later


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
        """The outcome as programs read it."""
        return asdict(self)
