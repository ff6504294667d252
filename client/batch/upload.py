"""Files into the raw zone: in parts, several at a time, and not at all when the same content is there and loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig

PART_BYTES = 16 * 1024 * 1024
_TRANSFER = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4)


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


def upload(s3: Any, file: Path, bucket: str, key: str, report: Callable[[int], None]) -> str:
    """Put a file; its ETag. ``report`` hears of bytes as they go. Raises botocore's errors."""
    s3.upload_file(str(file), bucket, key, Config=_TRANSFER, Callback=report)
    return str(s3.head_object(Bucket=bucket, Key=key)["ETag"]).strip('"')
