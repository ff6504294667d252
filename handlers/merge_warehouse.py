"""merge-warehouse: merges what was delivered to staging into core, resolves conflicts, refreshes the marts."""

from __future__ import annotations

from functools import cache
from typing import Any

from shared import config
from shared.aws import client
from shared.ledger import Ledger
from shared.retry import Budget, seconds_left
from shared.telemetry import logger, metrics, observed
from shared.warehouse.data_api import Warehouse
from shared.warehouse.marts import Marts
from shared.warehouse.merging import PERIOD_SECONDS, Merge, passes
from shared.warehouse.resolving import resolver

RESERVE_SECONDS = 3.0
LEAST_SECONDS = 10.0  # a pass needs some


@cache
def warehouse() -> tuple[Warehouse, int]:
    """Give the warehouse and the seconds between passes, built once per container."""
    settings = config.read(config.Merge)
    data_api = client("redshift-data", read_timeout=10, attempts=4)
    database = Warehouse(data_api, settings.workgroup_name, settings.database_name, settings.warehouse_secret_arn)
    return database, settings.merge_every_seconds


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Merge until the next run is due, or for the ``seconds`` that a caller by hand gives.

    A pass that outlasts its minute runs on, and is no error. A second run beside it is harmless. A pass that the
    warehouse refuses (it met a load) is tried again by the next one; the last one's refusal is raised, for the alarm.
    The marts keep no merge back: their failure is raised at the end. Raises at once when a
    store that it needs is unavailable.
    """
    database, every = warehouse()
    merge, marts, total = Merge(database), Marts(database), Ledger()
    wanted = min(PERIOD_SECONDS, max(LEAST_SECONDS, float(event.get("seconds", PERIOD_SECONDS))))
    try:
        for seconds in passes(every, seconds_left(context, RESERVE_SECONDS, wanted)):
            if (result := merge.once(seconds)) is None:
                continue
            total.received += result.staged
            total.written += result.inserted
            total.duplicates += result.duplicates
            total.conflicts += result.conflicts
            if result.unresolved:
                resolver(database).run(Budget(seconds_left(context, RESERVE_SECONDS, wanted)))
            metrics.add_metric(name="MergeLag", unit="Seconds", value=result.waited_seconds or 0.0)
            if refreshed := marts.follow(seconds_left(context, RESERVE_SECONDS, wanted)):
                logger.info("refreshed the marts", extra=refreshed._asdict())
    finally:
        counts = total.publish(metrics, "merge-warehouse")
    merge.raise_refusal()
    marts.raise_failure()
    return counts
