"""A look into the rest of a large file: whether somewhere in it card numbers seem rounded.

The first rows of a file are looked at one by one; reading all of a large file twice would cost as much as sending
saves. A file that was put together from several, one of them rounded, shows in pieces spread over it.
"""

from __future__ import annotations

import re
from pathlib import Path

from client.files.checks import card_kind

_PIECES = 64
_PIECE = 1 << 16
SMALLEST = 4 * _PIECES * _PIECE  # bytes of a file that is worth it
_LONG = re.compile(rb"(?<![\w.-])\d{16,19}(?![\w.-])")


def looks_rounded(path: Path) -> bool:
    """Whether some number of 16 digits or more, in pieces of a file of text, looks rounded to 15."""
    size = path.stat().st_size
    if size < SMALLEST:
        return False
    known: set[bytes] = set()
    with path.open("rb") as file:
        for piece in range(1, _PIECES + 1):
            file.seek(max(0, size * piece // _PIECES - _PIECE))
            whole = file.read(_PIECE).partition(b"\n")[2].rpartition(b"\n")[0]  # no number that is cut in two
            for number in _LONG.findall(whole):
                if number not in known and card_kind(number.decode()) == "rounded":
                    return True
                known.add(number)
    return False
