"""What a command's arguments stand for: files, the data files of a folder, a pattern, the files of a zip archive."""

from __future__ import annotations

import glob
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from client.errors import ClientError
from client.files.containers import data_members
from client.files.mapping import SUFFIX
from client.files.stream import STDIN

_KINDS = (
    ".csv",
    ".tsv",
    ".txt",
    ".tab",
    ".psv",
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".pq",
    ".xlsx",
    ".xlsm",
    ".zip",
)
_PACKED = (".gz", ".zst", ".bz2", ".xz")


class Named(NamedTuple):
    """A file to read, or one of an archive."""

    name: str
    member: str | None = None

    @property
    def shown(self) -> str:
        """For people."""
        return self.name if self.member is None else f"{self.name} ({self.member})"


def expand(arguments: Iterable[str]) -> list[Named]:
    """Give the files in the order of the arguments, those of a folder sorted by name.

    Raises ClientError for a folder without data files, a pattern that matches nothing, or the same file twice.
    """
    found: list[Named] = []
    for argument in arguments:
        for name in _names(argument):
            found += _members(name)
    twice = sorted({one.shown for one in found if found.count(one) > 1})
    if twice:
        raise ClientError(f"{twice[0]} is given twice.")
    return found


def _names(argument: str) -> list[str]:
    path = Path(argument)
    if argument == STDIN or path.is_file():
        return [argument]
    if path.is_dir():
        found = sorted(str(one) for one in path.rglob("*") if one.is_file() and _holds_rows(one, path))
        if not found:
            raise ClientError(
                f"{argument} is a folder without data files (CSV, JSON, Parquet or Excel, by their names): "
                "name the files."
            )
        return found
    if not path.exists() and any(character in argument for character in "*?["):
        found = sorted(name for name in glob.glob(argument, recursive=True) if Path(name).is_file())  # noqa: PTH207
        if not found:
            raise ClientError(f"No file matches {argument}.")
        return [name for name in found if not name.endswith(SUFFIX)]
    return [argument]


def _holds_rows(file: Path, folder: Path) -> bool:
    parts = file.relative_to(folder).parts
    if any(part.startswith((".", "_")) for part in parts) or ".rejected." in file.name:
        return False
    name = file.name.lower()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return name.endswith(_KINDS) or (name != file.name.lower() and "." not in name)


def _members(name: str) -> list[Named]:
    """The file itself, or the files of a zip archive that holds several."""
    path = Path(name)
    try:
        if name == STDIN or not path.is_file() or not zipfile.is_zipfile(path):
            return [Named(name)]
        with zipfile.ZipFile(path) as archive:
            names = [one.filename for one in archive.infolist() if not one.is_dir()]
    except (OSError, zipfile.BadZipFile):
        return [Named(name)]  # reading it gives the error
    office = any(one in names for one in ("xl/workbook.xml", "xl/workbook.bin", "mimetype"))
    members = data_members(names)
    if office or len(members) < 2:
        return [Named(name)]
    return [Named(name, member) for member in members]
