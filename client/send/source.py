"""Rows of a CSV or Parquet file or of standard input, one after the other, every cell as the text it is."""

from __future__ import annotations

import hashlib
import io
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from client.errors import ClientError

STDIN = "-"
_PARQUET_MAGIC = b"PAR1"


class Row(NamedTuple):
    """One row of the input."""

    number: int  # from 0, counting data rows
    line: int  # of the file, from 1, header included; for Parquet the row's number from 1
    cells: list[str | None]  # one per column of the source; None: no value
    problem: str | None  # why it cannot be put into a request at all


class Source(Protocol):
    """What `send` reads from."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns, checked."""

    def __iter__(self) -> Iterator[Row]:
        """The rows, read as they are asked for."""

    def position(self) -> int:
        """How far the reading has come, in the units of `size`."""


@dataclass
class Input:
    """An opened file: `identity` is the SHA-256 of its content, None for a stream, which is known only at its end."""

    name: str
    stream: HashingStream
    size: int | None
    identity: str | None
    path: Path | None
    stamp: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """The name without its folder: for the files made beside it."""
        return "stdin" if self.path is None else self.path.name

    def changed(self) -> bool:
        """Whether a file is no longer the one whose identity was taken."""
        return self.path is not None and self.stamp is not None and _stamp(self.path) != self.stamp

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.path is not None:
            self.stream.close()


class HashingStream(io.RawIOBase):
    """Bytes as they are read, hashed and counted on the way."""

    def __init__(self, raw: io.BufferedReader) -> None:
        self._raw = raw
        self._hash = hashlib.sha256()
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._raw.read1(len(buffer))  # what is there: a slow pipe is not waited for
        buffer[: len(data)] = data
        self._hash.update(data)
        self.count += len(data)
        return len(data)

    def hexdigest(self) -> str:
        """SHA-256 of what was read so far."""
        return self._hash.hexdigest()

    def close(self) -> None:
        self._raw.close()
        super().close()


def open_input(name: str) -> Input:
    """Open a file, or standard input for ``-``. A pipe is a stream too. Raises ClientError if it cannot be read."""
    if name == STDIN:
        # A buffer of our own over the same descriptor: `sys.stdin.buffer` is typed as any stream, and may be closed.
        return Input("standard input", HashingStream(open(0, "rb", closefd=False)), None, None, None)
    path = Path(name)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            if path.is_dir():
                raise ClientError(f"{name} is a folder: give a CSV or Parquet file.")
            return Input(name, HashingStream(path.open("rb")), None, None, None)
        stamp = _stamp(path)
        with path.open("rb") as file:
            identity = hashlib.file_digest(file, "sha256").hexdigest()
        return Input(name, HashingStream(path.open("rb")), path.stat().st_size, identity, path, stamp)
    except OSError as error:
        raise ClientError(f"Cannot read {name}: {error.strerror or error}.") from error


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def read(source: Input) -> Source:
    """The rows of an input: Parquet if it starts as such, else CSV. Raises ClientError if it has other columns."""
    buffered = io.BufferedReader(source.stream, 1 << 16)
    if buffered.peek(4)[:4] == _PARQUET_MAGIC:
        if source.path is None:
            raise ClientError("Parquet cannot be read from a pipe: give the file's name.")
        from client.send.parquet_rows import ParquetRows  # Arrow takes a third of a second to import

        return ParquetRows(source.path, source.name, source.size or 0)
    from client.send.csv_rows import CsvRows

    return CsvRows(buffered, source.stream, source.name)
