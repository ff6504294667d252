"""Where a text or an id holds a card number: the one rule of the edge, the answers and the logs.

A card number is a run of 13 to 19 digits that begins like an issuer's numbers, has one of their lengths and passes the
Luhn check, be it within a longer run; and the row's own number whatever it looks like. What stands between the digits
does not hide it: :mod:`shared.card_numbers.digits`. ``docs/security.md`` has the rule in full and what it costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.card_numbers.digits import NORMAL, decoded, normalized
from shared.card_numbers.issuers import lengths_at

_ROUNDED = "000000"  # a spreadsheet cell keeps 15 digits of a number, so a longer one ends in zeros
_SHORTEST, _LONGEST = 13, 19  # of a card number that is not the row's own
_FEWEST = 11  # digits of a number, of the shortest that is the row's own
_DIGITS = b"0123456789"
_SEPARATORS = str.maketrans("", "", " ._/-")
_RUN = re.compile(f"[0-9]{{{_SHORTEST},}}")
# One letter between two digits separates them, as in 4111x1111; those of hexadecimal numbers do not.
_LETTER_BETWEEN = re.compile(r"(?<=[0-9])[xol](?=[0-9])")
_LIKE_DIGITS = str.maketrans("ol", "01")
_NUMERALS = str.maketrans("ABCDEFGHIJ", "0123456789")
_NO_NUMERALS = dict.fromkeys(map(ord, "ABCDEFGHIJ"))
_NO_DIGIT = re.compile(r"[^0-9\n]+")
_HEXADECIMAL = b"abcdefABCDEF"
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum() and chr(code) != "\n")
# What passes for a digit becomes a zero, everything else a space.
_LIKENESS = bytes(b"0 "[chr(code) not in "0123456789OoIl"] for code in range(256))
_LIKE_OWN = b"0" * 11  # the shortest own number
_DOUBLED = str.maketrans("0123456789", "0246813579")


def plain(number: str) -> str:
    """Drop the spaces and dashes between a card number's groups."""
    return number if number.isdecimal() else number.translate(_SEPARATORS)


def luhn_valid(digits: str) -> bool:
    """Tell whether a digit string passes the Luhn check (ISO/IEC 7812-1, annex B)."""
    return (sum(map(int, digits[-1::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))) % 10 == 0


def digits_of(value: object) -> str:
    """Give the digits of a value that should be a card number, however it is written; empty below eleven."""
    digits = _NO_DIGIT.sub("", normalized(str(value))) if isinstance(value, str | int) else ""
    return digits if len(digits) >= _FEWEST else ""


def was_rounded(digits: str) -> bool:
    """Tell whether a spreadsheet rounded the number: six zeros or more at the end and a wrong check digit.

    Nothing else is refused for its check digit: the data set itself has numbers that fail it.
    """
    return digits.endswith(_ROUNDED) and not luhn_valid(digits)


def is_card_number(digits: str) -> bool:
    """Tell whether a whole run of digits is a number that an issuer may have given out."""
    return len(digits) in lengths_at(digits, 0) and luhn_valid(digits)


def card_numbers(digits: str) -> Iterator[tuple[int, int]]:
    """Find every card number within a run of digits, as (start, end); they may overlap."""
    for start in range(len(digits) - _SHORTEST + 1):
        for length in sorted(lengths_at(digits, start)):
            end = start + length
            if end <= len(digits) and luhn_valid(digits[start:end]):
                yield start, end


def holds_card_number(text: str, own: str = "") -> bool:
    """Tell whether free text holds a card number: any, or the row's own. A newline ends one field and begins another.

    Of a foreign number, only one letter may stand between two digits; of the row's own, anything may.
    """
    return may_hold_number(text) and any(
        _holds(normal, own) for form in {text, decoded(text)} for normal in readings(normalized(form))
    )


def may_hold_number(text: str) -> bool:
    """Tell whether a search is worth its time: nearly all texts have too few digits, and this takes a tenth of it."""
    if not text.isascii():
        return True
    data = text.encode()
    digits = len(data) - len(data.translate(None, _DIGITS))
    return digits >= _FEWEST or _LIKE_OWN in data.translate(_LIKENESS, _NO_LETTERS)


def holds_number(identifier: str, own: str = "") -> bool:
    """Tell whether an identifier holds a card number.

    The row's own in any form. Any other one only from an end or separator to another: an id is hexadecimal more often
    than not, and holds by chance what looks like one.
    """
    data = identifier.encode(errors="replace")
    rest = data.translate(None, _HEXADECIMAL)
    if rest.isdigit() and len(rest) < len(data):  # as nearly all: no number is bounded, no letter passes for a digit
        return bool(own) and own.encode() in rest
    for form in {identifier, decoded(identifier)}:
        words = "".join(NORMAL[ord(character)] or " " for character in form)
        for reading in readings(words):
            if own and own in _NO_DIGIT.sub("", reading):
                return True
            if _groups_hold(reading.split()):
                return True
    return False


def readings(normal: str) -> Iterator[str]:
    """Give the ways to read a normal form: with letters that pass for digits as digits, and without."""
    forms = {normal}
    if not normal.isdecimal():
        forms = {form.translate(table) for form in forms for table in (_NUMERALS, _NO_NUMERALS)}
        forms |= {form.translate(_LIKE_DIGITS) for form in forms}
    yield from forms


def spans(text: str) -> list[tuple[int, int]]:
    """Give where card numbers stand in a text, as (start, end) of its characters; in order, none overlaps another."""
    places = [place for place, character in enumerate(text) for _ in NORMAL[ord(character)]]
    normal = normalized(text)
    found: list[tuple[int, int]] = []
    for numerals in (_NUMERALS, _NO_NUMERALS):
        for letters in ({}, _LIKE_DIGITS):
            tables = [(character, character.translate(numerals).translate(letters)) for character in normal]
            kept = [place for place, (_, read) in zip(places, tables, strict=True) if read]
            reading = "".join(read for _, read in tables)
            found += _spans(reading, kept)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _spans(reading: str, places: list[int]) -> Iterator[tuple[int, int]]:
    between = {match.start() for match in _LETTER_BETWEEN.finditer(reading)}
    places = [place for at, place in enumerate(places) if at not in between]
    for run in _RUN.finditer(_LETTER_BETWEEN.sub("", reading)):
        for start, end in card_numbers(run[0]):
            yield places[run.start() + start], places[run.start() + end - 1] + 1


def _holds(normal: str, own: str) -> bool:
    if own and own in _NO_DIGIT.sub("", normal):
        return True
    runs = _RUN.findall(_LETTER_BETWEEN.sub("", normal))
    return any(next(card_numbers(run), None) for run in runs)


def _groups_hold(groups: list[str]) -> bool:
    """Tell whether neighbouring groups of nothing but digits are, written together, a card number."""
    for first in range(len(groups)):
        joined = ""
        for group in groups[first:]:
            if not group.isdecimal() or len(joined) > _LONGEST:
                break
            joined += group
            if is_card_number(joined):
                return True
    return False
