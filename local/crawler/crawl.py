"""One crawl: each S3 target of a crawler becomes a table, or is found to be empty."""

from __future__ import annotations

from typing import Any

from local.crawler.catalog import save
from local.crawler.scan import scan

_OTHER_TARGETS = ("JdbcTargets", "MongoDBTargets", "DynamoDBTargets", "CatalogTargets", "DeltaTargets")


class CrawlError(Exception):
    """The crawler asks for what is not supported here; the message names it."""


def crawl(crawler: dict[str, Any], s3: Any, glue: Any) -> dict[str, str]:
    """Crawl all targets: {table or path: CREATED, UPDATED, UNCHANGED or EMPTY}. Raises CrawlError, ClientError."""
    targets = crawler["Targets"]
    for kind in _OTHER_TARGETS:
        if targets.get(kind):
            raise CrawlError(f"crawler {crawler['Name']}: {kind} are not supported here, S3Targets are")
    if crawler.get("Classifiers"):
        raise CrawlError(f"crawler {crawler['Name']}: custom classifiers are not supported here")
    update = crawler.get("SchemaChangePolicy", {}).get("UpdateBehavior", "UPDATE_IN_DATABASE") == "UPDATE_IN_DATABASE"
    done: dict[str, str] = {}
    for target in targets.get("S3Targets", []):
        if target.get("Exclusions"):
            raise CrawlError(f"crawler {crawler['Name']}: Exclusions are not supported here")
        table = scan(s3, target["Path"], target.get("SampleSize"), crawler.get("TablePrefix", ""))
        if table is None:
            done[target["Path"]] = "EMPTY"
        else:
            done[table.name] = save(glue, crawler["DatabaseName"], crawler["Name"], table, update)
    return done
