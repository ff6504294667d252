"""Puts objects into an S3 bucket, and deletes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

from shared.aws import error_code, is_transient
from shared.errors import TransientError

THREADS = 8


class S3Client(Protocol):
    """The part of boto3's S3 client that is used here; several threads call it at once."""

    def put_object(self, **parameters: Any) -> dict[str, Any]:
        """Put one object, whole or not at all."""

    def delete_object(self, **parameters: Any) -> dict[str, Any]:
        """Delete one object, if it is there."""


class Bucket:
    """A bucket; botocore repeats a failed put, since a put is whole or nothing."""

    def __init__(self, client: S3Client, name: str) -> None:
        self._client, self._name = client, name

    def put(self, key: str, body: bytes, content_type: str, **metadata: str) -> None:
        """Put an object. Raises TransientError when S3 cannot take it now, ClientError when it never will."""
        with _transient():
            self._client.put_object(
                Bucket=self._name, Key=key, Body=body, ContentType=content_type, Metadata=dict(metadata)
            )

    def delete(self, key: str) -> None:
        """Delete an object, if it is there. Raises as put does."""
        with _transient():
            self._client.delete_object(Bucket=self._name, Key=key)

    def put_all(self, objects: Iterable[tuple[str, bytes]], content_type: str) -> None:
        """Put several objects at once; raises as put does, after which any of them may be there."""
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(lambda one: self.put(one[0], one[1], content_type), objects):
                pass


@contextmanager
def _transient() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if is_transient(error):
            raise TransientError(error_code(error)) from error
        raise
