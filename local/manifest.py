"""A list of all files of a stopped home, with their checksums: what is damaged is found before anything starts.

It is written when the stack has stopped, checked before it starts again, and removed while it runs: a home that was not
stopped in order has none, and is checked by its parts (the checksums of SQLite's log, `local.state_files`). Small files
have a copy beside it, which replaces a damaged one. The list itself is stored twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from local import credentials
from local.private import private_folder
from local.project import current

NAME, COPIES, LAST = "manifest.json", "copies", "last.json"
MOST_COPIED_BYTES = 8 * 1024 * 1024
THREADS = 2
# What a file holds, by the beginning of its path.
_CONTENTS = (
    ("state/emulator/tables.sqlite", "the items of all DynamoDB tables"),
    ("state/emulator/secretsmanager.json", "the card key and the passwords"),
    ("state/emulator/kinesis", "records of the streams"),
    ("state/emulator/", "resources of the emulator"),
    ("state/s3/", "an S3 object"),
    ("state/redshift/", "the warehouse"),
    ("state/event_sources", "the positions of the stream's consumers"),
    ("state/firehose", "records on their way to the warehouse"),
    ("state/cloudwatch", "metrics and alarms"),
    ("state/xray", "traces"),
    (credentials.NAME, "the root key of the emulator"),
)


class DamagedHomeError(RuntimeError):
    """Files of a stopped home are not what they were, and there is no copy; the message names them."""


class Entry(NamedTuple):
    """A file as it was: its size, time and inode, and its SHA-256."""

    size: int
    modified_ns: int
    inode: int
    sha256: str


class Damage(NamedTuple):
    """A file of the list, relative to the home, and what is wrong with it."""

    path: str
    problem: str

    def __str__(self) -> str:
        held = next((content for begin, content in _CONTENTS if self.path.startswith(begin)), "state")
        return f"{self.path} {self.problem}: {held}"


def files(home: Path) -> Iterator[Path]:
    """All files that hold state; logs and what only a running stack needs are none."""
    if (home / credentials.NAME).is_file():
        yield home / credentials.NAME
    for folder, _, names in os.walk(home / "state"):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(home: Path) -> None:
    """List the files of a home whose stack has stopped. Raises OSError, e.g. when the disk is full."""
    private_folder(home / COPIES)
    earlier = _parsed(home / COPIES / LAST)

    def look(path: Path) -> tuple[str, Entry]:
        name, found = path.relative_to(home).as_posix(), path.stat()
        known = earlier.get(name)
        same = known is not None and known[:3] == (found.st_size, found.st_mtime_ns, found.st_ino)
        checksum = known.sha256 if known is not None and same else digest(path)
        _copy(home, name, found.st_size, checksum)
        return name, Entry(found.st_size, found.st_mtime_ns, found.st_ino, checksum)

    with ThreadPoolExecutor(THREADS) as pool:
        entries = dict(pool.map(look, files(home)))
    wanted = {_copy_of(home, name) for name in entries}
    for path in (home / COPIES).glob("*.copy"):
        if path not in wanted:
            path.unlink()
    body = json.dumps(entries, sort_keys=True)
    content = json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest(), "files": body})
    for path in (home / COPIES / NAME, home / NAME):
        _replace(path, content.encode())


def check(home: Path) -> list[Damage]:
    """Compare a stopped home with its list, and put copies in the place of damaged files; give those.

    Raises DamagedHomeError when there is a damaged file without a copy: then nothing is changed.
    """
    lists = [home / NAME, home / COPIES / NAME]
    found = [_parsed(path) for path in lists]
    if not any(path.exists() for path in lists):
        return []
    recovered = [
        Damage(path.relative_to(home).as_posix(), "is damaged")
        for path, one in zip(lists, found, strict=True)
        if not one
    ]
    entries = found[0] or found[1]
    if not entries:
        raise DamagedHomeError(
            f"{home / NAME} and its copy are damaged: it is unknown whether the files of {home} are whole. Nothing was "
            "changed. Restore one of them from a backup, or remove both to start all the same"
        )
    with ThreadPoolExecutor(THREADS) as pool:
        problems = pool.map(lambda one: _problem(home / one[0], one[1]), entries.items())
        damaged = [Damage(name, problem) for name, problem in zip(entries, problems, strict=True) if problem]
    lost = [one for one in damaged if _problem(_copy_of(home, one.path), entries[one.path])]
    if lost:
        raise DamagedHomeError(
            f"{len(lost)} files of {home} are damaged, and nothing was changed:\n"
            + "\n".join(f"  {one}" for one in lost[:20])
            + ("\n  ..." if len(lost) > 20 else "")
            + "\nRestore them from a backup of the home, or start with an empty one: "
            f"`{current().command} down --reset`"
        )
    for one in damaged:
        (home / one.path).parent.mkdir(parents=True, exist_ok=True)
        _replace(home / one.path, _copy_of(home, one.path).read_bytes())
    return recovered + damaged


def begin(home: Path) -> None:
    """The home is about to change: its list is not valid any more, but says which files need no second look."""
    private_folder(home / COPIES)
    if (home / NAME).exists():
        (home / NAME).replace(home / COPIES / LAST)
    (home / COPIES / NAME).unlink(missing_ok=True)


def remove(home: Path) -> None:
    """Remove the list and the copies, with the state that they are about."""
    (home / NAME).unlink(missing_ok=True)
    shutil.rmtree(home / COPIES, ignore_errors=True)


def _parsed(path: Path) -> dict[str, Entry]:
    """The entries of a list; none when it is missing or damaged."""
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        if hashlib.sha256(content["files"].encode()).hexdigest() != content["sha256"]:
            return {}
        return {name: Entry(*entry) for name, entry in json.loads(content["files"]).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _problem(path: Path, entry: Entry) -> str:
    try:
        size = path.stat().st_size
        if size != entry.size:
            return f"has {size} bytes instead of {entry.size}"
        return "" if digest(path) == entry.sha256 else "has changed"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _copy_of(home: Path, name: str) -> Path:
    return home / COPIES / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.copy"


def _copy(home: Path, name: str, size: int, checksum: str) -> None:
    """Keep a copy of a small file, unless there is one. S3 objects are too many for that."""
    copy = _copy_of(home, name)
    if size > MOST_COPIED_BYTES or name.startswith("state/s3/"):
        copy.unlink(missing_ok=True)
    elif not copy.is_file() or copy.stat().st_size != size or digest(copy) != checksum:
        # Not forced to the disk: that takes up to half a second per file, and a copy that is lost is written again.
        _replace(copy, (home / name).read_bytes(), forced=False)


def _replace(path: Path, content: bytes, *, forced: bool = True) -> None:
    """Write a file in one step."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        if forced:
            os.fsync(file.fileno())
    new.replace(path)
