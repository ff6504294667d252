"""Compares the stores over a window of event time: bucket by bucket, then id by id where those differ."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from client.aws import Stage
from client.reconcile.buckets.api import api_counts
from client.reconcile.buckets.differences import Differences, Record
from client.reconcile.buckets.lake import ALL_DAYS, Arrival, Lake
from client.reconcile.buckets.table import Table
from client.reconcile.buckets.tally import Tally, alone, differing
from client.reconcile.buckets.warehouse import Warehouse
from client.reconcile.buckets.window import DAY, EVERYTHING, FIRST, Window, bucket_of, hull, slot_width
from client.reconcile.ledger import NAMED_IDS, Hop, Ledger, batch_hop, problems
from client.reconcile.loaded import Loaded, loaded
from client.reconcile.stores import quarantined

STORES = ("dynamodb", "lake", "warehouse")
# An event may carry the time of a clock that is ahead: its transaction arrived up to a day before it.
AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Options:
    """What is compared: event times, the days of arrival that the lake is read for, and how the table is read."""

    window: Window = EVERYTHING
    arrival: Arrival = ALL_DAYS
    scan: bool = False


def compare_stores(stage: Stage, options: Options, wait: float = 0.0) -> Ledger:
    """Compare until the stores agree or the time is over. Raises ClientError, or what boto3 raises."""
    deadline = time.monotonic() + wait
    while True:
        began = time.monotonic()
        ledger = _compare(stage, options)
        took = time.monotonic() - began
        if ledger.balanced or time.monotonic() + took > deadline:
            return ledger
        time.sleep(min(took, 1.0))


def _compare(stage: Stage, options: Options) -> Ledger:
    window, arrival = options.window, _arrival(options)
    for service in ("cloudformation", "dynamodb", "s3", "redshift-data", "logs", "cloudwatch"):
        stage.client(service)  # boto3 makes clients in one thread only
    warehouse, lake = Warehouse(stage), Lake(stage)
    width = _width(window, warehouse)
    in_lake = lake.look(window, arrival, width)
    by_index = window.limited and not options.scan
    table = Table(stage, in_lake.merchants | warehouse.merchants() if by_index else None)
    tallies = {
        "dynamodb": table.tally(window, width),
        "lake": in_lake.tally,
        "warehouse": warehouse.tally(window, width),
    }
    runs = loaded(stage)
    batch = _batch(runs, window, width)
    buckets = differing(tallies.values()) | batch.buckets()
    buckets -= alone(batch, tallies["warehouse"], (tallies["dynamodb"], tallies["lake"]))
    with Differences.on_disk() as ids:
        if buckets:
            narrow = hull(buckets, window)
            ids.add("dynamodb", table.records(narrow, buckets, width))
            ids.add("lake", lake.records(in_lake, narrow, buckets, width))
            ids.add("warehouse", warehouse.records(narrow, buckets))
            ids.add("batch", _batch_records(runs, narrow, buckets, width))
        hops = {name: _hop(name, tallies[name], buckets, ids) for name in STORES}
    if staged := warehouse.staged():
        hops["warehouse"].more["staged"] = staged
    in_quarantine = quarantined(stage)
    notes = [_compared(options, by_index, len(buckets))]
    found = problems(hops, allow_foreign=True)
    counts = api_counts(stage, arrival, datetime.now(UTC))
    if counts.hop is None:
        notes.append(f"the API's counts are not available: {counts.source} has none of these days")
    else:
        short = counts.hop.accepted - in_lake.lines
        text = f"API: {counts.hop.accepted:,} accepted by {counts.source}, {in_lake.lines:,} lines in the lake"
        # A batch that crosses midnight lies with the day of its first record: a limit of days is not exact.
        exact = arrival.first is None and arrival.end is None
        (found if short > 0 and exact else notes).append(text)
    if runs.runs:
        hops["batch"] = batch_hop(runs)
    every = {"api": counts.hop or Hop(), **hops, "quarantine": Hop(received=in_quarantine, quarantined=in_quarantine)}
    return Ledger(stage.name, None, every, found, notes, stores_only=True)


def _batch(runs: Loaded, window: Window, width: int) -> Tally:
    """Count what the batch path has loaded, bucket by bucket."""
    tally = Tally()
    for row in runs.read():
        if row.occurred_at in window:
            tally.add(bucket_of(row.occurred_at, row.card_id, width), row.identity)
    return tally


def _batch_records(runs: Loaded, window: Window, buckets: set[str], width: int) -> Iterator[Record]:
    """Give the rows that the batch path has loaded, of some buckets."""
    for row in runs.read():
        if row.occurred_at in window and bucket_of(row.occurred_at, row.card_id, width) in buckets:
            yield Record(row.identity)


def _hop(name: str, tally: Tally, buckets: set[str], ids: Differences) -> Hop:
    # What the batch path has brought is in the warehouse, and in no other store.
    unless = None if name == "warehouse" else ("warehouse", "batch")
    found = ids.of(name, copies_allowed=name == "lake", most=NAMED_IDS, unless=unless)
    same = tally.records() - tally.records_in(buckets)
    hop = Hop(
        received=tally.records(),
        accepted=same + found.distinct,
        written=same + found.distinct,
        duplicates=found.duplicates,
        missing=found.missing,
        missing_ids=found.missing_ids,
    )
    if found.copies:
        hop.more["archived_copies"] = found.copies
    return hop


def _arrival(options: Options) -> Arrival:
    """Without a limit of its own, the lake is read from the day before the window on: nothing arrives much earlier."""
    first = options.arrival.first
    if first is None and options.window.begin != FIRST:
        first = date.fromisoformat(options.window.begin[:10]) - AHEAD
    return Arrival(first, options.arrival.end)


def _width(window: Window, warehouse: Warehouse) -> int:
    """Choose the slots; what has no limits is as long as the warehouse's transactions."""
    begin, end = window
    if not window.limited:
        span = warehouse.span()
        if span is None:
            return DAY
        first, last = span
        begin = max(begin, first.replace(" ", "T"))
        end = min(end, last.replace(" ", "T"))
    return slot_width(begin, max(begin, end))


def _compared(options: Options, by_index: bool, buckets: int) -> str:
    window = options.window
    what = "everything" if window.everything else f"event times from {window.begin} until {window.end}"
    how = "by the merchants' index (--scan also finds what only the table knows)" if by_index else "by a scan"
    ids = f"; ids were read for {buckets:,} buckets that differ" if buckets else ""
    return f"compared {what}, DynamoDB {how}{ids}"
