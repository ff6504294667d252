"""The same rows in every container, encoding and dialect are read to the same rows."""

from __future__ import annotations

import csv
import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.files.tables import CONTAINERS, csv_text, read, rows

ROWS = rows(40)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "ascii")
DIALECTS: dict[str, dict[str, Any]] = {
    "comma": {},
    "semicolon": {"delimiter": ";"},
    "tab": {"delimiter": "\t"},
    "pipe": {"delimiter": "|"},
    "caret": {"delimiter": "^"},
    "tilde": {"delimiter": "~"},
    "CRLF": {"end": "\r\n"},
    "CR": {"end": "\r"},
    "all quoted": {"quoting": csv.QUOTE_ALL},
    "nonnumeric quoted": {"quoting": csv.QUOTE_NONNUMERIC, "delimiter": ";", "end": "\r\n"},
    "single quotes": {"quotechar": "'"},
    "all in single quotes": {"quotechar": "'", "quoting": csv.QUOTE_ALL},
    "backslash before quotes": {"doublequote": False, "escapechar": "\\"},
    "no quotes, backslash": {"quoting": csv.QUOTE_NONE, "escapechar": "\\"},
    "no quotes, control character": {"quoting": csv.QUOTE_NONE, "delimiter": "\x01", "quotechar": None},
}


def upper(text: str) -> str:
    header, rest = text.split("\n", 1)
    return header.upper() + "\n" + rest


HEADS: dict[str, Any] = {
    "sep=": lambda text: "sep=,\n" + text,
    "blank first lines": lambda text: "\n\n" + text,
    "comment first": lambda text: "# exported 2020-01-01, by nobody\n" + text,
    "title first": lambda text: "Transactions of January\n\n" + text,
    "upper case": upper,
    "spaces in the header": lambda text: text.replace(",", ", ", 20),
    "blank lines between": lambda text: text.replace("\n", "\n\n"),
    "no line end at the end": lambda text: text.rstrip("\n"),
    "space after commas": lambda text: text.replace('",', '", ').replace(",F,", ", F, "),
    "trailing comma": lambda text: text.replace("\n", ",\n"),
    "trailing comma in rows only": lambda text: text.replace("\n", ",\n").replace(",\n", "\n", 1),
}
COMBINATIONS = [
    *product(CONTAINERS, ("utf-8", "utf-16"), DIALECTS, ("as it is",)),
    *product(("plain",), ENCODINGS, DIALECTS, ("as it is",)),
    *product(("plain", "gzip"), ("utf-8", "utf-8-sig", "utf-16-le"), ("comma",), HEADS),
]


@pytest.mark.parametrize(
    ("container", "encoding", "dialect", "head"), sorted(set(COMBINATIONS)), ids=lambda value: str(value)
)
def test_every_combination_is_read_to_the_same_rows(
    tmp_path: Path, container: str, encoding: str, dialect: str, head: str
) -> None:
    text = csv_text(ROWS, **DIALECTS[dialect])
    text = HEADS[head](text) if head in HEADS else text
    path = tmp_path / "file.dat"
    path.write_bytes(CONTAINERS[container](text.encode(encoding)))
    found = read(path)
    if head == "space after commas":  # the API trims texts
        found = [{name: value.strip() for name, value in one.items()} for one in found]
    assert found == ROWS


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("form", ["lines", "array", "indented array", "wrapped", "indented objects"])
def test_json_in_every_container_is_read_to_the_same_rows(
    tmp_path: Path, container: str, encoding: str, form: str
) -> None:
    text = {
        "lines": "\n".join(map(json.dumps, ROWS)),
        "array": json.dumps(ROWS),
        "indented array": json.dumps(ROWS, indent=2),
        "wrapped": json.dumps({"transactions": ROWS}),
        "indented objects": "\n".join(json.dumps(one, indent=1) for one in ROWS),
    }[form]
    path = tmp_path / "file.json"
    path.write_bytes(CONTAINERS[container](text.encode(encoding)))
    assert read(path) == ROWS


def test_there_are_200_combinations() -> None:
    assert len(set(COMBINATIONS)) >= 200
