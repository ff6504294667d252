"""What is wrong with one value that is a number, a date or a code, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from shared.transaction.cards import plain, was_rounded
from shared.transaction.echo import echo
from shared.transaction.schema import MAX_INTEGER

_TIME_SHAPE = "2020-06-21 12:14:25 (taken as UTC) or ISO 8601 such as 2020-06-21T12:14:25Z"
_DEGREES_SHAPE = "decimal degrees such as {}"

# What would be right, for each column.
SHAPES: dict[str, str] = {
    "trans_date_trans_time": _TIME_SHAPE,
    "cc_num": "the card number's 11 to 19 digits, as text",
    "merchant": "the merchant's name",
    "category": "a category such as grocery_pos",
    "amt": "US dollars with at most two decimals, such as 107.23",
    "first": "the first name",
    "last": "the last name",
    "gender": "F or M",
    "street": "the street and number",
    "city": "the city",
    "state": "two letters, such as NY",
    "zip": "five digits as text, such as 02138",
    "lat": _DEGREES_SHAPE.format("40.6729, from -90 to 90"),
    "long": _DEGREES_SHAPE.format("-73.5365, from -180 to 180"),
    "city_pop": "a whole number such as 34496",
    "job": "the occupation",
    "dob": "a date such as 1968-03-19",
    "trans_num": "1 to 64 of the characters A-Z a-z 0-9 _ -",
    "merch_lat": _DEGREES_SHAPE.format("40.4958, from -90 to 90"),
    "merch_long": _DEGREES_SHAPE.format("-74.1961, from -180 to 180"),
    "is_fraud": "0, 1, true, false or empty",
}

_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+")
_DECIMALS = re.compile(r"[0-9 -]+[.,][0-9]*")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_NOT_FINITE = re.compile(r"[+-]?s?(?:nan|inf|infinity)", re.IGNORECASE)
_SLASHED = re.compile(r"[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{1,4}\b.*")
_EPOCH = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_ISO = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:(?P<t>[Tt ])(?P<clock>[0-9]{1,2}:[0-9]{2})(?P<seconds>:[0-9]{2})?"
    r"(?P<fraction>[.,][0-9]*)? ?(?P<zone>[Zz]|[+-][0-9:]+)?)?"
)


def card_number(text: str) -> str | None:
    digits = plain(text)
    if _SCIENTIFIC.fullmatch(text):
        return f"{echo(text)} has lost digits: export the column as text"
    if _DECIMALS.fullmatch(text):
        return "has decimals, so it was taken for a number and may have lost digits: export the column as text"
    if text.startswith(("-", "+")):
        return f"has a sign: right is {SHAPES['cc_num']}"
    if not digits.isdecimal() or not digits.isascii():
        return f"holds characters that are no digits: right is {SHAPES['cc_num']}"
    if not 11 <= len(digits) <= 19:
        return f"has {len(digits)} digits: right is {SHAPES['cc_num']}"
    if was_rounded(digits):
        return "ends in zeros and its check digit is wrong: a spreadsheet rounded it, export the column as text"
    return None


def amount(text: str) -> str | None:
    number = _number(text)
    if number is None:
        return _no_number(text, "amt")
    if number.is_signed() and number:
        return f"{echo(text)} is negative: refunds are not modelled, send purchases only"
    if number > Decimal("9999999999.99"):
        return f"{echo(text)} is over 9999999999.99, the most that DECIMAL(12,2) holds"
    if int(number.as_tuple().exponent) < -2:
        return f"{echo(text)} has more than two decimals: round to cents"
    if "e" in text.lower():
        return f"{echo(text)} is in scientific notation: write the digits out, such as 107.23"
    return None


def degrees(column: str, limit: int) -> Callable[[str], str | None]:
    def reason(text: str) -> str | None:
        number = _number(text)
        if number is None:
            return _no_number(text, column)
        if not -limit <= round(float(text), 6) <= limit:
            return f"{echo(text)} is off the globe: right is {SHAPES[column]}"
        return None

    return reason


def population(text: str) -> str | None:
    number = _number(text)
    if number is None:
        return _no_number(text, "city_pop")
    if number.is_signed() and number:
        return f"{echo(text)} is negative: right is {SHAPES['city_pop']}"
    if "." in text or "e" in text.lower():
        return f"{echo(text)} is not written as a whole number: right is one such as 34496"
    return f"{echo(text)} is over {MAX_INTEGER}, the most that INTEGER holds" if number > MAX_INTEGER else None


def moment(text: str) -> str | None:
    match = _ISO.fullmatch(text)
    if match is None or not match["clock"]:
        return _no_day(text, _TIME_SHAPE) or (
            f"{echo(text)} has no time of day: right is {_TIME_SHAPE}" if match else None
        )
    if not match["seconds"]:
        return f"{echo(text)} has no seconds: right is {_TIME_SHAPE}"
    if match["fraction"] and not re.fullmatch(r"\.[0-9]{1,3}", match["fraction"]):
        return "has a fraction that is not milliseconds: right are at most 3 digits after a point, 12:14:25.123"
    return _no_day(match["day"], _TIME_SHAPE)


def birth(text: str) -> str | None:
    if (match := _ISO.fullmatch(text)) and match["clock"]:
        return f"{echo(text)} has a time of day: right is {SHAPES['dob']}"
    return _no_day(text, SHAPES["dob"])


def zip_code(text: str) -> str | None:
    if re.fullmatch(r"[0-9]{3,5}\.[0-9]*", text):
        return f"{echo(text)} was taken for a number: right is {SHAPES['zip']}"
    if re.fullmatch(r"[0-9]{1,2}", text):
        return f"{echo(text)} is too short, no ZIP code begins with three zeros: right is {SHAPES['zip']}"
    return None


def _number(text: str) -> Decimal | None:
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _no_number(text: str, column: str) -> str:
    if _NOT_FINITE.fullmatch(text):
        return f"{echo(text)} is not a finite number: right is {SHAPES[column]}"
    if re.search(r"[0-9][,' ][0-9]", text) or re.search(r"[$€£%]", text):
        return (
            f"{echo(text)} holds a separator or a sign: write the number alone, with a decimal point; "
            f"right is {SHAPES[column]}"
        )
    return f"{echo(text)} is not a number: right is {SHAPES[column]}"


def _no_day(text: str, shape: str) -> str | None:
    """Say why a text is no day that exists from 1900 on; None if it is one."""
    if _SLASHED.fullmatch(text):
        return f"{echo(text)} is in an ambiguous format, 3/4 may be in March or in April: right is {shape}"
    if _EPOCH.fullmatch(text):
        return f"{echo(text)} is a number, and whether of seconds or days cannot be told: right is {shape}"
    if not (match := _ISO.fullmatch(text)):
        return f"{echo(text)} is in no format that we know: right is {shape}"
    try:
        day = date.fromisoformat(match["day"])
    except ValueError:
        return f"{echo(match['day'])} is no day of the calendar: right is {shape}"
    return f"{echo(match['day'])} is before 1900: right is {shape}" if day.year < 1900 else None


REASONS: dict[str, Callable[[str], str | None]] = {
    "trans_date_trans_time": moment,
    "cc_num": card_number,
    "amt": amount,
    "zip": zip_code,
    "lat": degrees("lat", 90),
    "long": degrees("long", 180),
    "city_pop": population,
    "dob": birth,
    "merch_lat": degrees("merch_lat", 90),
    "merch_long": degrees("merch_long", 180),
    "trans_num": lambda text: None,  # the form alone says it
}
