"""A quick look at the rest of a large file: whether somewhere in it card numbers seem to have lost digits.

The first rows of a file are looked at one by one; doing that with all of a large file would cost as much as sending
saves. Its bytes are looked at in pieces instead: all of the first 8 MiB, then a part of each further MiB. Only a file
in which that finds something is read through, row by row, before anything is sent.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from client.files.checks import card_kind

BLOCK = 1 << 20
_WHOLE = 8 * BLOCK  # that is looked at byte by byte
_PIECE = 1 << 15  # of each further block
_DIGITS = b"0123456789"
_AS_DIGIT = bytes(b" 0"[chr(code) in "0123456789"] for code in range(256))
_LONG = b"0" * 16  # digits: a spreadsheet keeps 15 of them
_EXPONENTS = (b"E+1", b"e+1", b"E1")  # as spreadsheets, Python and Java write them
_EXPONENT = re.compile(rb"(?<![\w.-])\d(?:[.,]\d+)?[eE]\+?1[0-8](?![\w.-])")
_IN_WORD = re.compile(rb"[\w.-]")
_MOST_KNOWN = 100_000


class Probe:
    """Looks at consecutive blocks of text. `suspicious`: some number seems rounded, or is in scientific notation."""

    def __init__(self) -> None:
        self.suspicious = False
        self._seen = 0
        self._known: set[bytes] = set()

    def look(self, block: bytes) -> None:
        """Look at the next block, whatever its encoding."""
        if not self.suspicious:
            piece = block if self._seen < _WHOLE else block[:_PIECE]
            if b"\0" in piece:  # UTF-16 or UTF-32
                piece = piece.replace(b"\0", b"")
            # No number that is cut in two.
            self.suspicious = self._holds(piece.lstrip(_DIGITS).rstrip(_DIGITS))
        self._seen += len(block)

    def _holds(self, piece: bytes) -> bool:
        digits = piece.translate(_AS_DIGIT)
        at = digits.find(_LONG)
        while at >= 0:
            end = digits.find(b" ", at)
            end = end if end >= 0 else len(piece)
            number = piece[at:end]
            if number[15:].strip(b"0") or number in self._known:
                pass
            elif _IN_WORD.match(piece[at - 1 : at]) or _IN_WORD.match(piece[end : end + 1]):
                pass  # a part of a hexadecimal id, or of a fraction
            elif card_kind(number.decode()) == "rounded":
                return True
            elif len(self._known) < _MOST_KNOWN:
                self._known.add(number)
            at = digits.find(_LONG, end)
        return any(sign in piece for sign in _EXPONENTS) and _EXPONENT.search(piece) is not None


def suspicious(stream: BinaryIO) -> bool:
    """Whether a stream of text seems to hold card numbers that lost digits. Reads it as far as need be."""
    probe = Probe()
    while not probe.suspicious and (block := stream.read(BLOCK)):
        probe.look(block)
    return probe.suspicious
