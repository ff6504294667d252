"""What a file is by its first bytes, and the bytes inside it: gzip, zip, zstd, bzip2 and xz are undone on the way."""

from __future__ import annotations

import bz2
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any, BinaryIO, cast

import zstandard
from isal import igzip, isal_zlib

from client.errors import ClientError
from client.files.kinds import refuse_known
from client.files.stream import HashingStream, Input

HEAD = 1 << 16
_CHUNK = 1 << 17
_IN_MEMORY = 32 * 1024 * 1024  # of a pipe's Parquet or Excel file; a larger one goes to a temporary file
_MOST_LAYERS = 4
_DAMAGE: tuple[type[Exception], ...] = (
    EOFError,
    zlib.error,
    cast(type[Exception], isal_zlib.error),
    lzma.LZMAError,
    zstandard.ZstdError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
_DAMAGE_OR_OS: tuple[type[Exception], ...] = (*_DAMAGE, OSError)

PARQUET, EXCEL, TEXT = "Parquet", "Excel", "text"


class _Zstd(io.RawIOBase):
    """Frames of zstd, one after the other; unlike zstandard's own reader it notices a file that was cut off."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw, self._rest = raw, b""
        self._decoder: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            data = self._raw.read(_CHUNK)
            if not data:
                if self._decoder is not None:
                    raise EOFError("the last frame is cut off")
                return 0
            self._rest = self._decode(data)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _decode(self, data: bytes) -> bytes:
        out = b""
        while data:
            if self._decoder is None:
                self._decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
            out += self._decoder.decompress(data)
            data = self._decoder.unused_data if self._decoder.eof else b""
            if self._decoder.eof:
                self._decoder = None
        return out


def _gzip(raw: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, igzip.GzipFile(fileobj=raw, mode="rb"))


_LAYERS: tuple[tuple[bytes, str, Callable[[BinaryIO], BinaryIO]], ...] = (
    (b"\x1f\x8b", "gzip", _gzip),
    (b"\x28\xb5\x2f\xfd", "zstd", lambda raw: cast(BinaryIO, io.BufferedReader(_Zstd(raw), _CHUNK))),
    (b"BZh", "bzip2", lambda raw: cast(BinaryIO, bz2.BZ2File(raw))),
    (b"\xfd7zXZ\x00", "xz", lambda raw: cast(BinaryIO, lzma.LZMAFile(raw, "rb"))),  # noqa: SIM115
)
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"


class Guarded(io.RawIOBase):
    """Bytes of some layers; damage in any of them is one clear error."""

    def __init__(self, inner: BinaryIO, name: str, layers: list[str]) -> None:
        self._inner, self._name, self._layers = inner, name, layers

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self.guarded(lambda: self._inner.read1(len(buffer)))  # type: ignore[attr-defined]
        buffer[: len(data)] = data
        return len(data)

    def guarded(self, action: Callable[[], bytes]) -> bytes:
        """Do something with the bytes. Raises ClientError."""
        try:
            return action()
        except _DAMAGE as error:
            if isinstance(error, RuntimeError) and "encrypted" in str(error):
                raise ClientError(f"{self._name} is encrypted: extract it and give the file inside.") from error
            raise ClientError(damaged(self._name, self._layers, error)) from error
        except OSError as error:
            if self._layers and error.errno is None:  # gzip.BadGzipFile, bz2's "Invalid data stream"
                raise ClientError(damaged(self._name, self._layers, error)) from error
            raise ClientError(f"Cannot read {self._name}: {error.strerror or error}.") from error


def damaged(name: str, layers: list[str], error: Exception) -> str:
    """Say that a compressed file is not whole."""
    kind = layers[-1] if layers else "file"
    return (
        f"{name} is a damaged or incomplete {kind} file ({error or type(error).__name__}): "
        "download or create it again. Nothing was sent."
    )


class Content:
    """What is inside a file's layers of compression. Files can be opened again and again, pipes once."""

    def __init__(self, source: Input) -> None:
        """Look into a file. Raises ClientError for one that is empty, damaged, or known to hold no table."""
        self.input = source
        self.counter = source.stream
        self._kept: list[IO[bytes]] = []
        self._copy: IO[bytes] | None = None  # of a workbook that is compressed, or came by a pipe
        self._first: io.BufferedReader | None
        self._first, self.layers = self._peel(source.stream)
        self.head = self._first.peek(HEAD)[:HEAD]
        self.kind = self._kind()

    @property
    def again(self) -> bool:
        """Whether the content can be read more than once."""
        return self.input.path is not None

    def open(self) -> io.BufferedReader:
        """The content's bytes from their start; for a pipe, once."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        self.counter = self.input.reopen()
        opened, _ = self._peel(self.counter)
        return opened

    def beside(self) -> io.BufferedReader:
        """The bytes of a file from their start, for a reader that stops there: they are not counted."""
        opened, _ = self._peel(self.input.reopen())
        return opened

    def seekable(self) -> BinaryIO:
        """The content as a file that can be sought in: the file itself, or a copy that is deleted at exit."""
        if self._copy is not None:
            self._copy.seek(0)
            return cast(BinaryIO, self._copy)
        if self.again and not self.layers and self.input.path is not None:
            file: IO[bytes] = self.input.path.open("rb")
        else:
            file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
            shutil.copyfileobj(self.open(), file, _CHUNK)
            file.seek(0)
        self._kept.append(file)
        return cast(BinaryIO, file)

    def close(self) -> None:
        """Close what was opened along the way."""
        if self._first is not None and self.again:
            self._first.close()
        if self.again:
            self.counter.close()
        for file in self._kept:
            file.close()

    def _kind(self) -> str:
        if self.head.startswith(b"PAR1"):
            return PARQUET
        if self.head.startswith(_ZIP):
            return EXCEL  # any other archive was opened
        refuse_known(self.head, self.input.name)
        return TEXT

    def _peel(self, raw: HashingStream) -> tuple[io.BufferedReader, list[str]]:
        name, layers = self.input.name, list[str]()
        first = Guarded(cast(BinaryIO, io.BufferedReader(raw, _CHUNK)), name, layers)
        current: io.BufferedReader = io.BufferedReader(first, _CHUNK)
        while len(layers) < _MOST_LAYERS:
            start = current.peek(8)[:8]
            inner = (
                self._zip_member(cast(BinaryIO, current), not layers) if start.startswith((_ZIP, _EMPTY_ZIP)) else None
            )
            kind = "zip"
            for magic, layer, undo in _LAYERS:
                if start.startswith(magic):
                    kind, inner = layer, undo(cast(BinaryIO, current))
            if self._copy is not None:
                return io.BufferedReader(cast(io.RawIOBase, self._copy)), layers
            if inner is None:
                return current, layers
            layers.append(kind)
            current = io.BufferedReader(Guarded(inner, name, layers), _CHUNK)
        raise ClientError(f"{name} is compressed more than {_MOST_LAYERS} times: decompress it first.")

    def _zip_member(self, current: BinaryIO, outermost: bool) -> BinaryIO | None:
        """The one data file of a zip archive; None for an Excel workbook. Raises ClientError for other archives."""
        source = self.input
        if outermost and source.path is not None:
            file: IO[bytes] = source.path.open("rb")
        else:
            file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
            shutil.copyfileobj(current, file, _CHUNK)
            file.seek(0)
        self._kept.append(file)
        try:
            archive = zipfile.ZipFile(file)
            names = [one.filename for one in archive.infolist() if not one.is_dir()]
            if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
                if not outermost or source.path is None:
                    file.seek(0)
                    self._copy = file
                return None
            if "mimetype" in names and "content.xml" in names:
                raise ClientError(f"{source.name} is an OpenDocument spreadsheet: save it as .xlsx or CSV.")
            wanted = [source.member] if source.member else data_members(names)
            if len(wanted) == 1:
                return cast(BinaryIO, archive.open(wanted[0]))
        except _DAMAGE_OR_OS as error:
            if "encrypted" in str(error):
                raise ClientError(f"{source.name} is encrypted: extract it and give the file inside.") from error
            raise ClientError(damaged(source.name, ["zip"], error)) from error
        if not wanted:
            raise ClientError(f"{source.name} is a zip archive without a data file in it.")
        raise ClientError(
            f"{source.name} is a zip archive of {len(wanted)} files ({', '.join(wanted[:3])}): "
            "extract it and give the files you want."
        )


def data_members(names: list[str]) -> list[str]:
    """The files of an archive that may hold rows: not the ones that archivers and desktops add."""
    return [
        name
        for name in names
        if not name.startswith("__MACOSX/")
        and not name.rsplit("/", 1)[-1].startswith((".", "_"))
        and not name.lower().endswith((".md", ".pdf", ".crc", ".html"))
        and not name.rsplit("/", 1)[-1].lower().startswith(("readme", "license"))
    ]
