"""How a rate is spread over the month: transactions come in some of its hours, the stage is idle in the others."""

from __future__ import annotations

from dataclasses import dataclass

HOURS = 730  # a month, as AWS's own calculator has it
SECONDS = HOURS * 3600


@dataclass(frozen=True)
class Shape:
    """Hours of a month in which transactions come, evenly."""

    name: str
    busy_hours: float

    def busy_rate(self, rate: float) -> float:
        """Transactions per second in those hours, for an average rate over the whole month."""
        return rate * HOURS / self.busy_hours


STEADY = Shape("steady", HOURS)
SHAPES = {
    shape.name: shape
    for shape in (
        STEADY,
        Shape("office", 8 * 5 * HOURS / 168),  # eight hours, five days a week
        Shape("bursts", HOURS / 24),  # an hour a day
    )
}
