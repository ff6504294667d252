"""What a hop counts of itself: the same names at every hop, so that hops can be balanced against each other."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol


class MetricsSink(Protocol):
    """The part of Powertools' Metrics that is used here."""

    def add_metric(self, name: str, unit: str, value: float) -> None:
        """Add one value to the invocation's EMF line."""


# What each hop can have at all: a name that can only be zero would cost $0.30 a month and say nothing. The log has all.
HOPS: dict[str, tuple[str, ...]] = {
    "write-to-kinesis": ("received", "accepted", "rejected", "written", "duplicates", "retried", "failed"),
    "write-to-dynamodb": ("received", "rejected", "written", "duplicates", "conflicts", "retried", "failed"),
    "write-to-s3": ("received", "rejected", "written", "quarantined", "failed"),
    "detect-fraud": ("received", "rejected", "written", "duplicates", "retried", "failed"),
    "merge-warehouse": ("received", "written", "duplicates", "conflicts"),
}


@dataclass
class Ledger:
    """Transactions (or lines that should have been some) of one invocation.

    A hop balances: received = written + duplicates + rejected + failed. ``retried`` counts attempts beyond the first,
    ``failed`` what is not stored when the invocation ends: it is sent, or brought by Lambda, again. ``conflicts`` are
    those of the others whose content is not the one that the store had of their id (docs/one-truth.md).
    """

    received: int = 0
    accepted: int = 0
    rejected: int = 0
    written: int = 0
    duplicates: int = 0
    quarantined: int = 0
    retried: int = 0
    failed: int = 0
    conflicts: int = 0

    def publish(self, metrics: MetricsSink, hop: str) -> dict[str, int]:
        """Add the hop's counts, zeros too (an alarm on a missing metric proves nothing); give all for the log line."""
        counts = asdict(self)
        for name in HOPS[hop]:
            metrics.add_metric(name=name.capitalize(), unit="Count", value=counts[name])
        return counts
