"""Reads gzip objects of the lake: one that is none is named, not a traceback."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from client.errors import ClientError

NOT_GZIP = (gzip.BadGzipFile, EOFError, zlib.error)


@contextmanager
def opened(s3: Any, bucket: str, key: str) -> Iterator[IO[bytes]]:
    """Open an object's uncompressed bytes. Raises ClientError, also while it is read, if it is not whole gzip."""
    try:
        with gzip.open(s3.get_object(Bucket=bucket, Key=key)["Body"], "rb") as lines:
            yield cast(IO[bytes], lines)
    except NOT_GZIP as error:
        raise ClientError(f"s3://{bucket}/{key} is not a complete gzip object: was it put there by hand?") from error
