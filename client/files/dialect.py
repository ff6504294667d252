"""The dialect of a CSV file: where its header is, the delimiter, quotes and escapes, from its first lines.

The columns' names are known, so the header reveals the delimiter; the quoting is the one in which most of the first
lines have the header's number of cells. Python's csv.Sniffer guesses from frequencies of characters instead, and is
often wrong on texts with commas.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from client.errors import ClientError
from client.files.names import ADDED, plain_name

DELIMITERS = (
    ",",
    ";",
    "\t",
    "|",
    "^",
    "~",
    ":",
    "\x01",
    "\x1f",
    "§",
    "¦",
    "·",
    "!",
    "#",
    "$",
    "&",
    "*",
    "+",
    "/",
    "=",
    "@",
    "\\",
    "`",
    " ",
)
_NAMED = {"\t": "tab", " ": "space", "\x01": "\\x01", "\x1f": "\\x1f"}
_MOST_BEFORE_HEADER = 50
_SEP = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
_TRIALS = ((quote, escape) for quote in "\"'" for escape in (None, "\\"))
QUOTINGS: tuple[tuple[str | None, str | None], ...] = (*_TRIALS, (None, None), (None, "\\"))


@dataclass
class Dialect:
    """How lines become cells, and where the rows begin."""

    delimiter: str
    quote: str | None = '"'
    escape: str | None = None
    skip_spaces: bool = False
    columns: list[str] = field(default_factory=list)
    before: int = 0  # lines up to the header, and the header's own
    shift: str = ""  # "first": rows start with a number that the header does not name; "last": rows end in a delimiter
    notes: list[str] = field(default_factory=list)

    def options(self, strict: bool = False) -> dict[str, Any]:
        """Arguments of csv.reader."""
        made: dict[str, Any] = {"delimiter": self.delimiter, "skipinitialspace": self.skip_spaces, "strict": strict}
        if self.quote is None:
            made |= {"quoting": csv.QUOTE_NONE}
        else:
            made |= {"quotechar": self.quote, "doublequote": True}
        return made | ({"escapechar": self.escape} if self.escape else {})

    @property
    def label(self) -> str:
        """For people."""
        parts = [f"delimiter {_NAMED.get(self.delimiter, self.delimiter)}"]
        parts.append("no quotes" if self.quote is None else f"quote {self.quote}")
        return ", ".join(parts + ([f"escape {self.escape}"] if self.escape else []))

    @property
    def usual(self) -> bool:
        """Whether it is plain CSV with one header line first."""
        return (self.delimiter, self.quote, self.escape, self.shift, self.before) == (",", '"', None, "", 1)


def detect(lines: Sequence[str], wanted: frozenset[str], name: str, delimiter: str | None = None) -> Dialect:
    """Find the header and the dialect; `wanted` has the names (of plain_name) that the header may have.

    Raises ClientError if there is no header.
    """
    start, given = _skip_blank(lines)
    delimiter = delimiter or given
    best = _header(lines[start:], wanted, delimiter)
    if best is None:
        raise ClientError(f"{name} has no rows: expected a header line that names the columns.")
    offset, dialect, known = best
    head = start + offset
    if offset and known and any(line.strip() for line in lines[start:head]):
        dialect.notes.append(f"the header is in line {head + 1}; the lines before it were skipped")
    after = _sample(lines[head + 1 :], dialect)
    _choose_quoting(dialect, lines[head], after, wanted)
    dialect.before = head + 1
    if dialect.delimiter == " " and "  " in lines[head].strip() and not delimiter:
        raise ClientError(
            f"{name} has columns of fixed width: convert it to CSV, e.g. with pandas.read_fwf(F).to_csv(G)."
        )
    return dialect


def _skip_blank(lines: Sequence[str]) -> tuple[int, str | None]:
    """How many lines to skip that are blank or say sep=; and the delimiter that the latter names."""
    for number, line in enumerate(lines):
        if found := _SEP.fullmatch(line.strip("\r\n\ufeff")):
            return number + 1, found[1]
        if line.strip():
            return number, None
    return len(lines), None


def _header(lines: Sequence[str], wanted: frozenset[str], given: str | None) -> tuple[int, Dialect, int] | None:
    """The line with most of the wanted names and the delimiter that splits it; else the first line that has cells."""
    best: tuple[int, Dialect, int] | None = None
    for number, line in enumerate(lines[:_MOST_BEFORE_HEADER]):
        if not line.strip():
            continue
        for delimiter in (given,) if given else DELIMITERS:
            known = max(_known(line, delimiter, quote, wanted) for quote in ('"', "'", None))
            if known and (best is None or known > best[2]):
                best = (number, Dialect(delimiter), known)
        if best and best[2] >= 5:
            return best
    if best and best[2] >= 2:
        return best
    for number, line in enumerate(lines[:_MOST_BEFORE_HEADER]):
        if line.strip() and not line.startswith("#"):
            delimiter = given or _frequent(line, lines[number + 1 :])
            return number, Dialect(delimiter), _known(line, delimiter, '"', wanted)
    return None


def _known(line: str, delimiter: str, quote: str | None, wanted: frozenset[str]) -> int:
    cells = _split(line, Dialect(delimiter, quote))
    return len({plain_name(cell) for cell in cells or [] if cell.strip()} & wanted)


def _frequent(line: str, after: Sequence[str]) -> str:
    """The delimiter that gives the first lines the same number of cells, more than one; a comma if none does."""
    best = (0.0, 0, ",")
    for delimiter in DELIMITERS[:6]:
        width = len(_split(line, Dialect(delimiter)) or [])
        if width > 1:
            same = [len(_split(one, Dialect(delimiter)) or []) == width for one in after[:20] if one.strip()]
            share = sum(same) / len(same) if same else 0.5
            best = max(best, (share, width, delimiter), key=lambda found: found[:2])
    return best[2]


def _sample(lines: Sequence[str], dialect: Dialect) -> list[str]:
    return [line for line in lines[:400] if line.strip("\r\n")]


def _choose_quoting(dialect: Dialect, header: str, lines: Sequence[str], wanted: frozenset[str]) -> None:
    """Set the quoting in which most lines fit the header, and the header's names."""
    best: tuple[tuple[float, ...], Dialect] | None = None
    for spaces in (False, True):
        for quote, escape in QUOTINGS:
            trial = Dialect(dialect.delimiter, quote, escape, spaces)
            if escape and not any(escape in line for line in lines):
                continue
            if (
                spaces
                and dialect.delimiter + " " not in header
                and not any(dialect.delimiter + " " in one for one in lines)
            ):
                continue
            columns = _split(header, trial) or []
            trial.columns = columns
            score = _score(trial, columns, lines, wanted)
            if best is None or score > best[0]:
                best = (score, trial)
    assert best is not None
    found = best[1]
    dialect.quote, dialect.escape, dialect.skip_spaces = found.quote, found.escape, found.skip_spaces
    dialect.columns = found.columns
    dialect.shift = found.shift


