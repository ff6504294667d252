"""A file's header against the schema: drift is found here, before anything is read or loaded."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from shared.transaction.schema import IGNORED_SOURCES, REQUIRED_SOURCES, SOURCES

# What `swipeline send` adds to a file of rejected rows: corrected there, it can be loaded as it is.
ADDED_TO_REJECTED = frozenset({"rejected_line", "rejected_field", "rejected_reason"})
WANTED = SOURCES.keys()
_UNREAD = IGNORED_SOURCES | ADDED_TO_REJECTED


class InputError(Exception):
    """The input cannot be loaded and a retry cannot help; the message says what and why."""


class DriftError(InputError):
    """A file has other columns than the schema; the message names the file and every column that is wrong."""


def read_header(line: bytes, file: str) -> list[str]:
    """Read a file's first line and check it. Raises DriftError with all that is wrong."""
    try:
        names = next(csv.reader([line.decode("utf-8-sig").rstrip("\r\n")]), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise DriftError(f"{file}: the first line is not CSV in UTF-8 ({type(error).__name__})") from error
    wrong = findings(names)
    if wrong:
        raise DriftError(f"{file}: {'; '.join(wrong)}. Nothing of it was loaded")
    return names


def findings(names: Sequence[str]) -> list[str]:
    """List what is wrong with a header; an empty list says that the file can be read."""
    if not any(name in WANTED for name in names):
        return [f"no header: the first line must name the columns, as in {','.join(REQUIRED_SOURCES[:3])},..."]
    missing = [name for name in REQUIRED_SOURCES if name not in names]
    unknown = [name for name in names if name not in WANTED and name not in _UNREAD]
    twice = sorted({name for name in names if names.count(name) > 1 and name in WANTED})
    found = []
    if missing:
        found.append(f"missing column {', '.join(missing)}")
    if unknown:
        found.append(f"unknown column {', '.join(repr(name[:40]) for name in unknown[:8])}")
    if twice:
        found.append(f"column twice: {', '.join(twice)}")
    return found
