"""Looks at the files below an S3 target: one table for those that fit together, a partition for each folder of them."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections import defaultdict
from typing import Any, NamedTuple

from local.crawler.csv_schema import csv_schema
from local.crawler.parquet_schema import parquet_schema
from local.crawler.table import Column, Format, Table, merged

SAMPLE_BYTES = 1024 * 1024
_PARTITION = re.compile(r"([^=/]+)=([^/]*)")


class Found(NamedTuple):
    """An object."""

    key: str
    size: int


def scan(s3: Any, path: str, sample_size: int | None, prefix: str) -> Table | None:
    """Crawl a target, s3://bucket/folder/; None when no file in it can be read. ``sample_size``: files per folder."""
    bucket, _, folder = path.removeprefix("s3://").partition("/")
    folder = folder if not folder or folder.endswith("/") else f"{folder}/"
    # AWS's crawler asks for both, and fails without: https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html
    s3.get_bucket_location(Bucket=bucket)
    s3.get_bucket_acl(Bucket=bucket)
    folders = _folders(s3, bucket, folder)
    columns: list[Column] = []
    form: Format | None = None
    compressed = False
    for objects in folders.values():
        for item in objects[:sample_size]:
            found = _schema(s3, bucket, item)
            if found is None or (form is not None and found[1].name != form.name):
                continue  # not of the table's format: AWS would make a table of its own of it
            columns = merged(columns, found[0]) if columns else found[0]
            form = form or found[1]
            compressed = compressed or item.key.endswith(".gz")
    if form is None:
        return None
    name = prefix + re.sub(r"\W", "_", (folder.rstrip("/").rsplit("/", 1)[-1] or bucket).lower())
    table = Table(name, f"s3://{bucket}/{folder}", columns, form, compressed=compressed)
    table.objects = sum(map(len, folders.values()))
    table.bytes = sum(item.size for objects in folders.values() for item in objects)
    _partition(table, bucket, folder, list(folders))
    return table


def _folders(s3: Any, bucket: str, folder: str) -> dict[str, list[Found]]:
    """List the objects by their folder; hidden ones are no data."""
    folders: dict[str, list[Found]] = defaultdict(list)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
        for item in page.get("Contents", []):
            parts = item["Key"].removeprefix(folder).split("/")
            if item["Size"] and not any(part.startswith(("_", ".")) for part in parts):
                folders["/".join(parts[:-1])].append(Found(item["Key"], item["Size"]))
    return dict(sorted(folders.items()))


def _partition(table: Table, bucket: str, folder: str, folders: list[str]) -> None:
    """Name the partition keys: what stands before an equals sign, or partition_0, partition_1, ..."""
    levels = {len(name.split("/")) if name else 0 for name in folders}
    if levels == {0} or len(levels) > 1:  # no folders, or files at several levels: no partitions
        return
    for name in folders:
        pairs = [_PARTITION.fullmatch(part) for part in name.split("/")]
        parts = name.split("/")
        table.keys = [pair[1].lower() if pair else f"partition_{index}" for index, pair in enumerate(pairs)]
        values = tuple(pair[2] if pair else part for pair, part in zip(pairs, parts, strict=True))
        table.partitions[values] = f"s3://{bucket}/{folder}{name}/"
    taken = {column.name for column in table.columns}
    table.keys = [f"partition_{key}" if key in taken else key for key in table.keys]


def _schema(s3: Any, bucket: str, item: Found) -> tuple[list[Column], Format] | None:
    if item.key.endswith(".parquet"):
        body = s3.get_object(Bucket=bucket, Key=item.key)["Body"].read()
        return parquet_schema(io.BytesIO(body))
    data = s3.get_object(Bucket=bucket, Key=item.key, Range=f"bytes=0-{SAMPLE_BYTES - 1}")["Body"].read()
    whole = item.size <= SAMPLE_BYTES
    if data[:2] == b"\x1f\x8b":
        try:
            unpacker = zlib.decompressobj(wbits=31)
            data, whole = unpacker.decompress(data, SAMPLE_BYTES), unpacker.eof and not unpacker.unconsumed_tail
        except (zlib.error, gzip.BadGzipFile):
            return None
    try:
        return csv_schema(data.decode("utf-8-sig", "replace"), whole=whole)
    except ValueError:
        return None
