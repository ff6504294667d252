"""One `repair`: looks as `reconcile` does, repairs store by store, and looks again.

Each step may be repeated, and a run begins by looking: one that was killed is resumed by running it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from client.aws import Stage
from client.errors import ClientError
from client.reconcile.differences import LAKE, TABLE, WAREHOUSE, Case
from client.reconcile.ledger import NAMED_IDS, Ledger
from client.reconcile.run import Options, looked, reconcile
from client.repair.lake import LakeRepair
from client.repair.table import TableRepair
from client.repair.warehouse import WarehouseRepair
from shared.transaction.schema import Transaction

CASES_AT_ONCE = 5_000
STORES = (TABLE, LAKE, WAREHOUSE)


@dataclass
class Repair:
    """What a repair came to, in transactions by store; without `acted` it is what one would do."""

    stage: str
    acted: bool
    stores: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STORES, 0))
    dimensions: int = 0  # customers and merchants
    damaged: list[str] = field(default_factory=list)  # objects of the lake
    lost: int = 0  # acknowledged, and in no store
    lost_ids: list[str] = field(default_factory=list)
    unreadable: int = 0  # no store has a content that is a transaction
    disputed: int = 0  # table and warehouse differ, and the lake has neither: a person decides
    disputed_ids: list[str] = field(default_factory=list)
    ledger: Ledger | None = None  # afterwards

    @property
    def needed(self) -> bool:
        """Whether anything was, or is, to be repaired."""
        return any(self.stores.values()) or bool(self.dimensions or self.damaged)

    @property
    def clean(self) -> bool:
        """Whether nothing is left."""
        if self.acted:
            return self.ledger is not None and self.ledger.balanced
        return not (self.needed or self.lost or self.unreadable or self.disputed)

    def as_json(self) -> dict[str, Any]:
        """The repair as programs read it."""
        shown = {name: value for name, value in vars(self).items() if name not in ("ledger", "acted")}
        balanced = self.ledger.balanced if self.ledger else None
        return {**shown, "dry_run": not self.acted, "balanced": balanced}


def repair(stage: Stage, options: Options, act: bool = False) -> Repair:
    """Repair what differs, or, without ``act``, count it. Raises ClientError, or what boto3 raises."""
    done = Repair(stage.name, act)
    with looked(stage, options) as look:
        if look.runs.damaged:  # its rows would be taken for rows that table and lake lack
            why = "; ".join(look.runs.damaged.values())
            raise ClientError(f"Nothing is repaired: {why}. Restore an earlier version of what is damaged first.")
        done.damaged = sorted(look.lake.damaged)
        lake, table, warehouse = LakeRepair(stage, datetime.now(UTC)), TableRepair(stage), WarehouseRepair(stage)
        for cases in _some(look.cases):
            todo = _sorted(cases, done)
            if act:
                table.put([one for _, one in todo[TABLE]], cases)
                lake.put([one for _, one in todo[LAKE]], {case.identity: case for case, _ in todo[LAKE]}, look.lake)
                warehouse.put([one for _, one in todo[WAREHOUSE]])
        dimensions = [one.identity for one in look.dimensions()]
        done.dimensions = len(dimensions)
        if act:
            lake.set_aside(look.lake.damaged)
            warehouse.settle(dimensions)
    if act:
        done.ledger = reconcile(stage, options)
    return done


def _some(cases: Iterator[Case]) -> Iterator[list[Case]]:
    while some := list(islice(cases, CASES_AT_ONCE)):
        yield some


def _sorted(cases: list[Case], done: Repair) -> dict[str, list[tuple[Case, Transaction]]]:
    """Give by store what is to be put there."""
    todo: dict[str, list[tuple[Case, Transaction]]] = {store: [] for store in STORES}
    for case in cases:
        if case.counts is None:
            done.lost += 1
            done.lost_ids += [case.identity] if len(done.lost_ids) < NAMED_IDS else []
            continue
        if case.disputed:
            done.disputed += 1
            done.disputed_ids += [case.identity] if len(done.disputed_ids) < NAMED_IDS else []
            continue
        counts = case.counts.transaction()
        if counts is None:
            done.unreadable += 1
            continue
        for store in {*case.missing, *(one.store for one in case.wrong), *case.doubled} & set(STORES):
            todo[store].append((case, counts))
            done.stores[store] += 1
    return todo
