"""Builds what informs the other stores, when there is a need: it takes the modules of all of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from shared import config
from shared.aws import client
from shared.retry import Budget
from shared.warehouse.data_api import Warehouse

if TYPE_CHECKING:
    from shared.warehouse.conflicts import Resolver


def inform_other_stores(warehouse: Warehouse, seconds: float) -> int:
    """Inform the other stores of what does not count, within ``seconds``; give how many contents they know of now."""
    return resolver(warehouse).run(Budget(seconds))


@cache
def resolver(warehouse: Warehouse) -> Resolver:
    """Give the resolver of the function's stage, once per container."""
    from shared.sinks.bucket import Bucket
    from shared.sinks.table import Table
    from shared.stream.writer import Stream
    from shared.warehouse.conflicts import Resolver

    settings = config.read(config.Merge)
    return Resolver(
        warehouse,
        Table(client("dynamodb", read_timeout=5, attempts=1), settings.table_name),
        Stream(client("kinesis", read_timeout=5, attempts=1), settings.stream_name),
        Bucket(client("s3", read_timeout=10, attempts=3), settings.quarantine_bucket),
    )
