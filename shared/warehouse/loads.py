"""Which deliveries the warehouse has loaded: Firehose puts a manifest before its COPY, not after it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.aws import error_code
from shared.telemetry import describe, logger
from shared.warehouse.data_api import Warehouse
from shared.warehouse.deliveries import MANIFESTS
from shared.warehouse.sql import in_list, read_statements

Manifest = tuple[str, str]  # bucket, key
GIVEN_UP = "errors/"  # before the key of a manifest that Firehose could not copy: resources/delivery.yml
_MISSING = frozenset({"NoSuchKey", "404"})


class ObjectsClient(Protocol):
    """The part of boto3's S3 client that is used here."""

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        """Give an object."""

    def list_objects_v2(self, **parameters: Any) -> dict[str, Any]:
        """List keys by prefix."""


class Loads:
    """The loads of a warehouse."""

    def __init__(self, warehouse: Warehouse, client: ObjectsClient, bucket: str) -> None:
        self._warehouse, self._client, self._bucket = warehouse, client, bucket

    def any_since_yesterday(self, now: datetime) -> bool:
        """Whether Firehose has put a manifest today or yesterday (UTC): two requests to S3, none to the warehouse."""
        for day in (now, now - timedelta(days=1)):
            prefix = f"{MANIFESTS}{day:%Y/%m/%d}/"
            if self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=1).get("KeyCount"):
                return True
        return False

    def missing(self, manifests: Iterable[Manifest], seconds: float) -> set[Manifest]:
        """Give the manifests whose COPY is still to come.

        A COPY loads all of a manifest or nothing, so its first object stands for it. A manifest that is gone, or that
        Firehose gave up (`swipeline quarantine redrive` merges it), is waited for no longer. Raises ClientError, and as
        Warehouse.run does.
        """
        first = {manifest: url for manifest in set(manifests) if (url := self._first_object(*manifest))}
        if not first:
            return set()
        look = read_statements("loaded.sql", FILES=in_list(sorted(first.values())))
        loaded = {row["file_name"] for row in self._warehouse.run("look-at-loads", look, seconds)}
        return {manifest for manifest, url in first.items() if url not in loaded and not self._is_given_up(*manifest)}

    def _first_object(self, bucket: str, key: str) -> str | None:
        body = self._read(bucket, key)
        if body is None:
            return None
        try:
            entries = json.loads(body)["entries"]
            return str(entries[0]["url"]) if entries else None
        except (ValueError, KeyError, TypeError, IndexError) as error:
            # Somebody changed it. Firehose's COPY fails on it, and gives it up: other deliveries do not wait for it.
            logger.warning("damaged manifest", extra=describe(error) | {"bucket": bucket, "key": key})
            return None

    def _is_given_up(self, bucket: str, key: str) -> bool:
        return self._read(bucket, GIVEN_UP + key) is not None

    def _read(self, bucket: str, key: str) -> bytes | None:
        try:
            body: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except Exception as error:
            if error_code(error) not in _MISSING:
                raise
            return None
        return body
