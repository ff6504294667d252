"""The names Firehose gives to objects and manifests, and a manifest's content. Pure.

https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from local.firehose.model import DeliveryStream


def object_key(stream: DeliveryStream, oldest: float, unique: UUID) -> str:
    """<prefix>YYYY/MM/dd/HH/<stream>-<version>-YYYY-MM-dd-HH-MM-SS-<uuid>[.gz]; `oldest` record's arrival, in UTC."""
    return stream.prefix + _dated(stream, oldest, unique) + (".gz" if stream.gzip else "")


def manifest_key(stream: DeliveryStream, at: float, unique: UUID) -> str:
    """manifests/YYYY/MM/dd/HH/<stream>-<version>-...: the manifest a COPY reads."""
    return "manifests/" + _dated(stream, at, unique)


def error_manifest_key(stream: DeliveryStream, manifest: str) -> str:
    """errors/manifests/...: where the manifest of objects that could not be copied goes, to be copied by hand."""
    return stream.error_prefix + manifest


def processing_failed_key(stream: DeliveryStream, at: float, unique: UUID) -> str:
    """errors/processing-failed/...: where the records go that the stream's function fails on."""
    return f"{stream.error_prefix}processing-failed/" + _dated(stream, at, unique)


def manifest_body(bucket: str, keys: Iterable[str]) -> bytes:
    """A COPY manifest: every object has to be there."""
    entries = [{"url": f"s3://{bucket}/{key}", "mandatory": True} for key in keys]
    return json.dumps({"entries": entries}).encode()


def _dated(stream: DeliveryStream, at: float, unique: UUID) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y/%m/%d/%H}/{stream.name}-{stream.version}-{moment:%Y-%m-%d-%H-%M-%S}-{unique}"
