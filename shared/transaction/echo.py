"""How a refused value may be shown in a message: short, printable, and never so that it could be a card number."""

from __future__ import annotations

import re
from decimal import Decimal

from shared.card_numbers.digits import NORMAL, normalized
from shared.card_numbers.masking import mask_text
from shared.card_numbers.search import holds_card_number

_MOST_CHARACTERS = 40
_MOST_DIGITS = 10  # the shortest card number has 11
_FIRST_DIGITS = 6  # that are shown of a value with more, as PCI DSS 3.4.1 allows of a card number
_DAY_DIGITS = 8  # of 20200621121425

_YEAR, _MONTH = r"(?:19|20|21)\d\d", "(?:[A-Za-z]{3,9})"
_DATE = (
    rf"(?:{_YEAR}(?:([-/. ])\d{{1,2}}\1\d{{1,2}}|-?W\d\d(?:-?\d)?|\d{{4}}(?=T))"
    rf"|\d{{1,2}}([-/. ])\d{{1,2}}\2(?:{_YEAR}|\d\d)"
    rf"|(?:{_MONTH},?\s)?(?:{_MONTH}\s\d{{1,2}}|\d{{1,2}}[ -]{_MONTH}),?[ -]{_YEAR})(?!\d)"
)
_CLOCK = r"(?:\d{4,6}|\d{1,2}[:.-]\d{1,2}(?:[:.-]\d{1,2})?)(?:[.,]\d{1,9})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_ZONE = r"\s?(?:[Zz]|[A-Za-z]{2,5}|(?:UTC|GMT)?[+-]\d\d:?\d\d)"
_MOMENT = re.compile(rf"{_DATE}(?:(?:[T_]|,?\s){_CLOCK}(?:{_ZONE})?)?", re.ASCII)
_BEGINS_WITH_DATE = re.compile(_DATE, re.ASCII)
_BEGINS_WITH_DAY = re.compile(r"(?:19|20|21)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])", re.ASCII)

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "text"),
    ((int, float, Decimal), "a number"),
    ((list, tuple), "a list"),
    (dict, "an object"),
)


def echo(value: object, own: str = "") -> str:
    """Quote a value for a message, or describe it where it may not be shown. ``own``: the digits of the row's card.

    A value with as many digits as a card number is shown whole if it is a date or time, else with stars for all but
    its first digits; of one that holds a card number, only the date that it may begin with is shown.
    """
    text = as_text(value)
    if text is None:
        return kind(value)
    holds = holds_card_number(text, own)
    few = sum(map(str.isdigit, normalized(text))) <= _MOST_DIGITS
    if not holds and (few or (_MOMENT.fullmatch(text) and mask_text(text) == text)):
        return _quoted(text)
    if begin := _BEGINS_WITH_DATE.match(text):
        return _quoted(begin[0]) + "..."
    if holds:
        return f"a value of {len(text)} characters (not shown: it holds a card number)"
    return _quoted(_first_digits(text))


def _quoted(text: str) -> str:
    quoted = "".join(c if c.isprintable() else rf"\u{ord(c):04x}" for c in text[:_MOST_CHARACTERS])
    return f'"{quoted}"' + ("..." if len(text) > _MOST_CHARACTERS else "")


def _first_digits(text: str) -> str:
    """The text with stars for all but its first digits."""
    most = _DAY_DIGITS if _BEGINS_WITH_DAY.match(text) else _FIRST_DIGITS
    found, shown = 0, []
    for character in text:
        digit = any(map(str.isdigit, NORMAL[ord(character)]))
        found += digit
        shown.append("*" if digit and found > most else character)
    return "".join(shown)


def as_text(value: object) -> str | None:
    """Give a text as it is and a number as its digits; None for anything else (bool, null, list, object)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        return str(value)
    except ValueError:  # an int beyond Python's limit of 4300 digits
        return None


def kind(value: object) -> str:
    """Name what a value is, in JSON's words where it has one."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    return f"of type {type(value).__name__}"
