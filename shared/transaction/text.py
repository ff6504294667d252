"""Which text every store takes: one definition for the edge, the stream and the messages."""

from __future__ import annotations

import re

# JSON and DynamoDB refuse lone surrogates; Redshift's COPY refuses NUL, surrogates and noncharacters
# (https://docs.aws.amazon.com/redshift/latest/dg/multi-byte-character-load-errors.html). Other control characters and
# line separators never belong in a name or an address, and break log lines and CSV exports.
_RANGES = [(0x00, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029), (0xD800, 0xDFFF), (0xFDD0, 0xFDEF)]
# Bidirectional controls show a text in another order than it is stored in: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
_RANGES += [(0x202A, 0x202E), (0x2066, 0x2069)]
_RANGES += [(plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)]

# The inside of a character class that matches what no store takes, in Python's and in Rust's (pydantic's) notation.
UNSTORABLE = "".join(rf"\U{low:08x}-\U{high:08x}" for low, high in _RANGES)
UNSTORABLE_RUST = "".join(rf"\u{{{low:x}}}-\u{{{high:x}}}" for low, high in _RANGES if low != 0xD800)
# In JSON Schema's notation: the characters themselves. Surrogates cannot be in JSON text at all.
UNSTORABLE_JSON_SCHEMA = "".join(f"{chr(low)}-{chr(high)}" for low, high in _RANGES if low != 0xD800)

_FIRST_UNSTORABLE = re.compile(f"[{UNSTORABLE}]")


def first_unstorable(text: str) -> str | None:
    """Name the first character that a store would refuse, such as ``U+0000``; None if there is none."""
    match = _FIRST_UNSTORABLE.search(text)
    return f"U+{ord(match.group()):04X}" if match else None
