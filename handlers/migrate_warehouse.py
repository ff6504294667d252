"""migrate-warehouse: brings the warehouse's schema up to date, publishes what COPY and Glue read; after a deploy."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from functions.migrate_warehouse import loader
from functions.migrate_warehouse.delivery import publish_jsonpaths
from functions.migrate_warehouse.glue_package import publish_job
from shared import config
from shared.aws import client
from shared.retry import seconds_left
from shared.sinks.bucket import Bucket
from shared.telemetry import logger, metrics, observed
from shared.warehouse.data_api import Warehouse
from shared.warehouse.marts import install
from shared.warehouse.migrations import migrate
from shared.warehouse.progress import Progress

RESERVE_SECONDS, WAIT_SECONDS = 10.0, 240.0  # a workgroup that slept takes a while to wake


@cache
def stores() -> tuple[Warehouse, Bucket, partial[loader.Login]]:
    """Give the warehouse, the delivery bucket and what reads the loader's login, built once per container."""
    settings = config.read(config.Migrate)
    data_api = client("redshift-data", read_timeout=10, attempts=4)
    return (
        Warehouse(data_api, settings.workgroup_name, settings.database_name, settings.warehouse_secret_arn),
        Bucket(client("s3", read_timeout=10, attempts=3), settings.delivery_bucket),
        partial(loader.read_login, client("secretsmanager", read_timeout=10, attempts=3), settings.loader_secret_arn),
    )


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Apply what is pending, install the marts, set up the loader. Repeatable. Raises what the warehouse says.

    The event's ``run``, if it has one, names the object that tells how far it is (shared/warehouse/progress.py).
    """
    warehouse, delivery, login = stores()
    progress = Progress(delivery, event.get("run") or context.aws_request_id)
    seconds = partial(seconds_left, context, RESERVE_SECONDS, WAIT_SECONDS)
    try:
        progress.tell("publish jsonpaths and the Glue job")
        published = [*publish_jsonpaths(delivery), *publish_job(delivery)]
        applied = migrate(warehouse, seconds, lambda name: progress.tell(f"apply {name}"))
        progress.tell("install the marts, set up the loader")
        marts = install(warehouse, seconds())
        loader.install(warehouse, login(), seconds())
    except Exception as error:
        progress.end(error)
        raise
    done: dict[str, Any] = {"migrations": applied, "marts": marts, "published": published}
    progress.end(**done)
    metrics.add_metric(name="Migrated", unit="Count", value=1)
    logger.info("migrated", extra=done)
    return done
