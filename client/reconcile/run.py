"""Compares the stores, the batch path and the API by content: bucket by bucket, then id by id where those differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.reconcile.api import api_counts
from client.reconcile.arrival import PAUSE, arrivals
from client.reconcile.differences import BATCH, LAKE, STORES, TABLE, WAREHOUSE, Case, Difference, Differences, Found
from client.reconcile.journals import Acknowledged, acknowledged
from client.reconcile.lake import ALL_DAYS, Arrival, Lake, LakeSeen
from client.reconcile.ledger import NAMED_IDS, Hop, Ledger, api_hop, batch_hop, problems
from client.reconcile.loaded import Loaded, loaded
from client.reconcile.quarantined import quarantined
from client.reconcile.records import Record
from client.reconcile.table import Table
from client.reconcile.tally import Tally, alone, differing
from client.reconcile.warehouse import Warehouse
from client.reconcile.window import DAY, EVERYTHING, FIRST, Window, bounding_window, bucket_of, slot_width

# An event may carry the time of a clock that is ahead: its transaction arrived up to a day before it.
AHEAD = timedelta(days=1)
_SERVICES = ("cloudformation", "dynamodb", "s3", "redshift-data", "logs", "cloudwatch")

Report = Callable[[str, Hop | None], None]  # a store and its counts; None when a store could not be read


@dataclass(frozen=True)
class Options:
    """What is compared: event times, the days of arrival that the lake is read for, and how the table is read.

    With `file`, only the transactions of that file, as the journal of this machine has them; else, unless
    `stores_only`, all that the journals of this machine have, where there are any.
    """

    window: Window = EVERYTHING
    arrival: Arrival = ALL_DAYS
    scan: bool = False
    file: str | None = None
    stores_only: bool = False
    allow_foreign: bool = False

    @property
    def windowed(self) -> bool:
        """Whether the stores are compared with each other alone."""
        return self.stores_only or self.scan or self.window != EVERYTHING or self.arrival != ALL_DAYS


@dataclass
class Look:
    """One reading of all stores; `cases` are the ids that are not the same in all of them, to be read once."""

    ledger: Callable[[], Ledger]
    cases: Iterator[Case]
    lake: LakeSeen
    runs: Loaded  # of the batch path
    dimensions: Callable[[], list[Difference]]  # customers and merchants that are not what they should be


def reconcile(
    stage: Stage, options: Options = Options(), wait: float = 0.0, report: Report = lambda name, hop: None
) -> Ledger:
    """Compare until the stores agree, or the time is up; `report` hears of each look.

    Raises ClientError, or what boto3 raises, for a store that cannot be read then. What the batch path has loaded is
    expected in the warehouse too, and in no other store.
    """
    began = time.monotonic()
    complete: dict[str, float] = {}
    if wait and options.file is not None:
        complete = arrivals(stage, options.file, wait, report)
    while True:
        started = time.monotonic()
        failure: Exception | None = None
        try:
            with looked(stage, options) as look:
                for _ in look.cases:
                    pass
                ledger = look.ledger()
        except (BotoCoreError, AwsError, ClientError) as error:
            failure = error
            report("", None)
        now = time.monotonic()
        if failure is None:
            for name in STORES:
                hop = ledger.hops[name]
                if wait and not hop.missing and not hop.different:
                    hop.seconds = complete.setdefault(name, now - began)
                report(name, hop)
        # The last look begins when the time is up, however long one takes.
        over = started - began >= wait
        pause = min(max(PAUSE, now - started), max(0.0, began + wait - now))
        if failure is None and (over or not _waits(ledger)):
            return ledger
        if failure is not None and over:
            raise failure
        time.sleep(pause)


def _waits(ledger: Ledger) -> bool:
    hops = [ledger.hops[name] for name in STORES]
    return any(hop.missing or hop.different or hop.duplicates for hop in hops) or any(
        "API:" in one for one in ledger.problems
    )


@contextmanager
def looked(stage: Stage, options: Options) -> Iterator[Look]:
    """Read all stores, once, and those buckets that differ again. Raises ClientError, or what boto3 raises."""
    window, arrival = options.window, _arrival(options)
    for service in _SERVICES:
        stage.client(service)  # boto3 makes clients in one thread only
    sent = None if options.windowed else acknowledged(stage, options.file)
    if sent is not None and not sent.journals:
        sent = None
    warehouse, lake, runs = Warehouse(stage), Lake(stage), loaded(stage)
    width = _width(window, warehouse)
    of_file = sent is not None and options.file is not None
    in_lake = lake.listed(arrival) if of_file else lake.look(window, arrival, width, with_ids=sent is not None)
    by_index = window.limited and not options.scan
    table = Table(stage, in_lake.merchants | warehouse.merchants() if by_index else None)
    with Differences.on_disk() as ids:
        tallies: dict[str, Tally] = {}
        buckets: set[str] = set()
        if options.file is None:
            tallies = {
                TABLE: table.tally(window, width),
                LAKE: in_lake.tally,
                WAREHOUSE: warehouse.tally(window, width),
            }
            batch = _batch(runs, window, width)
            buckets = differing(tallies.values()) | batch.buckets()
            buckets -= alone(batch, tallies[WAREHOUSE], (tallies[TABLE], tallies[LAKE]))
            if buckets:
                narrow = bounding_window(buckets, window)
                ids.add(TABLE, table.records(narrow, buckets, width))
                ids.add(LAKE, lake.records(in_lake, narrow, buckets, width))
                ids.add(WAREHOUSE, warehouse.records(narrow, buckets, width))
                ids.add(BATCH, _of(runs.read(), narrow, buckets, width))
        elif sent is not None:
            wanted = sent.has()
            ids.add(TABLE, table.all_records(wanted))
            ids.add(LAKE, lake.all_records(in_lake, wanted))
            ids.add(WAREHOUSE, warehouse.all_records(wanted))
        if sent is not None:
            expected = sent.ids.distinct()
            lacking = expected if options.file else np.setdiff1d(expected, in_lake.ids.distinct(), assume_unique=True)
            ids.acknowledged(sent.names(lacking))
        found, cases = ids.compare(warehouse.superseded(), NAMED_IDS)

        def ledger() -> Ledger:
            hops = {name: _hop(tallies.get(name), buckets, found[name]) for name in STORES}
            named = {one.identity for one in hops[WAREHOUSE].differences}
            for one in warehouse.wrong_dimensions() if options.file is None else ():
                if one.identity in named:
                    continue  # it is the transaction that is wrong
                hops[WAREHOUSE].different += 1
                hops[WAREHOUSE].differences.append(one)
            hops[LAKE].damaged = in_lake.damaged
            return _ledger(stage, options, sent, runs, hops, found, in_lake, len(buckets), by_index, warehouse)

        yield Look(ledger, cases, in_lake, runs, warehouse.wrong_dimensions)


def _ledger(
    stage: Stage,
    options: Options,
    sent: Acknowledged | None,
    runs: Loaded,
    hops: dict[str, Hop],
    found: dict[str, Found],
    in_lake: LakeSeen,
    buckets: int,
    by_index: bool,
    warehouse: Warehouse,
) -> Ledger:
    if staged := warehouse.staged():
        hops[WAREHOUSE].more["staged"] = staged
    if runs.runs and options.file is None:
        hops[BATCH] = batch_hop(runs)
        hops[BATCH].different, hops[BATCH].differences = found[BATCH].different, found[BATCH].differences
    notes: list[str] = []
    unfinished: list[str] = []
    if sent is not None:
        api = api_hop(sent.accepted, sent.rejected, sent.ids)
        if options.file is None:
            _foreign(hops, sent, in_lake, runs)
        for name in sent.unfinished:
            text = f"the sending of {name} was not finished: run `swipeline send --resume` with it"
            (unfinished if options.file is not None else notes).append(text)
    else:
        notes.append(_compared(options, by_index, buckets))
        api, short = _counted(stage, options, in_lake, notes)
        unfinished += short
    count = quarantined(stage)
    every = {"api": api, **hops, "quarantine": Hop(received=count, quarantined=count)}
    faults = problems(every, options.allow_foreign or sent is None) + unfinished
    return Ledger(stage.name, options.file, every, faults, notes, stores_only=sent is None)


def _foreign(hops: dict[str, Hop], sent: Acknowledged, in_lake: LakeSeen, runs: Loaded) -> None:
    """Count what no journal of this machine knows: of the lake exactly, of the others by what they have more."""
    expected = sent.ids.distinct()
    hops[LAKE].unexpected = len(np.setdiff1d(in_lake.ids.distinct(), expected, assume_unique=True))
    of_batch = np.setdiff1d(runs.ids().distinct(), expected, assume_unique=True) if runs.runs else ()
    for name, others in ((TABLE, 0), (WAREHOUSE, len(of_batch))):
        hop = hops[name]
        hop.unexpected = max(0, hop.written + hop.missing - others - len(expected))
    hops[WAREHOUSE].unexpected = max(0, hops[WAREHOUSE].unexpected)


def _counted(stage: Stage, options: Options, in_lake: LakeSeen, notes: list[str]) -> tuple[Hop, list[str]]:
    """Give the API's line by its own counts, and what it has more than the lake, where that can be said exactly."""
    arrival = _arrival(options)
    counts = api_counts(stage, arrival, datetime.now(UTC))
    if counts.hop is None:
        notes.append(f"the API's counts are not available: {counts.source} has none of these days")
        return Hop(), []
    short = counts.hop.accepted - in_lake.lines
    text = f"API: {counts.hop.accepted:,} accepted by {counts.source}, {in_lake.lines:,} lines in the lake"
    # A batch that crosses midnight lies with the day of its first record: a limit of days is not exact.
    exact = arrival.first is None and arrival.end is None
    if short > 0 and exact:
        return counts.hop, [text]
    notes.append(text)
    return counts.hop, []


def _batch(runs: Loaded, window: Window, width: int) -> Tally:
    """Count what the batch path has loaded, bucket by bucket."""
    tally = Tally()
    for row in runs.read():
        if row.occurred_at in window:
            tally.add(bucket_of(row.occurred_at, row.card_id, width), row.digest)
    return tally


def _of(records: Iterable[Record], window: Window, buckets: set[str], width: int) -> Iterator[Record]:
    for one in records:
        if one.occurred_at in window and bucket_of(one.occurred_at, one.card_id, width) in buckets:
            yield one


def _hop(tally: Tally | None, buckets: set[str], found: Found) -> Hop:
    same = tally.records() - tally.records_in(buckets) if tally else 0
    hop = Hop(
        received=tally.records() if tally else found.distinct + found.duplicates + found.copies + found.others,
        accepted=same + found.distinct,
        written=same + found.distinct,
        duplicates=found.duplicates,
        missing=found.missing,
        missing_ids=found.missing_ids,
        different=found.different,
        differences=found.differences,
    )
    if found.copies:
        hop.more["archived_copies"] = found.copies
    if found.others:
        hop.more["superseded"] = found.others
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
