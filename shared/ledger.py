"""What a hop counts of itself: the same names at every hop, so that hops can be balanced against each other."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol


class MetricsSink(Protocol):
    """The part of Powertools' Metrics that is used here."""

    def add_metric(self, name: str, unit: str, value: float) -> None:
        """Add one value to the invocation's EMF line."""


@dataclass
class Ledger:
    """Transactions (or lines that should have been some) of one invocation."""

    received: int = 0
    accepted: int = 0
    rejected: int = 0
    written: int = 0
    duplicates: int = 0
    quarantined: int = 0
    retried: int = 0

    def publish(self, metrics: MetricsSink) -> dict[str, int]:
        """Add every count, zeros too (an alarm on a missing metric proves nothing), and give them for the log line."""
        counts = asdict(self)
        for name, value in counts.items():
            metrics.add_metric(name=name.capitalize(), unit="Count", value=value)
        return counts
