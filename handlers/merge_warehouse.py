"""merge-warehouse: merges what was delivered to staging into core, resolves conflicts, refreshes the marts."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from shared import config
from shared.aws import client
from shared.ledger import Ledger
from shared.retry import seconds_left
from shared.telemetry import logger, metrics, observed
from shared.warehouse.data_api import Warehouse
from shared.warehouse.deliveries import MergeQueue, read_deliveries
from shared.warehouse.loads import Loads
from shared.warehouse.marts import Marts
from shared.warehouse.merge_run import Pieces, run
from shared.warehouse.merging import Merge
from shared.warehouse.resolving import inform_other_stores

RESERVE_SECONDS, MOST_SECONDS = 3.0, 60.0


@cache
def pieces() -> Pieces:
    """Build what a run works with, once per container."""
    settings = config.read(config.Merge)
    data_api = client("redshift-data", read_timeout=10, attempts=4)
    warehouse = Warehouse(data_api, settings.workgroup_name, settings.database_name, settings.warehouse_secret_arn)
    queue = MergeQueue(client("sqs", read_timeout=5, attempts=3), settings.merge_queue_url)
    loads = Loads(warehouse, client("s3", read_timeout=10, attempts=3), settings.delivery_bucket)
    inform = partial(inform_other_stores, warehouse)
    return Pieces(loads, Merge(warehouse), inform, Marts(warehouse), queue, settings.merge_retry_seconds)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Merge once for the deliveries of an SQS event; by the daily schedule, if any came; by hand, at once.

    What is not yet in core, the other stores and the marts is given back. A merge that outlasts the run is no error and
    a second run is harmless: merge.sql locks. Raises what the warehouse refuses, and boto3's errors, for the alarm.
    """
    work, deliveries, total = pieces(), read_deliveries(event), Ledger()
    daily = event.get("source") == "aws.events"
    if deliveries == [] or (daily and not work.loads.any_since_yesterday(datetime.now(UTC))):
        return {"batchItemFailures": []}
    try:
        done = run(work, deliveries or [], partial(seconds_left, context, RESERVE_SECONDS, MOST_SECONDS))
        if done.merged:
            total.received, total.written, total.duplicates, _, _, total.conflicts, _ = done.merged
            metrics.add_metric(name="MergeLag", unit="Seconds", value=done.merged.waited_seconds or 0.0)
        if done.refreshed:
            logger.info("refreshed the marts", extra=done.refreshed._asdict())
    finally:
        counts = total.publish(metrics, "merge-warehouse")
    work.merge.raise_refusal()
    work.marts.raise_failure()
    return counts | {"batchItemFailures": [{"itemIdentifier": one.message_id} for one in done.unfinished]}
