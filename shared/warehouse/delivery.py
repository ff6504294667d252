"""What Firehose's COPY reads beside the data: the jsonpaths file, published to the delivery bucket."""

from __future__ import annotations

from shared.sinks.bucket import Bucket
from shared.warehouse.sql import DIRECTORY

JSONPATHS = "jsonpaths/transaction.json"


def publish_jsonpaths(bucket: Bucket) -> str:
    """Put redshift/jsonpaths/transaction.json to the key of the same name; give the key. Raises as Bucket.put does."""
    bucket.put(JSONPATHS, (DIRECTORY / JSONPATHS).read_bytes(), "application/json")
    return JSONPATHS
