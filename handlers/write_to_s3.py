"""write-to-s3: archives a batch of the stream as one object of the lake, quarantines the lines that cannot be read."""

from __future__ import annotations

from functools import cache
from typing import Any

from shared import config
from shared.aws import client, error_code
from shared.errors import TransientError
from shared.memory import tune_gc
from shared.sinks import lake, quarantine, report
from shared.sinks.bucket import THREADS, Bucket
from shared.sinks.consumer import Batch, read_lines
from shared.telemetry import logger, observed

FUNCTION = "write-to-s3"


@cache
def buckets() -> tuple[Bucket, Bucket]:
    """Give the lake and the quarantine, built once per container."""
    settings = config.read(config.Lake)
    s3 = client("s3", read_timeout=10, attempts=3, connections=THREADS)
    made = Bucket(s3, settings.lake_bucket), Bucket(s3, settings.quarantine_bucket)
    tune_gc()
    return made


def archive(batch: Batch[int], body: lake.Body) -> int:
    """Store the batch; give the number of lines quarantined. The lake's object is last: once it is there, all is."""
    lake_bucket, quarantine_bucket = buckets()
    objects = quarantine.quarantine_objects(FUNCTION, batch.unreadable)
    if objects:
        quarantine_bucket.put_all([(one.key, one.body) for one in objects], quarantine.CONTENT_TYPE)
    if batch.lines:
        counts = {"records": str(len(batch.positions)), "transactions": str(len(batch.lines))}
        lake_bucket.put(lake.object_key(batch.first, batch.last), body.gzip(), lake.CONTENT_TYPE, **counts)
    return sum(one.lines for one in objects)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Archive a Kinesis batch whole, or report its first sequence number and have all of it again."""
    body = lake.Body()
    batch = read_lines(event, body.add)
    report.begin(batch)
    ledger = report.ledger_of(batch)
    try:
        ledger.quarantined = archive(batch, body)
    except TransientError as error:
        ledger.rejected, ledger.failed, ledger.retried = 0, ledger.received, ledger.received
        why = error_code(error.__cause__ or error)
        return report.end(FUNCTION, batch, ledger, [batch.first], "batch not stored", error=why)
    ledger.written = ledger.accepted
    for described in quarantine.describe(batch.unreadable):
        logger.warning("lines quarantined", extra={"quarantined_lines": described})
    return report.end(FUNCTION, batch, ledger, [], "batch archived")
