"""How many objects are in quarantine."""

from __future__ import annotations

from client.aws import Stage

PREFIXES = (
    "quarantine/",
    "aws/lambda/",
    "conflicts/",
)  # bad lines; batches given up; contents in conflict


def quarantined(stage: Stage) -> int:
    """Count them."""
    pages = stage.client("s3").get_paginator("list_objects_v2")
    bucket = stage.output("QuarantineBucket")
    return sum(
        len(page.get("Contents", [])) for prefix in PREFIXES for page in pages.paginate(Bucket=bucket, Prefix=prefix)
    )
