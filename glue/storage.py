"""Where files are: s3:// addresses as the world knows them, and the paths by which Spark reads and writes them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:  # Python workers use the pure part
    from pyspark.sql import SparkSession


class File(NamedTuple):
    """A written file and its length in bytes."""

    url: str
    size: int


def split_url(url: str) -> tuple[str, str]:
    """Give bucket and key of an s3:// address. Raises ValueError for any other."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket:
        raise ValueError(f"{url!r} is not an s3:// address")
    return bucket, key


def address_of(path: str, mount: str = "") -> str:
    """Give the s3:// address of a path that Spark names, encoded; on a mount, with one or three slashes after file:."""
    if not mount:
        return "s3://" + unquote(path.split("://", 1)[1])
    return "s3://" + posixpath.relpath(unquote(urlsplit(path).path), mount)


class Storage:
    """Spark's view of S3: on Glue, its own s3:// file system; elsewhere, a folder ``mount`` that has the buckets."""

    def __init__(self, spark: SparkSession, mount: str = "") -> None:
        self._spark = spark
        self._mount = mount.rstrip("/")

    def path(self, url: str) -> str:
        """Give the path by which Spark reaches an address."""
        return f"file://{self._mount}/{'/'.join(split_url(url))}" if self._mount else url

    def files(self, url: str) -> list[File]:
        """List the files below an address, sorted; markers such as ``_SUCCESS`` and hidden ones are left out."""
        return sorted(self._walk(url))

    def _walk(self, url: str) -> Iterator[File]:
        system, path = self._system(url)
        if not system.exists(path):
            return
        found = system.listFiles(path, True)
        while found.hasNext():
            status = found.next()
            address = address_of(str(status.getPath().toUri().toString()), self._mount)
            if not posixpath.basename(address).startswith(("_", ".")):
                yield File(address, int(status.getLen()))

    def write(self, url: str, data: bytes) -> None:
        """Write a small file whole, in place of what was there."""
        system, path = self._system(url)
        stream = system.create(path, True)
        try:
            stream.write(bytearray(data))
        finally:
            stream.close()

    def delete(self, url: str) -> None:
        """Remove everything below an address."""
        system, path = self._system(url)
        system.delete(path, True)

    def _system(self, url: str) -> tuple[Any, Any]:
        jvm: Any = self._spark.sparkContext._jvm
        java: Any = self._spark.sparkContext._jsc
        path = jvm.org.apache.hadoop.fs.Path(self.path(url))
        return path.getFileSystem(java.hadoopConfiguration()), path
