"""Reads the SQL files of redshift/: splits them into statements and fills in names, safely."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from string import Template

# Beside shared/ in the repository and in the package (/var/task) alike.
DIRECTORY = Path(__file__).resolve().parents[2] / "redshift"
# What a bucket, a role's ARN, a database name consist of: nothing that could end a quoted string or start a comment.
_SAFE_VALUE = re.compile(r"[A-Za-z0-9_.:/@+=-]+")
_COMMENT_LINE = re.compile(r"^[ \t]*--.*$", re.MULTILINE)


class SafeList(str):
    """A list of quoted values that :func:`in_list` has checked, for the inside of ``IN ()``."""


@cache
def columns() -> dict[str, str]:
    """Give the column lists by their names in SQL: the one description's, written by scripts/schema_files.py."""
    found: dict[str, str] = json.loads((DIRECTORY / "columns.json").read_text(encoding="utf-8"))
    return found


def read_statements(name: str, **values: str) -> list[str]:
    """Give the statements of ``redshift/<name>``, each ``${variable}`` replaced: by a list of columns, or a value.

    Raises FileNotFoundError without the file, KeyError if a variable has no value, ValueError as :func:`fill_in` and
    :func:`split_statements` do.
    """
    return split_statements(fill_in((DIRECTORY / name).read_text(encoding="utf-8"), values))


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Replace every ``${variable}``. Raises KeyError if one has no value, ValueError if a value is no plain name."""
    for name, value in values.items():
        if not isinstance(value, SafeList):
            _check(name, value)
    return Template(text).substitute({**columns(), **values})


def in_list(values: Iterable[str]) -> SafeList:
    """Quote plain names for ``IN ()``. Raises ValueError if one is no plain name, or there is none."""
    listed = list(values)
    if not listed:
        raise ValueError("IN () needs at least one value")
    for value in listed:
        _check("a list", value)
    return SafeList(", ".join(f"'{value}'" for value in listed))


def _check(name: str, value: str) -> None:
    if not _SAFE_VALUE.fullmatch(value) or "--" in value:
        raise ValueError(f"the value of {name} is not a plain name, and may not go into SQL")


def split_statements(text: str) -> list[str]:
    """Split at every ``;`` that ends a line; comment lines and empty statements are left out.

    Raises ValueError when the last statement has no ``;``: it is more likely cut off than meant.
    """
    parts = re.split(r";[ \t]*(?:\n|$)", _COMMENT_LINE.sub("", text.replace("\r\n", "\n")))
    if parts[-1].strip():
        raise ValueError("the last statement does not end in a semicolon")
    return [part.strip() for part in parts if part.strip()]
