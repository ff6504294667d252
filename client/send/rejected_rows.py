"""What the file of rejected rows holds: each row as it came, behind the line it had and the reasons."""

from __future__ import annotations

import re
from collections.abc import Sequence

from client.files.names import ADDED, plain_name
from client.files.row import Row

_NOT_BYTES = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # surrogates that stand for no byte


class RejectedLayout:
    """How rows of some columns are laid out. What `send` adds stands in front, so that extra cells stay at the end.

    A file of rejected rows that is sent again has the added columns already: they are replaced.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self._kept = [i for i, name in enumerate(columns) if plain_name(name) not in ADDED]

    def header(self) -> list[str]:
        """The first line."""
        return [*ADDED, *(self._columns[i] for i in self._kept)]

    def record(self, row: Row, findings: Sequence[tuple[str, str]]) -> list[str | int]:
        """One row with every cell it had, more or fewer than the header has."""
        cells = [row.cells[i] for i in self._kept if i < len(row.cells)] + list(row.cells[len(self._columns) :])
        fields = "; ".join(dict.fromkeys(field for field, _ in findings if field))
        reasons = "; ".join(reason for _, reason in findings)
        return [row.line, fields, reasons, *("" if cell is None else _writable(cell) for cell in cells)]


def _writable(text: str) -> str:
    """The text; what no encoding has is written as an escape."""
    if text.isascii():
        return text
    return _NOT_BYTES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
