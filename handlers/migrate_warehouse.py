"""migrate-warehouse: brings the warehouse's schema up to date, publishes what COPY and Glue read; after a deploy."""

from __future__ import annotations

from functools import cache
from typing import Any

from shared import config
from shared.aws import client
from shared.retry import seconds_left
from shared.sinks.bucket import Bucket
from shared.telemetry import logger, metrics, observed
from shared.warehouse.data_api import Warehouse
from shared.warehouse.delivery import publish_jsonpaths
from shared.warehouse.glue_package import publish_job
from shared.warehouse.marts import install
from shared.warehouse.sql import read_statements

RESERVE_SECONDS = 10.0
WAIT_SECONDS = 240.0  # a workgroup that slept takes a while to wake


@cache
def stores() -> tuple[Warehouse, Bucket]:
    """Give the warehouse and the delivery bucket, built once per container."""
    settings = config.read(config.Migrate)
    data_api = client("redshift-data", read_timeout=10, attempts=4)
    return (
        Warehouse(data_api, settings.workgroup_name, settings.database_name, settings.warehouse_secret_arn),
        Bucket(client("s3", read_timeout=10, attempts=3), settings.delivery_bucket),
    )


@observed
def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Migrate; every statement is idempotent, so it may run at any time. Raises what the warehouse says if it fails."""
    warehouse, delivery = stores()
    published = [publish_jsonpaths(delivery), *publish_job(delivery)]
    statements = read_statements("ddl.sql")
    warehouse.run("migrate-warehouse", statements, seconds_left(context, RESERVE_SECONDS, WAIT_SECONDS))
    marts = install(warehouse, seconds_left(context, RESERVE_SECONDS, WAIT_SECONDS))
    metrics.add_metric(name="Migrated", unit="Count", value=1)
    logger.info("migrated", extra={"statements": len(statements), "marts": marts, "published": published})
    return {"statements": len(statements), "marts": marts, "published": published}
