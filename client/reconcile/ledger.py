"""One line of the ledger per hop, and whether they balance: pure counting, without AWS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from client.reconcile.differences import Difference
from client.reconcile.id_multiset import IdMultiset
from client.reconcile.loaded import Loaded

NAMED_IDS = 20  # missing IDs that are named; all are counted


@dataclass
class Hop:
    """The counts of one hop, in transactions.

    For the API `received` are the rows acknowledged, `written` the different ids among the accepted. For a store
    `received` are its records, `accepted` and `written` its different ids. `duplicates` are records beyond the first
    with an id; the lake's exact copies, which a resend leaves there, are `archived_copies` and no duplicates.
    """

    received: int = 0
    accepted: int = 0
    rejected: int = 0
    written: int = 0
    duplicates: int = 0
    quarantined: int = 0
    missing: int = 0
    missing_ids: list[str] = field(default_factory=list)  # the first ones
    unexpected: int = 0  # ids that the store has, and no journal of this machine and no run of the batch path
    seconds: float | None = None  # until nothing was missing any more, where that was waited for
    more: dict[str, int] = field(default_factory=dict)
    different: int = 0  # contents that differ from what counts
    differences: list[Difference] = field(default_factory=list)  # the first ones
    damaged: dict[str, str] = field(default_factory=dict)  # objects that cannot be read, and why

    def as_json(self) -> dict[str, Any]:
        """The hop as programs read it."""
        kept = {k: v for k, v in vars(self).items() if k not in ("more", "seconds", "differences")}
        kept["differences"] = [{"id": one.identity, "fields": one.fields} for one in self.differences]
        return kept | self.more | ({} if self.seconds is None else {"seconds": round(self.seconds, 3)})


@dataclass
class Ledger:
    """All hops, and the reasons why they do not balance."""

    stage: str
    file: str | None
    hops: dict[str, Hop]
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stores_only: bool = False  # compared with each other, not with the journals of this machine
    moving: list[str] = field(default_factory=list)  # what is still on its way: rows that are missing may be among it

    @property
    def balanced(self) -> bool:
        """True when every acknowledged transaction is in every store, once and with the same content."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The ledger as programs read it."""
        return {
            "stage": self.stage,
            "file": self.file,
            "stores_only": self.stores_only,
            "balanced": self.balanced,
            "problems": self.problems,
            "moving": self.moving,
            "notes": self.notes,
            "hops": {name: hop.as_json() for name, hop in self.hops.items()},
        }


def api_hop(accepted: int, rejected: int, ids: IdMultiset) -> Hop:
    """The API's line: rows that share an id are acknowledged each, and are one transaction."""
    distinct = len(ids.distinct())
    return Hop(
        received=accepted + rejected,
        accepted=accepted,
        rejected=rejected,
        written=distinct,
        duplicates=accepted - distinct,
    )


def batch_hop(runs: Loaded) -> Hop:
    """The line of the batch path: what its runs have counted, each of itself."""
    return Hop(
        received=runs.rows,
        accepted=runs.accepted,
        rejected=runs.rejected,
        written=runs.accepted - runs.duplicates,
        duplicates=runs.duplicates,
        damaged=runs.damaged,
    )


def problems(hops: dict[str, Hop], allow_foreign: bool) -> list[str]:
    """What keeps the hops from balancing, one line each."""
    found = []
    for name, hop in hops.items():
        if name in ("api", "quarantine"):
            continue
        found += [f"{name}: {why}" for why in hop.damaged.values()]
        if hop.different:
            found.append(f"{name}: {hop.different:,} with another content")
        if name == "batch":
            continue
        if hop.missing:
            found.append(f"{name}: {hop.missing:,} missing")
        if hop.duplicates:
            found.append(f"{name}: {hop.duplicates:,} stored more than once")
        if hop.unexpected and not allow_foreign:
            found.append(f"{name}: {hop.unexpected:,} not sent from this machine (use --allow-foreign to accept)")
    return found
