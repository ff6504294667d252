"""One line of the ledger per hop, and whether they balance: pure counting, without AWS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from client.reconcile.bag import Bag, Digests
from client.reconcile.loaded import Loaded
from client.reconcile.stores import Seen

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
    missing_digests: Digests = field(default_factory=lambda: np.array([], dtype="S16"), repr=False)

    def as_json(self) -> dict[str, Any]:
        """The hop as programs read it."""
        kept = {k: v for k, v in vars(self).items() if k not in ("more", "missing_digests", "seconds")}
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

    @property
    def balanced(self) -> bool:
        """True when every acknowledged transaction is in every store, once."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The ledger as programs read it."""
        return {
            "stage": self.stage,
            "file": self.file,
            "stores_only": self.stores_only,
            "balanced": self.balanced,
            "problems": self.problems,
            "notes": self.notes,
            "hops": {name: hop.as_json() for name, hop in self.hops.items()},
        }


def api_hop(accepted: int, rejected: int, bag: Bag) -> Hop:
    """The API's line: rows that share an id are acknowledged each, and are one transaction."""
    distinct = len(bag.distinct())
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
    )


def store_hop(seen: Seen, expected: Digests, only_expected: bool) -> Hop:
    """A store's line against the ids that are expected; `only_expected` leaves all others out of every count."""
    bag = seen.bag.only(expected) if only_expected else seen.bag
    found = bag.distinct()
    versions = bag.distinct_versions()
    missing = np.setdiff1d(expected, found, assume_unique=True)
    hop = Hop(
        received=len(bag),
        accepted=len(found),
        written=len(found),
        duplicates=versions - len(found),
        missing=len(missing),
        missing_digests=missing,
        unexpected=0 if only_expected else len(np.setdiff1d(found, expected, assume_unique=True)),
        more=dict(seen.more),
    )
    if versions < len(bag):
        hop.more["archived_copies"] = len(bag) - versions
    return hop


def problems(hops: dict[str, Hop], allow_foreign: bool) -> list[str]:
    """What keeps the hops from balancing, one line each."""
    found = []
    for name, hop in hops.items():
        if name in ("api", "batch", "quarantine"):
            continue
        if hop.missing:
            found.append(f"{name}: {hop.missing:,} missing")
        if hop.duplicates:
            found.append(f"{name}: {hop.duplicates:,} stored more than once")
        if hop.unexpected and not allow_foreign:
            found.append(f"{name}: {hop.unexpected:,} that no journal of this machine knows (--allow-foreign)")
    return found
