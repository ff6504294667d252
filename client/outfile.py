"""Opens the files that commands write: never through a symlink, over an input, or over a file of somebody else's.

A file is ours if a command wrote it and nobody has changed it since: a list in the home says so. ``--overwrite`` takes
any other regular file. Devices and pipes are written to as they are.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from client.errors import ClientError

OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace an output file even if swipeline did not write it.")
]
_PRIVATE = 0o600
_MOST_KNOWN = 1000


def check(path: Path, inputs: Iterable[Path | str] = (), *, overwrite: bool = False) -> None:
    """Raise ClientError if a command may not write this file."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ClientError(f"Cannot write {path}: {error.strerror or error}.") from error
    _check(path, found, inputs, overwrite=overwrite)


def open_private(path: Path, inputs: Iterable[Path | str] = (), *, overwrite: bool = False) -> IO[str]:
    """Open a text file that only its owner may read, empty. What is not UTF-8 in the input goes out as it came.

    Call :func:`remember` once it is complete. Raises ClientError as :func:`check`, and OSError.
    """
    check(path, inputs, overwrite=overwrite)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _PRIVATE)
    try:
        about = os.fstat(handle)
        if stat.S_ISREG(about.st_mode):
            if about.st_size:  # the file may be another one since the check
                _check(path, about, inputs, overwrite=overwrite)
            os.fchmod(handle, _PRIVATE)
            os.ftruncate(handle, 0)
            _note(path, os.fstat(handle), done=False)
        return open(handle, "w", encoding="utf-8", errors="surrogateescape", newline="")  # noqa: PTH123
    except BaseException:
        os.close(handle)
        raise


@contextmanager
def whole(path: Path, inputs: Iterable[Path | str] = (), *, overwrite: bool = False) -> Iterator[IO[bytes]]:
    """Write a file that appears under its name only when it is complete. Raises ClientError."""
    check(path, inputs, overwrite=overwrite)
    part = None
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as device:
                yield device
            return
        mask = os.umask(0)
        os.umask(mask)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        part = Path(name)
        with open(handle, "wb") as out:  # noqa: PTH123
            yield out
            os.fchmod(out.fileno(), 0o666 & ~mask)
        check(path, inputs, overwrite=overwrite)
        part.replace(path)
        remember(path)
    except OSError as error:
        raise ClientError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def remember(path: Path) -> None:
    """Note that a file is ours, as it is now."""
    with suppress(OSError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode):
            _note(path, found, done=True)


def remove(path: Path, *, overwrite: bool = False) -> None:
    """Delete a file that a command may write, if it is there. Raises ClientError as :func:`check`."""
    check(path, overwrite=overwrite)
    try:
        if path.is_file():
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ClientError(f"Cannot delete {path}: {error.strerror or error}.") from error


def _check(path: Path, found: os.stat_result, inputs: Iterable[Path | str], *, overwrite: bool) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise ClientError(f"{path} is a symbolic link: name the file itself.")
    if stat.S_ISDIR(found.st_mode):
        raise ClientError(f"Cannot write {path}: Is a directory.")
    for one in inputs:
        with suppress(OSError):
            if os.path.samestat(found, os.stat(one)):  # noqa: PTH116
                raise ClientError(f"{path} is the input: choose another file for the output.")
    if not stat.S_ISREG(found.st_mode) or overwrite or _is_ours(path, found):
        return
    raise ClientError(f"{path} exists and swipeline did not write it, or it was changed since: add --overwrite.")


def _list() -> Path:
    from client.aws import home

    return home() / "written-files.json"


def _known() -> dict[str, list[Any]]:
    try:
        known = json.loads(_list().read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _is_ours(path: Path, found: os.stat_result) -> bool:
    known = _known().get(str(path.absolute()))
    return known in (_mark(found, done=True), _mark(found, done=False))


def _mark(found: os.stat_result, *, done: bool) -> list[Any]:
    """Identify a file's content; one that was not finished, by itself alone."""
    return [found.st_dev, found.st_ino, *([found.st_size, found.st_mtime_ns] if done else [])]


def _note(path: Path, found: os.stat_result, *, done: bool) -> None:
    known = _known()
    known.pop(str(path.absolute()), None)
    known[str(path.absolute())] = _mark(found, done=done)
    kept = dict(list(known.items())[-_MOST_KNOWN:])
    target = _list()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix=".written-files.", dir=target.parent)
    with open(handle, "w", encoding="utf-8") as out:  # noqa: PTH123
        json.dump(kept, out)
    Path(name).replace(target)
