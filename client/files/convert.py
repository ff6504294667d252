"""Values of a mapped column: dates, amounts, stand-ins; text in, text out. ValueError says why a value is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from client.files.mapping import Reading
from shared.card_numbers.search import luhn_valid

Convert = Callable[[str], str]

TIME, DOB, CARD = "trans_date_trans_time", "dob", "cc_num"
DECIMALS = frozenset({"amt", "lat", "long", "merch_lat", "merch_long"})
DATE = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})"
    r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:\s*([AaPp])\.?[Mm]\.?)?)?"
)
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_ZONE = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
SINCE = re.compile(r"(milliseconds|seconds|minutes|hours|days) since (\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?)")
_MILLISECONDS = {"milliseconds": 1, "seconds": 1_000, "minutes": 60_000, "hours": 3_600_000, "days": 86_400_000}
_STAND_IN_PREFIX = "9999"  # no issuer has it: ISO/IEC 7812 leaves 9 to national bodies
_STAND_IN_DIGITS = 19


def converters(column: str, reading: Reading) -> list[Convert]:
    """What a value of a column goes through, in this order."""
    found: list[Convert] = []
    if values := reading.values.get(column):
        found.append(lambda text: values.get(text.strip(), text))
    if column in (TIME, DOB):
        if form := reading.formats.get(column):
            found.append(lambda text: from_format(text, form, column == DOB))
        elif reading.dates:
            order = reading.dates
            found.append(lambda text: from_order(text, order, column == DOB))
        if column == TIME and reading.time_zone:
            zone = ZoneInfo(reading.time_zone)
            found.append(lambda text: in_utc(text, zone))
    if column in DECIMALS and reading.decimal_comma:
        found.append(from_decimal_comma)
    if column == "amt":
        if reading.amount_unit or not reading.plain:
            found.append(without_currency)
        if reading.amount_unit == "cents":
            found.append(from_cents)
    return found


def from_format(text: str, form: str, day: bool) -> str:
    """A date or time in a format of strptime, or counted as in ``seconds since 1970-01-01``, as ISO 8601.

    Of `day`, the date alone.
    """
    if match := SINCE.fullmatch(form):
        return _since(text, match, day)
    try:
        made = datetime.strptime(text.strip(), form)  # noqa: DTZ007  # its zone, if any, is kept
    except ValueError:
        raise ValueError(f"is not a date of the form {form}") from None
    return made.date().isoformat() if day else made.isoformat(" ")


def _since(text: str, form: re.Match[str], day: bool) -> str:
    try:
        count = Decimal(text.strip())
        made = datetime.fromisoformat(form[2]) + timedelta(milliseconds=int(count * _MILLISECONDS[form[1]]))
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"is not a number of {form[0]}") from None
    return made.date().isoformat() if day else made.isoformat(" ", "milliseconds" if made.microsecond else "seconds")


def from_order(text: str, order: str, day: bool) -> str:
    """A date written with its parts in a known order, as ISO 8601. One that is ISO 8601 already stays."""
    text = text.strip()
    if ISO.match(text):
        return text
    match = DATE.fullmatch(text)
    if match is None:
        raise ValueError("is not a date that can be read")
    year, month, number = parts_of(match, order)
    if len(year) == 2:
        if day:
            raise ValueError("has a two-digit year: write four digits, e.g. 2020")
        year = "20" + year
    hour = int(match[5] or 0)
    if match[9]:
        hour = hour % 12 + (12 if match[9] in "Pp" else 0)
    try:
        micro = int((match[8] or "0")[:6].ljust(6, "0"))
        made = datetime(int(year), int(month), int(number), hour, int(match[6] or 0), int(match[7] or 0), micro)  # noqa: DTZ001
    except ValueError:
        raise ValueError(f"is not a date with its parts {order}") from None
    if day:
        return made.date().isoformat()
    if match[5] is None:
        raise ValueError("has no time of day")
    return made.isoformat(" ")


def parts_of(match: re.Match[str], order: str) -> tuple[str, str, str]:
    """(year, month, day) of a match of DATE. Raises ValueError if a part is in the wrong place."""
    first, second, third = match[1], match[3], match[4]
    year, month, day = {
        "day-first": (third, second, first),
        "month-first": (third, first, second),
        "year-first": (first, second, third),
    }[order]
    if len(year) not in (2, 4) or len(day) > 2 or len(month) > 2:
        raise ValueError(f"is not a date with its parts {order}")
    return year, month, day


def in_utc(text: str, zone: ZoneInfo) -> str:
    """A local time as UTC. One with a zone of its own stays. Raises ValueError for one that was not, or was twice."""
    text = text.strip()
    if _ZONE.search(text):
        return text
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return text  # the API says what is wrong with it
    early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(ZoneInfo("UTC")) for fold in (0, 1))
    if early.astimezone(zone).replace(tzinfo=None) != local:
        raise ValueError(f"did not exist in {zone.key}: clocks were set forward")
    if early != late:
        raise ValueError(f"happened twice in {zone.key}: clocks were set back; give it with an offset, e.g. -05:00")
    return early.replace(tzinfo=None).isoformat(" ") + "Z"


def from_decimal_comma(text: str) -> str:
    """``1.234,56`` as ``1234.56``."""
    text = text.strip()
    if re.fullmatch(r"-?\d+\.(?:\d{1,2}|\d{4,})", text):
        return text  # its point can only be a decimal one: thousands come in groups of three
    if re.fullmatch(r"[^\d]*\d{1,3}(?:[. \u00a0]\d{3})*(?:,\d*)?[^\d]*|[^\d]*\d+(?:,\d*)?[^\d]*", text) is None:
        raise ValueError("is not a number with a decimal comma")
    return re.sub(r"(?<=\d)[. \u00a0](?=\d{3})", "", text).replace(",", ".")


def without_currency(text: str) -> str:
    """``$1,234.56`` as ``1234.56``; a sign stays, so that a refund is refused as one."""
    text = text.strip()
    match = re.fullmatch(r"(-?)\s*(?:\$|US\$|USD)?\s*(-?[\d.,]+(?:[eE][+-]?\d+)?)\s*(?:USD|\$)?", text)
    if match is None:
        return text
    number = match[2]
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", number):
        number = number.replace(",", "")
    if re.fullmatch(r"-?\d+\.\d\d0+", number):
        number = number.rstrip("0") if number[-3:] != "000" else number.rstrip("0") + "0"
    return match[1] + number


def from_cents(text: str) -> str:
    """``1234`` as ``12.34``. Raises ValueError for a fraction of a cent."""
    try:
        cents = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError("is not a number of cents") from None
    if not cents.is_finite() or cents != cents.to_integral_value():
        raise ValueError("is not a whole number of cents")
    return format((cents / 100).quantize(Decimal("0.01")), "f")


def stand_in_card(text: str) -> str:
    """A number of the form of a card number for data that has ids instead: the same for the same id, Luhn-valid.

    19 digits that begin with 9999: no issuer has such numbers. Of a million ids, two share one with chance 1 in 200.
    """
    digest = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:16])
    body = f"{_STAND_IN_PREFIX}{digest % 10 ** (_STAND_IN_DIGITS - 5):0{_STAND_IN_DIGITS - 5}d}"
    return next(body + digit for digit in "0123456789" if luhn_valid(body + digit))


def stand_in_text(text: str) -> str:
    """A name for an id that may not be in a text, e.g. a merchant's number of 19 digits: the same for the same id."""
    return f"id-{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"