def _score(trial: Dialect, columns: Sequence[str], lines: Sequence[str], wanted: frozenset[str]) -> tuple[float, ...]:
    width = len(columns)
    rows = [(line, _split(line, trial, strict=True)) for line in lines]
    cells = [row for _, row in rows if row]
    shifts: tuple[tuple[str, Callable[[list[str]], bool]], ...] = (
        ("first", lambda row: len(row) == width + 1 and row[0].strip().isdecimal()),
        ("last", lambda row: len(row) == width + 1 and not row[-1].strip()),
    )
    for shift, fits in shifts:
        if cells and len(cells) > len(lines) // 2 and all(map(fits, cells)):
            trial.shift = shift
            width += 1
    fit = sum(len(row) == width for row in cells)
    known = len({plain_name(name) for name in columns if name == name.strip("\"'")} & wanted)
    left = sum(map(_looks_unread, chain.from_iterable(row for row in cells if len(row) == width)))
    return fit, known, -left


def _looks_unread(cell: str) -> bool:
    """Whether quotes or escapes seem to be left in a cell."""
    text = cell.strip()
    return (len(text) > 1 and text[0] == text[-1] and text[0] in "\"'") or '\\"' in text or "\\'" in text


def _split(line: str, dialect: Dialect, strict: bool = False) -> list[str] | None:
    try:
        return next(csv.reader([line.rstrip("\r\n")], **dialect.options(strict)), [])
    except csv.Error:
        return None


def own_columns(columns: Sequence[str]) -> int:
    """How many of the first columns `send` itself has put there, in a file of rejected rows."""
    return len(ADDED) if tuple(plain_name(name) for name in columns[: len(ADDED)]) == ADDED else 0
