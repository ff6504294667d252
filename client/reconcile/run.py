"""Reads the hops side by side, compares them, and waits for the ones that are still on their way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.reconcile.bag import Bag, Digests
from client.reconcile.journals import acknowledged
from client.reconcile.ledger import NAMED_IDS, Hop, Ledger, api_hop, batch_hop, problems, store_hop
from client.reconcile.loaded import loaded
from client.reconcile.stores import STORES, quarantined

_PAUSE = 0.25  # seconds between looks, at least; a look that takes longer is followed by as long a pause

Tell = Callable[[str, Hop | None], None]  # the store, and its counts: None when it could not be read


def reconcile(
    stage: Stage,
    file: str | None = None,
    wait: float = 0.0,
    allow_foreign: bool = False,
    tell: Tell = lambda name, hop: None,
) -> Ledger:
    """Compare what the API acknowledged with what each store holds.

    With `wait`, stores that miss something or cannot be read just now are read again until they miss nothing or
    that many seconds are over; `tell` hears of each look. Raises ClientError, or what boto3 raises, for a hop that
    cannot be read. What the batch path has loaded is expected in the warehouse too, and in no other store.
    """
    sent = acknowledged(stage, file)
    expected = sent.bag.distinct()
    hops = {"api": api_hop(sent.accepted, sent.rejected, sent.bag)}
    runs = loaded(stage)
    batch = runs.bag() if file is None else Bag()
    of_stores = dict.fromkeys(STORES, expected) | {"warehouse": np.union1d(expected, batch.distinct())}
    hops |= _stores(stage, of_stores, file is not None, wait, tell)
    if file is None and runs.runs:
        hops["batch"] = batch_hop(runs)
    in_quarantine = quarantined(stage)
    hops["quarantine"] = Hop(received=in_quarantine, quarantined=in_quarantine)
    for hop in hops.values():
        if hop.missing:
            hop.missing_ids = sent.names(hop.missing_digests, NAMED_IDS)
            if len(hop.missing_ids) < min(hop.missing, NAMED_IDS) and len(batch):
                others = runs.names(hop.missing_digests, NAMED_IDS)
                hop.missing_ids = list(dict.fromkeys(hop.missing_ids + others))[:NAMED_IDS]
    ledger = Ledger(stage.name, file, hops, problems(hops, allow_foreign))
    for name in sent.unfinished:
        text = f"the sending of {name} was not finished: run `swipeline send --resume` with it"
        (ledger.problems if file is not None else ledger.notes).append(text)
    return ledger


def _stores(
    stage: Stage, expected: Mapping[str, Digests], only_expected: bool, wait: float, tell: Tell
) -> dict[str, Hop]:
    for service in ("cloudformation", "dynamodb", "s3", "redshift-data"):
        stage.client(service)  # boto3 makes clients in one thread only
    began = time.monotonic()

    def watch(name: str) -> Hop:
        """Look until nothing is missing or the time is over; a store that cannot be read is looked at again, too."""
        while True:
            started = time.monotonic()
            found: Hop | BotoCoreError | AwsError | ClientError
            try:
                found = store_hop(STORES[name](stage), expected[name], only_expected)
            except (BotoCoreError, AwsError, ClientError) as error:
                found = error
            hop = found if isinstance(found, Hop) else None
            tell(name, hop)
            now = time.monotonic()
            if hop and wait and not hop.missing:
                hop.seconds = now - began
            pause = max(_PAUSE, now - started)
            if hop and (not hop.missing or now - began + pause > wait):
                return hop
            if isinstance(found, Exception) and now - began + pause > wait:
                raise found
            time.sleep(pause)

    with ThreadPoolExecutor(len(STORES)) as pool:
        return dict(zip(STORES, pool.map(watch, STORES), strict=True))
