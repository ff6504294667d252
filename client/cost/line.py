"""A position of the bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """In dollars: `variable` per million transactions, `fixed` per month, `awake` per month for the busy hours.

    `kept` is what a million transactions, once stored, cost every month from then on.
    """

    service: str
    what: str
    variable: float = 0.0
    fixed: float = 0.0
    kept: float = 0.0
    awake: float = 0.0

    def plus(self, other: Line) -> Line:
        """The sum of both, under this one's name."""
        return Line(
            self.service,
            self.what,
            self.variable + other.variable,
            self.fixed + other.fixed,
            self.kept + other.kept,
            self.awake + other.awake,
        )


def is_ours(usage: Mapping[str, Any]) -> bool:
    """Whether a usage is Swipeline's, and not the baseline's."""
    return "write-to-kinesis" in usage["functions"]
