"""Deliveries that the warehouse did not take: each manifest is copied again, and merged."""

from __future__ import annotations

import gzip
import json
import zlib
from urllib.parse import urlsplit

from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.loading import Loader
from client.quarantine.entries import Entry, Quarantine
from client.quarantine.outcome import FAILED, REDRIVEN, STILL_BAD, WOULD, Outcome
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


def manifest_of(urls: list[str]) -> bytes:
    """Give a manifest of COPY: every object has to be there."""
    return json.dumps({"entries": [{"url": url, "mandatory": True} for url in urls]}).encode()


class Manifests:
    """Redrives deliveries. COPY again is safe: what core has already, the merge drops."""

    def __init__(self, stage: Stage, quarantine: Quarantine) -> None:
        self._quarantine, self._loader = quarantine, Loader(stage)
        self._s3, self._bucket = stage.client("s3"), stage.output("DeliveryBucket")

    def redrive(self, entry: Entry, act: bool) -> Outcome:
        """COPY the manifest with Firehose's options (a line that cannot be read is left out), merge, move the entry.

        An object that is damaged or has expired stays, named with its reason, and the others are copied without it: the
        lake has its rows, for a replay.
        """
        urls = parse(self._quarantine.read(entry), entry.key)
        objects = len(urls)
        if not act:
            return Outcome(entry.kind, entry.key, WOULD, objects)
        folder = urlsplit(urls[0]).path.split("/")[1]
        damaged: dict[str, str] = {}
        try:
            try:
                self._loader.copy_delivered(entry.key, folder)
            except StatementFailedError:
                damaged = {url: reason for url in urls if (reason := self._damage(url))}
                good = [url for url in urls if url not in damaged]
                if not damaged:
                    raise
                if good:
                    manifest = f"manifests/{entry.key}"
                    self._s3.put_object(Bucket=self._bucket, Key=manifest, Body=manifest_of(good))
                    self._loader.copy_delivered(manifest, folder)
            self._loader.merge()
        except StatementFailedError as error:
            return Outcome(entry.kind, entry.key, FAILED, objects, objects, str(error))
        if damaged:
            self._quarantine.keep_copy(entry, objects=objects - len(damaged))
            self._quarantine.replace(entry, manifest_of(list(damaged)))
            reason = "; ".join(f"{url}: {why}" for url, why in damaged.items())
            return Outcome(entry.kind, entry.key, STILL_BAD, objects, len(damaged), reason)
        self._quarantine.move(entry, objects=objects)
        return Outcome(entry.kind, entry.key, REDRIVEN, objects)

    def _damage(self, url: str) -> str:
        """Say why COPY cannot read an object; empty if it can."""
        place = urlsplit(url)
        try:
            gzip.decompress(self._s3.get_object(Bucket=place.netloc, Key=place.path[1:])["Body"].read())
        except AwsError as error:
            if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
                raise ClientError(f"{url} cannot be read: {error}") from error
            return "the object is gone"
        except (OSError, EOFError, zlib.error) as error:
            return f"not whole gzip ({error})"
        return ""
