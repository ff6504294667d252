"""What Firehose's COPY reads beside the data: the jsonpaths files, published to the delivery bucket."""

from __future__ import annotations

from shared.sinks.bucket import Bucket
from shared.warehouse.sql import DIRECTORY

FOLDER = "jsonpaths"


def publish_jsonpaths(bucket: Bucket) -> list[str]:
    """Put redshift/jsonpaths to keys of the same names; give the keys. Raises as Bucket.put does.

    There is a file for each version of the line, and none of them ever changes: a COPY of the release before, which is
    still under way or rolled back to, finds its own.
    """
    keys = [f"{FOLDER}/{path.name}" for path in sorted((DIRECTORY / FOLDER).glob("*.json"))]
    for key in keys:
        bucket.put(key, (DIRECTORY / key).read_bytes(), "application/json")
    return keys
