"""What can be told from a card number, and where one must not be."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ROUNDED = "000000"  # a spreadsheet cell keeps 15 digits of a number, so a longer one ends in zeros
_FEWEST = 11  # digits
_DIGITS = b"0123456789"
_CARD_LIKE = re.compile(rf"[0-9](?:[ ._/-]{{0,3}}[0-9]){{{_FEWEST - 1},}}")
_SEPARATORS = str.maketrans("", "", " ._/-")


def unveiled(text: str) -> str:
    """Write digits of any script as ASCII ones, and what looks like a space, a dash or nothing as a dash.

    Character by character, so that positions stay: a number of full-width digits is a card number all the same.
    """
    return text if text.isascii() else "".join(map(_unveiled, text))


@lru_cache(4096)
def _unveiled(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return "-" if unicodedata.category(character) in ("Cf", "Zs", "Pd", "Mn") else character


def plain(number: str) -> str:
    """Drop the spaces and dashes between a card number's groups."""
    return number if number.isdecimal() else number.translate(_SEPARATORS)


def luhn_valid(digits: str) -> bool:
    """Tell whether a digit string passes the Luhn check (ISO/IEC 7812-1, annex B)."""
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(digit), 10)) for digit in even)) % 10 == 0


def was_rounded(digits: str) -> bool:
    """Tell whether a spreadsheet rounded the number: six zeros or more at the end and a wrong check digit.

    Nothing else is refused for its check digit: the data set itself has numbers that fail it.
    """
    return digits.endswith(_ROUNDED) and not luhn_valid(digits)


def holds_card_number(text: str, own: str = "") -> bool:
    """Tell whether free text holds a card number: the row's own, or 13 to 19 digits that pass the Luhn check.

    Spaces, dashes and the like between digits do not hide one, nor do digits of another script.
    """
    text = unveiled(text)
    # Nearly always too few digits; to count them takes a third of the time that the search does.
    data = text.encode(errors="replace")
    if len(data) - len(data.translate(None, _DIGITS)) < _FEWEST:
        return False
    for match in _CARD_LIKE.finditer(text):
        digits = plain(match.group())
        if (own and own in digits) or (13 <= len(digits) <= 19 and luhn_valid(digits)):
            return True
    return False


def holds_number(identifier: str, own: str) -> bool:
    """Tell whether an identifier holds the row's own card number; other digits in it are its own business."""
    return own in (identifier.translate(_SEPARATORS) if "-" in identifier else identifier)
