"""What is in quarantine, by kind, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from client.aws import Stage
from client.doctor.finding import OK, PROBLEM, WARNING, Finding, duration
from client.quarantine.entries import KINDS, Entry, Quarantine

AREA = "Quarantine"
ANCHORS = {
    "lines": "quarantined",
    "batches": "swipeline-quarantine",
    "conflicts": "conflicts",
    "manifests": "copy-failed",
    "undelivered": "check-delivery-errors",
}


def quarantine(stage: Stage, now: datetime | None = None) -> Iterator[Finding]:
    """Give a finding for each kind of entry."""
    kept = Quarantine(stage)
    for kind in KINDS:
        yield assess(kind, kept.entries([kind]), now or datetime.now(UTC))


def assess(kind: str, entries: Iterable[Entry], now: datetime) -> Finding:
    """The finding for the entries of a kind."""
    times = [entry.set_aside_at for entry in entries]
    if not times:
        return Finding(AREA, kind, OK, "None.")
    oldest = duration((now - min(times)).total_seconds())
    text = f"{len(times):,} {KINDS[kind].title}, the oldest for {oldest}."
    # A conflict loses nothing: all stores have the same content.
    state = WARNING if kind == "conflicts" else PROBLEM
    return Finding(AREA, kind, state, text, f"swipeline quarantine list --kind {kind}", ANCHORS[kind])
