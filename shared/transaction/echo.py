"""How a refused value may be shown in a message: short, printable, and never so that it could be a card number."""

from __future__ import annotations

from decimal import Decimal

from shared.card_numbers.digits import normalized
from shared.card_numbers.search import holds_card_number

_MOST_CHARACTERS = 40
_MOST_DIGITS = 10  # the shortest card number has 11

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "text"),
    ((int, float, Decimal), "a number"),
    ((list, tuple), "a list"),
    (dict, "an object"),
)


def echo(value: object) -> str:
    """Quote a value for a message, or describe it where it may not be shown."""
    text = as_text(value)
    if text is None:
        return kind(value)
    if sum(map(str.isdigit, normalized(text))) > _MOST_DIGITS or holds_card_number(text):
        return f"a value of {len(text)} characters (not shown: it has as many digits as a card number)"
    quoted = "".join(c if c.isprintable() else rf"\u{ord(c):04x}" for c in text[:_MOST_CHARACTERS])
    return f'"{quoted}"' + ("..." if len(text) > _MOST_CHARACTERS else "")


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
