"""write-to-dynamodb: writes each transaction of the stream to the table: of several contents the one that counts."""

from __future__ import annotations

from functools import cache
from typing import Any

from shared import config
from shared.aws import client
from shared.memory import tune_gc
from shared.prepared import with_prepared_writes
from shared.retry import Budget, seconds_left
from shared.sinks import report
from shared.sinks.consumer import read_batch
from shared.sinks.merchants import Merchants
from shared.sinks.table import THREADS, Table
from shared.telemetry import observed

BUDGET_SECONDS = 60.0
RESERVE_SECONDS = 10.0  # a write in flight at the deadline (1.5 s to connect, 5 s to answer), and the answer


@cache
def table() -> Table:
    """Build the writer once per container."""
    settings = config.read(config.Table)
    # One attempt: Table.write repeats only what was not processed, which botocore cannot.
    made = client("dynamodb", read_timeout=5, attempts=1, connections=THREADS, validate=False)
    dynamodb = with_prepared_writes(made)
    writer = Table(dynamodb, settings.table_name, merchants=Merchants(dynamodb, settings.merchants_table_name))
    tune_gc()
    return writer


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Write a Kinesis batch; report the lowest sequence number not stored. write-to-s3 keeps the bad lines."""
    batch = read_batch(event)
    report.begin(batch)
    outcome = table().write(batch.lines, Budget(seconds_left(context, RESERVE_SECONDS, BUDGET_SECONDS)))
    ledger = report.ledger_of(batch)
    ledger.written, ledger.duplicates, ledger.retried = outcome.written, outcome.duplicates, outcome.retried
    ledger.conflicts = outcome.conflicts
    if outcome.failed:
        ledger.failed = ledger.accepted - ledger.written - ledger.duplicates
    return report.end("write-to-dynamodb", batch, ledger, outcome.failed, "batch written")
