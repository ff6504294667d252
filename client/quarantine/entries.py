"""The kinds of quarantine entries and where they are: unreadable lines, failed batches, conflicts, deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError

# Prefixes, in the bucket of an entry, for what is no longer in quarantine.
REDRIVEN = "redriven/"
DISCARDED = "discarded/"


@dataclass(frozen=True)
class Kind:
    """A kind of entry: its name, the stack output that names its bucket, its prefix, and what it is."""

    name: str
    bucket_output: str
    prefix: str
    title: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("lines", "QuarantineBucket", "quarantine/", "unreadable records (retrying will not help)"),
        Kind("batches", "QuarantineBucket", "aws/lambda/", "batches that a function gave up on"),
        Kind("conflicts", "QuarantineBucket", "conflicts/", "contents of a transaction that do not count"),
        Kind("manifests", "DeliveryBucket", "errors/manifests/", "deliveries that the warehouse refused"),
        Kind("undelivered", "DeliveryBucket", "errors/processing-failed/", "records that could not be checked"),
    )
}


@dataclass(frozen=True)
class Entry:
    """One quarantined object."""

    kind: str
    key: str
    size: int
    set_aside_at: datetime


class Quarantine:
    """The entries of a stage. A crash leaves an entry in its place, under redriven/ or discarded/, or in both."""

    def __init__(self, stage: Stage) -> None:
        self._s3 = stage.client("s3")
        self._buckets = {kind.name: stage.output(kind.bucket_output) for kind in KINDS.values()}

    def entries(self, kinds: Iterable[str]) -> Iterator[Entry]:
        """Give the entries by kind, ordered by key: lines and batches of a shard in stream order."""
        pages = self._s3.get_paginator("list_objects_v2")
        for kind in kinds:
            for page in pages.paginate(Bucket=self._buckets[kind], Prefix=KINDS[kind].prefix):
                for item in page.get("Contents", []):
                    yield Entry(kind, item["Key"], item["Size"], item["LastModified"])

    def counts(self) -> dict[str, int]:
        """Count the entries of each kind."""
        return {kind: sum(1 for _ in self.entries([kind])) for kind in KINDS}

    def find(self, key: str) -> Entry:
        """Give the entry of a key. Raises ClientError if there is none."""
        kind = next((kind for kind in KINDS.values() if key.startswith(kind.prefix)), None)
        if kind is None:
            prefixes = ", ".join(kind.prefix for kind in KINDS.values())
            raise ClientError(f'"{key}" is not a quarantine key; keys start with {prefixes}.')
        try:
            head = self._s3.head_object(Bucket=self._buckets[kind.name], Key=key)
        except AwsError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise ClientError(
                    f"{key} is not in quarantine. It may have been redriven or discarded: see {REDRIVEN}{key} and "
                    f"{DISCARDED}{key}."
                ) from error
            raise
        return Entry(kind.name, key, head["ContentLength"], head["LastModified"])

    def read(self, entry: Entry) -> bytes:
        """Give the object's content."""
        return bytes(self._s3.get_object(Bucket=self._buckets[entry.kind], Key=entry.key)["Body"].read())

    def replace(self, entry: Entry, body: bytes) -> None:
        """Put other content in an entry's place."""
        self._s3.put_object(Bucket=self._buckets[entry.kind], Key=entry.key, Body=body, ContentType="application/json")

    def keep_copy(self, entry: Entry, prefix: str = REDRIVEN, **about: Any) -> None:
        """Copy an entry below a prefix, with the time and the outcome as metadata."""
        bucket = self._buckets[entry.kind]
        self._s3.copy_object(
            Bucket=bucket,
            Key=prefix + entry.key,
            CopySource={"Bucket": bucket, "Key": entry.key},
            ContentType="application/json",
            Metadata={f"{prefix[:-1]}-at": datetime.now(UTC).isoformat(), **{k: str(v) for k, v in about.items()}},
            MetadataDirective="REPLACE",
        )

    def move(self, entry: Entry, prefix: str = REDRIVEN, **about: Any) -> None:
        """Move an entry below a prefix. Killed in between, it is in both places, and the next run moves it again."""
        self.keep_copy(entry, prefix, **about)
        self._s3.delete_object(Bucket=self._buckets[entry.kind], Key=entry.key)
