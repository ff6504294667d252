"""Files into the raw zone: in parts, several at a time, and not at all when the same content is there and loaded."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig

from client.errors import ClientError

PREFIX = "transactions/"
SUFFIXES = (".csv", ".csv.gz")
PART_BYTES = 16 * 1024 * 1024
_TRANSFER = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4)


def keys(files: Iterable[Path]) -> dict[Path, str]:
    """Give each file its key. Raises ClientError for what is no file, is no CSV by its name, or shares a key."""
    found: dict[Path, str] = {}
    for file in files:
        if not file.is_file():
            raise ClientError(f"Cannot read {file}: it is not a file.")
        if not file.name.endswith(SUFFIXES):
            raise ClientError(f"{file} is not {' or '.join(SUFFIXES)}: export it as CSV, with a header.")
        key = PREFIX + file.name
        if key in found.values():
            raise ClientError(f"Two files are named {file.name}: they would be one object, rename one of them.")
        found[file] = key
    return found


def check_gzip(files: Iterable[Path]) -> None:
    """Read the gzip files through, as Spark would find out with half of a folder's run done.

    Raises ClientError for one that is cut off or damaged.
    """
    for file in files:
        if file.name.endswith(".gz"):
            _read_through(file)


def _read_through(file: Path) -> None:
    try:
        with gzip.open(file) as stream:
            while stream.read(PART_BYTES):
                pass
    except (EOFError, OSError, zlib.error) as error:
        raise ClientError(
            f"{file} is no whole gzip file ({error}): fetch or make it again. Nothing was sent."
        ) from error


def etag(file: Path) -> str:
    """Give the ETag that S3 will give the file: MD5, or the MD5 of its parts' and their number.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """
    parts = []
    with file.open("rb") as stream:
        while part := stream.read(PART_BYTES):
            parts.append(hashlib.md5(part, usedforsecurity=False).digest())
    if file.stat().st_size < PART_BYTES:
        return parts[0].hex() if parts else hashlib.md5(usedforsecurity=False).hexdigest()
    return f"{hashlib.md5(b''.join(parts), usedforsecurity=False).hexdigest()}-{len(parts)}"


def upload(s3: Any, file: Path, bucket: str, key: str, tell: Callable[[int], None]) -> str:
    """Put a file; its ETag. ``tell`` hears of bytes as they go. Raises botocore's errors."""
    s3.upload_file(str(file), bucket, key, Config=_TRANSFER, Callback=tell)
    return str(s3.head_object(Bucket=bucket, Key=key)["ETag"]).strip('"')
