"""The files that a query reads: listed and fetched with the caller's rights, counted against the workgroup's limit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from botocore.exceptions import ClientError
from pyarrow import ArrowInvalid

from local.athena.catalog import Partition, Table, denied
from local.athena.errors import QueryError, ScanLimitError


class Fetched(NamedTuple):
    """A file on this machine, and the partition that it belongs to."""

    path: Path
    partition: Partition


@dataclass
class Reader:
    """``s3`` is a client of the caller's; ``folder`` takes the files; ``limit``: bytes a query may scan, or None."""

    s3: Any
    folder: Path
    limit: int | None = None
    scanned: int = 0
    _number: int = field(default=0, repr=False)

    def fetch(self, table: Table, partition: Partition, columns: set[str]) -> Iterator[Fetched]:
        """Of Parquet the bytes of the columns that are read count, as on AWS. Raises QueryError, ScanLimitError."""
        bucket, _, prefix = partition.location.removeprefix("s3://").partition("/")
        prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        for key, size in self._keys(bucket, prefix):
            if table.format != "parquet":
                self._count(size)
            path = self.folder / f"{self._number}{_suffix(key)}"
            self._number += 1
            try:
                body = self.s3.get_object(Bucket=bucket, Key=key)["Body"]
                with path.open("wb") as file:
                    shutil.copyfileobj(body, file)
            except ClientError as error:
                raise denied(error, f"s3://{bucket}/{key}: ") from error
            if table.format == "parquet":
                self._count(_column_bytes(path, columns, f"s3://{bucket}/{key}"))
            yield Fetched(path, partition)

    def _keys(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        try:
            for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    parts = item["Key"].removeprefix(prefix).split("/")
                    if item["Size"] and not any(part.startswith(("_", ".")) for part in parts):
                        yield item["Key"], item["Size"]
        except ClientError as error:
            raise denied(error, f"s3://{bucket}/{prefix}: ") from error

    def _count(self, size: int) -> None:
        self.scanned += size
        if self.limit is not None and self.scanned > self.limit:
            raise ScanLimitError


def _suffix(key: str) -> str:
    return ".gz" if key.endswith(".gz") else ""


def _column_bytes(path: Path, columns: set[str], address: str) -> int:
    """Compressed bytes of the columns' chunks."""
    try:
        metadata = pq.read_metadata(path)
    except ArrowInvalid as error:
        raise QueryError("HIVE_BAD_DATA", f"Not a Parquet file: {address} ({error})") from None
    total = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for at in range(group.num_columns):
            chunk = group.column(at)
            if chunk.path_in_schema.split(".")[0].lower() in columns:
                total += chunk.total_compressed_size
    return total
