"""Masks card numbers by the rule of the edge: in logs, notes and answers, and in what is printed of them."""

from __future__ import annotations

import re
from typing import Any

from shared.card_numbers.digits import NORMAL, decoded
from shared.card_numbers.search import holds_card_number, holds_number, may_hold_number, spans

# Whose number it is a log cannot know, and the data set has numbers that fail the Luhn check: so 11 to 19 digits that
# stand alone, in one or in groups, are masked whatever they are. Digits beside letters are an id's.
_ALONE = re.compile(r"(?<![0-9A-Za-z])(?<![0-9]\.)[0-9](?:[ -]?[0-9]){10,18}(?![0-9A-Za-z])")
_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,128}").fullmatch
_ROUNDS = 3  # what is left of two numbers side by side may look like a third


def mask_text(text: str) -> str:
    """Replace all but the last four digits of every card number in free text."""
    if not may_hold_number(text):
        return text
    text = _ALONE.sub(lambda found: _masked(found[0]), _plain_digits(text))
    for _ in range(_ROUNDS):
        found = spans(text)
        if not found:
            break
        for start, end in reversed(found):
            text = text[:start] + _masked(text[start:end]) + text[end:]
    if not holds_card_number(text):
        return text
    plain = decoded(text)
    return "*" * len(text) if plain == text else mask_text(plain)


def mask_identifier(identifier: str) -> str:
    """Replace all but the last four digits of an id that is or holds a card number; leave every other one."""
    alone = identifier.isdecimal() and _ALONE.fullmatch(identifier)
    return _masked(identifier) if alone or holds_number(identifier) else identifier


def mask(value: Any) -> Any:
    """Mask every text and number within lists and dictionaries, keys included."""
    if isinstance(value, str):
        return mask_identifier(value) if _IDENTIFIER(value) else mask_text(value)
    if isinstance(value, dict):
        return {mask(key): mask(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mask(inner) for inner in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 10**10:
        return _masked_number(value)
    return value


def masked_error(error: BaseException) -> BaseException:
    """Mask the messages of an error and of those behind it, in place: whoever prints it prints no card number."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        one.args = tuple(mask_text(arg) if isinstance(arg, str) else mask(arg) for arg in one.args)
        one = one.__cause__ or one.__context__
    return error


def _masked_number(value: float) -> Any:
    text = str(int(value)) if value == value and abs(value) < 10**300 else ""
    masked = mask_text(text)
    return value if masked == text else masked


def _plain_digits(text: str) -> str:
    """Write single digits of any script as ASCII ones; positions stay, and nothing else changes."""
    if text.isascii():
        return text
    return "".join(normal if (normal := NORMAL[ord(one)]).isdecimal() and len(normal) == 1 else one for one in text)


def _masked(number: str) -> str:
    digits = "".join(c for one in number for c in NORMAL[ord(one)] if c.isdecimal())
    return "*" * max(4, len(digits) - 4) + digits[-4:]
