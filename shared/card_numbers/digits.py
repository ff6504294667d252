"""Text as a reader of digits sees it: digits of every script are ASCII, what is neither letter nor digit is gone.

The normal form has these characters beside the digits: ``a`` for the letters of hexadecimal numbers, ``x`` for other
letters, ``o`` and ``l`` for letters that pass for 0 and 1, ``A`` to ``J`` for letters that are numerals, such as the
Chinese ones, and the newline, which separates fields.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that are drawn like a zero or a one: Latin, Greek, Cyrillic, Armenian.
_LIKE_0, _LIKE_1 = frozenset("OoΟοОоՕօ"), frozenset("lIΙІӀι")
# Letters by their category that show nothing: the Hangul fillers. And letters that are drawn as a dash or a bar.
_NOT_SEEN = frozenset("\u115f\u1160\u3164\uffa0\u01c0\u01c1\u01c2\u01c3\u1173\u1175\u3127\u3161\u3163")
_HEXADECIMAL = frozenset("abcdefABCDEF")
_ESCAPE = re.compile(r"\\u\{?([0-9A-Fa-f]{4,6})\}?|\\x([0-9A-Fa-f]{2})|\\U([0-9A-Fa-f]{8})")
_HEX_OF_DIGITS = re.compile(r"(?<![0-9A-Za-z])(?:3[0-9]){11,}(?![0-9A-Za-z])")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}|&#?\w+;|\\[uUx]|(?:3[0-9]){11}")
_MOST_ENCODINGS = 3  # one within another


class _Normal(dict[int, str]):
    """A table for :meth:`str.translate` that works out each character once."""

    def __missing__(self, code: int) -> str:
        self[code] = normal = _normal(chr(code))
        return normal


def _normal(character: str) -> str:
    if character == "\n":
        return character
    value = unicodedata.numeric(character, None)
    if value is not None and unicodedata.category(character) == "Lo":
        return chr(ord("A") + int(value)) if value in range(10) else "x"
    if value is not None:  # a fraction is no digit
        return str(int(value)) if value.is_integer() and 0 <= value < 100 else ""
    if character in _LIKE_0:
        return "o"
    if character in _LIKE_1:
        return "l"
    if character in _HEXADECIMAL:
        return "a"
    if character in _NOT_SEEN or unicodedata.category(character) not in ("Lu", "Ll", "Lt", "Lo"):
        return ""
    compatible = unicodedata.normalize("NFKC", character)
    if compatible != character:
        return "".join(map(_normal, compatible))
    return "x"


NORMAL = _Normal()


def normalized(text: str) -> str:
    """Give the normal form of a text."""
    return text.translate(NORMAL)


def decoded(text: str) -> str:
    """Undo percent-encoding, HTML's references, ``\\u`` escapes and digits written as their hexadecimal codes.

    Gives the text itself where it has none.
    """
    if not _ENCODED.search(text):
        return text
    import html  # for the rare text that needs them: every function imports this module
    from urllib.parse import unquote

    for _ in range(_MOST_ENCODINGS):
        plain = _ESCAPE.sub(_character, html.unescape(unquote(text, errors="replace")))
        plain = _HEX_OF_DIGITS.sub(lambda found: bytes.fromhex(found[0]).decode("ascii"), plain)
        if plain == text:
            break
        text = plain
    return text


def _character(found: re.Match[str]) -> str:
    code = int(next(filter(None, found.groups())), 16)
    return chr(code) if code < 0x110000 else ""
