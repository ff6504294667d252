"""Bytes of a file or a pipe, hashed and counted on the way, and its identity."""

from __future__ import annotations

import hashlib
import io
import stat
from dataclasses import dataclass
from pathlib import Path

from client.errors import ClientError

STDIN = "-"


class HashingStream(io.RawIOBase):
    """Bytes as they are read, hashed and counted on the way."""

    def __init__(self, raw: io.BufferedReader, hashed: bool = True) -> None:
        self._raw = raw
        self._hash = hashlib.sha256() if hashed else None
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._raw.read1(len(buffer))  # only what is available: a slow pipe is not waited for
        buffer[: len(data)] = data
        if self._hash is not None:
            self._hash.update(data)
        self.count += len(data)
        return len(data)

    def hexdigest(self) -> str:
        """SHA-256 of what was read so far. Only for a stream that was opened to be hashed."""
        assert self._hash is not None
        return self._hash.hexdigest()

    def close(self) -> None:
        self._raw.close()
        super().close()


@dataclass
class Input:
    """An opened file: `identity` is the SHA-256 of its content, None for a stream, which is known only at its end."""

    name: str
    stream: HashingStream
    size: int | None
    identity: str | None
    path: Path | None
    stamp: tuple[int, int] | None = None
    member: str | None = None  # of a zip archive

    @property
    def label(self) -> str:
        """The name without its folder: for the files made beside it."""
        if self.path is None:
            return "stdin"
        return f"{self.path.name}.{Path(self.member).name}" if self.member else self.path.name

    def changed(self) -> bool:
        """Whether a file is no longer the one whose identity was taken."""
        return self.path is not None and self.stamp is not None and _stamp(self.path) != self.stamp

    def reopen(self) -> HashingStream:
        """The bytes of a regular file from their start."""
        assert self.path is not None
        return HashingStream(self.path.open("rb"), hashed=False)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if not self.stream.closed and self.path is not None:
            self.stream.close()


def open_input(name: str, member: str | None = None) -> Input:
    """Open a file, or standard input for ``-``. A pipe is a stream too. Raises ClientError if it cannot be read."""
    if name == STDIN:
        # A buffer of our own over the same descriptor: `sys.stdin.buffer` is typed as any stream, and may be closed.
        return Input("standard input", HashingStream(open(0, "rb", closefd=False)), None, None, None)
    path = Path(name)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            if path.is_dir():
                raise ClientError(f"{name} is a folder without data files in it.")
            return Input(name, HashingStream(path.open("rb")), None, None, None)
        stamp = _stamp(path)
        with path.open("rb") as file:
            identity = hashlib.file_digest(file, "sha256").hexdigest()
        if member is not None:
            identity = hashlib.sha256(f"{identity}\x1f{member}".encode()).hexdigest()
        shown = name if member is None else f"{name} ({member})"
        stream = HashingStream(path.open("rb"), hashed=False)
        return Input(shown, stream, path.stat().st_size, identity, path, stamp, member)
    except OSError as error:
        raise ClientError(f"Cannot read {name}: {error.strerror or error}.") from error


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
