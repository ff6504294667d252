"""Deliveries that the warehouse did not take: each manifest is copied again, and merged."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from client.aws import Stage
from client.errors import ClientError
from client.loading import Loader
from client.quarantine.entries import Entry, Quarantine
from client.quarantine.outcome import FAILED, REDRIVEN, WOULD, Outcome
from shared.warehouse.data_api import StatementFailedError


def parse(body: bytes, key: str) -> list[str]:
    """Give the URL of each object that a manifest names. Raises ClientError if it is no manifest."""
    try:
        urls = [str(entry["url"]) for entry in json.loads(body)["entries"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ClientError(f"{key} is not a manifest of COPY: it may have been put there by hand.") from error
    if not urls or any(urlsplit(url).scheme != "s3" for url in urls):
        raise ClientError(f"{key} names no objects of S3: it may have been put there by hand.")
    return urls


class Manifests:
    """Redrives deliveries. COPY again is safe: what core has already, the merge drops."""

    def __init__(self, stage: Stage, quarantine: Quarantine) -> None:
        self._quarantine, self._loader = quarantine, Loader(stage)

    def redrive(self, entry: Entry, act: bool) -> Outcome:
        """COPY the manifest with Firehose's options (a line that cannot be read is left out), merge, move the entry.

        Objects of the delivery that have expired fail the COPY: then the lake has them, for a replay.
        """
        urls = parse(self._quarantine.read(entry), entry.key)
        objects = len(urls)
        if not act:
            return Outcome(entry.kind, entry.key, WOULD, objects)
        try:
            self._loader.copy_delivered(entry.key, urlsplit(urls[0]).path.split("/")[1])
            self._loader.merge()
        except StatementFailedError as error:
            return Outcome(entry.kind, entry.key, FAILED, objects, objects, str(error))
        self._quarantine.move(entry, objects=objects)
        return Outcome(entry.kind, entry.key, REDRIVEN, objects)
