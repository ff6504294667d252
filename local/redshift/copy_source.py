"""Where COPY reads: the objects a prefix or a manifest names, under the role's own credentials, decompressed."""

from __future__ import annotations

import bz2
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Protocol, cast

import pyarrow as pa

from local.redshift.copy_parse import CopyCommand
from local.redshift.errors import SqlError

_MAX_CONTROL_BYTES = 64 * 1024 * 1024


class MissingObjectError(Exception):
    """The object isn't there."""


class ObjectReader(Protocol):
    """S3 as COPY sees it. Raises SqlError when access is denied, MissingObjectError for an object that isn't there."""

    def open(self, bucket: str, key: str) -> BinaryIO: ...

    def list(self, bucket: str, prefix: str) -> Iterable[str]: ...


class ObjectAccess(Protocol):
    """Gives a reader that acts as an IAM role. Raises SqlError when the role can't be assumed."""

    def reader(self, role_arn: str, region: str | None) -> ObjectReader: ...


def split_address(address: str) -> tuple[str, str]:
    """('bucket', 'key') of an s3:// address."""
    if not address.startswith("s3://"):
        raise SqlError(f"Invalid S3 address: {address}")
    bucket, _, key = address[5:].partition("/")
    return bucket, key


def read_small(reader: ObjectReader, address: str, what: str) -> bytes:
    """A control file (manifest or jsonpaths) whole."""
    try:
        with reader.open(*split_address(address)) as stream:
            data = stream.read(_MAX_CONTROL_BYTES + 1)
    except MissingObjectError as error:
        raise SqlError(f"Problem reading {what} file {address} - The specified key does not exist.") from error
    if len(data) > _MAX_CONTROL_BYTES:
        raise SqlError(f"Problem reading {what} file {address} - it is larger than 64 MB")
    return data


def files(reader: ObjectReader, command: CopyCommand) -> Iterator[tuple[str, BinaryIO]]:
    """The (address, open stream) of each file to load. Raises SqlError when a mandatory one is missing."""
    if command.manifest:
        yield from _manifest_files(reader, command.source)
        return
    bucket, prefix = split_address(command.source)
    keys = list(reader.list(bucket, prefix))
    if not keys:
        raise SqlError(f"The specified S3 prefix '{prefix}' does not exist")
    for key in keys:
        if not key.endswith("/"):
            yield f"s3://{bucket}/{key}", reader.open(bucket, key)


def _manifest_files(reader: ObjectReader, source: str) -> Iterator[tuple[str, BinaryIO]]:
    found = False
    for url, mandatory in manifest_entries(read_small(reader, source, "manifest")):
        try:
            stream = reader.open(*split_address(url))
        except MissingObjectError as error:
            if mandatory:
                message = f"Problem reading file {url} named in manifest - The specified key does not exist."
                raise SqlError(message) from error
            continue
        found = True
        yield url, stream
    if not found:
        # "Regardless of any mandatory settings, COPY will terminate if no files are found."
        raise SqlError(f"Problem reading manifest file {source} - no files were found")


def manifest_entries(data: bytes) -> list[tuple[str, bool]]:
    """[(url, mandatory)] of a manifest. Raises SqlError when it isn't one."""
    try:
        entries = json.loads(data)["entries"]
        found = [(entry["url"], entry.get("mandatory", False)) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SqlError(
            "Problem reading manifest file - it is not a valid manifest (JSON with entries and urls)"
        ) from error
    for url, mandatory in found:
        if not isinstance(url, str) or not url.startswith("s3://") or not isinstance(mandatory, bool):
            raise SqlError(f"Problem reading manifest file - bad entry {url!r}, mandatory {mandatory!r}")
    return found


def decompressed(stream: BinaryIO, compression: str | None) -> BinaryIO:
    if compression == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    if compression == "bzip2":
        return cast(BinaryIO, bz2.BZ2File(stream))
    if compression == "zstd":
        return cast(BinaryIO, pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd"))
    return stream


DECOMPRESSION_ERRORS: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, gzip.BadGzipFile)


def blocks(stream: BinaryIO, compression: str | None, address: str, size: int = 16 * 1024 * 1024) -> Iterator[bytes]:
    """The file's bytes, decompressed, in blocks. Raises SqlError when they do not match COPY's options."""
    source: Any = decompressed(stream, compression)
    try:
        while block := source.read(size):
            yield bytes(block)
    except DECOMPRESSION_ERRORS as error:
        raise SqlError(f"Failed to read {address} as {compression or 'plain'} data: {error}") from error
