"""Which objects of the raw zone a run reads, and the first line of each, which must name the schema's columns."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

from glue.header import DriftError, InputError, read_header
from glue.storage import split_url

SUFFIXES = (".csv", ".csv.gz")
_FIRST_BYTES = 256 * 1024  # a header of two dozen names has a few hundred


class RawObject(NamedTuple):
    """An object of the raw zone: ``etag`` changes with its content."""

    url: str
    etag: str
    size: int


def find(s3: Any, raw_path: str) -> list[RawObject]:
    """List the CSV objects at an address, which is a key or a prefix that ends in ``/``, sorted by key.

    Raises InputError when a key names no object, or by its name no CSV file.
    """
    bucket, key = split_url(raw_path)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    objects = [
        RawObject(f"s3://{bucket}/{item['Key']}", item["ETag"].strip('"'), item["Size"])
        for page in pages
        for item in page.get("Contents", [])
        if (item["Key"].endswith(SUFFIXES) if key.endswith("/") or not key else item["Key"] == key)
    ]
    if key and not key.endswith("/"):
        if not objects:
            raise InputError(f"{raw_path} does not exist")
        if not key.endswith(SUFFIXES):
            raise InputError(f"{raw_path} is not {' or '.join(SUFFIXES)}")
    return sorted(objects)


def headers(s3: Any, objects: list[RawObject]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Read each header: by address, the columns of the files that can be read, and what is wrong with the others."""
    found: dict[str, list[str]] = {}
    wrong: dict[str, str] = {}
    for item in objects:
        try:
            found[item.url] = read_header(first_line(s3, item), item.url)
        except DriftError as error:
            wrong[item.url] = str(error)
    return found, wrong


def first_line(s3: Any, item: RawObject) -> bytes:
    """Read an object's first line, of its first bytes alone. Raises DriftError if it is empty or no gzip."""
    if not item.size:
        raise DriftError(f"{item.url}: is empty, its first line must name the columns")
    bucket, key = split_url(item.url)
    answer = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{_FIRST_BYTES - 1}", IfMatch=item.etag)
    data = answer["Body"].read()
    if key.endswith(".gz"):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data)
        except zlib.error as error:
            raise DriftError(f"{item.url}: is not gzip, as its name says") from error
    return bytes(data.splitlines()[0]) if data.splitlines() else b""
