"""Masks whatever looks like a card number: the last line of defence of logs and answers."""

from __future__ import annotations

import re
from typing import Any

from shared.transaction.cards import unveiled

# 11 to 19 digits, as in the Kaggle file and ISO/IEC 7812, written together or in groups. Digits within a longer number
# (a sequence number) are none; that part of a hash may be masked as well is a price that logs can pay.
_CARD_NUMBER = re.compile(r"(?<![0-9])(?<![0-9]\.)[0-9](?:[ -]?[0-9]){10,18}(?![0-9])")

_VEILED = re.compile(r"(?<![0-9])(?<![0-9]\.)[0-9](?:[ -]{0,3}[0-9]){10,18}(?![0-9])")


def mask_text(text: str) -> str:
    """Replace all but the last four digits of every card number in a text."""
    if text.isascii():
        return _CARD_NUMBER.sub(lambda found: _masked(found[0]), text)
    parts, end = [], 0
    for found in _VEILED.finditer(unveiled(text)):  # position by position the same text
        parts += [text[end : found.start()], _masked(found[0])]
        end = found.end()
    return "".join([*parts, text[end:]])


def mask(value: Any) -> Any:
    """Mask every text and number within lists and dictionaries, keys included."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {mask(key): mask(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mask(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**10:
        return mask_text(str(value))
    return value


def _masked(number: str) -> str:
    digits = "".join(c for c in number if c.isdigit())
    return "*" * (len(digits) - 4) + digits[-4:]
