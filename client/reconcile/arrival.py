"""Waits for a file's transactions to arrive, by their ids: much less to read than their contents, look after look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.reconcile.differences import LAKE, TABLE, WAREHOUSE
from client.reconcile.journals import acknowledged
from client.reconcile.lake import ALL_DAYS, Lake
from client.reconcile.ledger import Hop
from client.reconcile.table import Table
from client.reconcile.warehouse import Warehouse

PAUSE = 0.25  # seconds between looks, at least; a look that takes longer is followed by as long a pause


def arrivals(stage: Stage, file: str, wait: float, report: Callable[[str, Hop | None], None]) -> dict[str, float]:
    """Wait up to ``wait`` seconds until every store has the file's ids; give after how many seconds each had them.

    Raises ClientError for a file that was not sent from here. A store that does not answer is asked again.
    """
    began = time.monotonic()
    sent = acknowledged(stage, file)
    wanted, expected = sent.has(), len(sent.ids.distinct())
    stores: dict[str, Callable[[], Iterable[str]]] = {
        TABLE: Table(stage, None).identities,
        LAKE: lambda: Lake(stage).identities(ALL_DAYS),
        WAREHOUSE: Warehouse(stage).identities,
    }
    complete: dict[str, float] = {}
    while len(complete) < len(stores):
        started = time.monotonic()
        for store, identities in stores.items():
            if store in complete:
                continue
            try:
                there = len({one for one in identities() if wanted(one)})
            except (BotoCoreError, AwsError, ClientError):
                report("", None)
                continue
            report(store, Hop(received=expected, written=there, missing=expected - there))
            if there == expected:
                complete[store] = time.monotonic() - began
        pause = max(PAUSE, time.monotonic() - started)
        if time.monotonic() - began + pause > wait:
            break
        if len(complete) < len(stores):
            time.sleep(pause)
    return complete
