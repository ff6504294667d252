"""What can be told from a card number, and where one must not be."""

from __future__ import annotations

import re

_ROUNDED = "000000"  # a spreadsheet cell keeps 15 digits of a number, so a longer one ends in zeros
_CARD_LIKE = re.compile(r"[0-9](?:[ -]?[0-9]){10,}")
_SEPARATORS = str.maketrans("", "", " -")


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

    Spaces and dashes between digits do not hide one.
    """
    if _CARD_LIKE.search(text) is None:  # nearly always, and cheaper than an iterator
        return False
    for match in _CARD_LIKE.finditer(text):
        digits = plain(match.group())
        if (own and own in digits) or (13 <= len(digits) <= 19 and luhn_valid(digits)):
            return True
    return False


def holds_number(identifier: str, own: str) -> bool:
    """Tell whether an identifier holds the row's own card number; other digits in it are its own business."""
    return own in (identifier.translate(_SEPARATORS) if "-" in identifier else identifier)
