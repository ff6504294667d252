"""One run of merge-warehouse: loaded? merged? known to the other stores? in the marts? If not, it is seen again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from shared.warehouse.deliveries import Delivery, MergeQueue
from shared.warehouse.loads import Loads
from shared.warehouse.marts import Marts, Refreshed
from shared.warehouse.merging import Merge, MergeResult


class Pieces(NamedTuple):
    """What a run works with; ``retry_seconds`` is the first wait for a delivery that is not loaded."""

    loads: Loads
    merge: Merge
    inform_other_stores: Callable[[float], int]  # seconds -> contents that they know now not to count
    marts: Marts
    queue: MergeQueue
    retry_seconds: int


class Run(NamedTuple):
    """What a run came to: the merge (None: refused, or it runs on), the marts, the deliveries to be seen again."""

    merged: MergeResult | None
    refreshed: Refreshed | None
    unfinished: list[Delivery]


def run(pieces: Pieces, deliveries: list[Delivery], seconds: Callable[[], float]) -> Run:
    """Merge once, for any number of deliveries. ``seconds`` gives the time that is left for a statement.

    The look at the loads comes first: what was loaded before the merge began is in the merge. Whatever goes wrong, each
    delivery is seen again: after its own wait, which grows, or as soon as the marts are due. Raises as
    Warehouse.run does.
    """
    waits = {delivery: delivery.wait_seconds(pieces.retry_seconds) for delivery in deliveries}
    try:
        missing = pieces.loads.missing((one for delivery in deliveries for one in delivery.manifests), seconds())
        merged = pieces.merge.once(seconds())
        informed = not merged or not merged.unresolved or pieces.inform_other_stores(seconds()) >= merged.unresolved
        refreshed = pieces.marts.follow(seconds(), at_once=not deliveries) if merged else None
        done = bool(merged and informed)
        loaded = [delivery for delivery in deliveries if done and not missing.intersection(delivery.manifests)]
        for delivery in loaded:
            if pieces.marts.current:
                del waits[delivery]
            elif pieces.marts.due_seconds:
                waits[delivery] = min(waits[delivery], math.ceil(pieces.marts.due_seconds))
    finally:
        pieces.queue.see_again(list(waits.items()))
    return Run(merged, refreshed, list(waits))
