"""Kinds of values: what a sender may write, what every store keeps, and what is said when it is neither."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from shared.card_numbers.search import plain, was_rounded

# Control characters and line separators break log lines and CSV exports, noncharacters break COPY
# (https://docs.aws.amazon.com/redshift/latest/dg/multi-byte-character-load-errors.html), bidirectional controls show
# text in another order (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing).
_RANGES = [(0x00, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029), (0xFDD0, 0xFDEF), (0x202A, 0x202E), (0x2066, 0x2069)]
_RANGES += [(plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)]
# The inside of a character class, in Python's, Rust's and JSON Schema's notation alike. Surrogates: Python's alone.
UNSTORABLE = "".join(f"{chr(low)}-{chr(high)}" for low, high in _RANGES)
_FIRST_UNSTORABLE = re.compile(f"[{UNSTORABLE}\ud800-\udfff]")
BLANKS = " \t\r\n\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
MERCHANT_PREFIX = "fraud_"  # noise of the Kaggle data set: every merchant has it
LONGEST_COMPOSITION = 4  # characters that NFC makes one, at most; NFC's time is quadratic, hence a bound before it

# (form of a wrong text, what is wrong with it), the first that matches; with a full stop where that says it all.
Hints = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Kind:
    """One kind of value. Numbers have ``bounds`` on the wire, everything else a canonical text."""

    redshift: str
    read: Callable[[Any], Any]  # a sender's value of the accepted form -> canonical; ValueError says what is wrong
    accepts: str | None = None  # form of a sender's trimmed text; None: read() decides
    stored: str | None = None  # form of the canonical text
    numbers: bool = False  # a JSON number is taken for its digits
    any_type: bool = False  # read() takes any JSON value
    bounds: tuple[int, int] | None = None
    most: str = ""  # of money
    limit: int | None = None  # characters; Redshift's VARCHAR counts bytes, so its columns are 4 times as wide
    check: Callable[[Any], Any] | None = None  # of a value on the wire, beyond its form
    hints: Hints = ()

    @property
    def is_free_text(self) -> bool:
        """Whether a person writes what they like."""
        return self.accepts is None and not self.any_type

    @property
    def is_day(self) -> bool:
        """Whether it begins with a day, as 2020-06-21: safe to quote."""
        return self.redshift in ("DATE", "TIMESTAMP")

    def why(self, text: Any) -> str | None:
        """Say what is wrong with a trimmed text; None where there is nothing to add to what is expected."""
        try:
            if self.accepts is None or re.fullmatch(self.accepts, text):
                self.read(text)
        except ValueError as error:
            return str(error)
        return next((says for form, says in self.hints if re.fullmatch(form, text, re.DOTALL)), None)


def first_unstorable(text: str) -> str | None:
    """Name the first character that a store would refuse, such as ``U+0000``; None if there is none."""
    match = _FIRST_UNSTORABLE.search(text)
    return f"U+{ord(match.group()):04X}" if match else None


def text(limit: int, clean: Callable[[str], str] | None = None) -> Kind:
    """Free text of 1 to ``limit`` characters: trimmed, NFC, without what no store takes."""

    def read(value: str) -> str:
        value = value.strip(BLANKS)
        if not (value.isascii() and value.isprintable()):
            value = _composed(value, limit)
        if clean:
            value = clean(value)
        if not 0 < len(value) <= limit:
            raise ValueError(f"has {len(value)} characters: expected at most {limit}." if value else _ONLY_PREFIX)
        return value

    stored = rf"[^\s{UNSTORABLE}](?:[^{UNSTORABLE}]*[^\s{UNSTORABLE}])?"
    return Kind(f"VARCHAR({4 * limit})", read, stored=stored, limit=limit)


_ONLY_PREFIX = f"has no name after the prefix {MERCHANT_PREFIX}"


def _composed(value: str, limit: int) -> str:
    if character := first_unstorable(value):
        raise ValueError(f"contains {character}, a control or other character that no store takes: remove it.")
    if len(value) > LONGEST_COMPOSITION * limit:
        raise ValueError(f"has {len(value)} characters: expected at most {limit}.")
    return unicodedata.normalize("NFC", value)


@lru_cache(8192)  # bounds what a warm function remembers
def merchant_name(raw: str) -> str:
    """Give a merchant's name without the data set's ``fraud_`` prefix and surrounding white space; in NFC."""
    name = raw.strip() if raw.isascii() else unicodedata.normalize("NFC", raw).strip()
    while name.startswith(MERCHANT_PREFIX):
        name = name[len(MERCHANT_PREFIX) :].lstrip()
    return name


def code(form: str, redshift: str, read: Callable[[str], Any] = str, *, accepts: str = "", hints: Hints = ()) -> Kind:
    """Text of one form; ``accepts`` is what senders may write where that is more, and ``read`` makes it that form."""
    limit = re.match(r"VARCHAR\((\d+)\)", redshift)
    numbers = form[:5] == "[0-9]" or bool(limit)
    return Kind(redshift, read, accepts or form, form, numbers, limit=int(limit[1]) if limit else None, hints=hints)


_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?"
_NUMERIC: Hints = (
    (r"(?i:[+-]?s?(?:nan|inf|infinity))", "is not a finite number"),
    (r".*[0-9][,' \u00a0][0-9].*|.*[$€£%].*", "has a separator or symbol: write a plain number, with a decimal point"),
    (rf"(?!{_NUMBER}$).*", "is not a number"),
)  # fmt: skip
_NEGATIVE = "-.*[1-9].*"


def money(whole: int = 10, decimals: int = 2) -> Kind:
    """US dollars and cents, a Decimal; text on the wire, so that no reader makes it a float."""
    most, redshift = f"{'9' * whole}.{'9' * decimals}", f"DECIMAL({whole + decimals},{decimals})"
    cent = Decimal(1).scaleb(-decimals)
    hints: Hints = (
        *_NUMERIC,
        (_NEGATIVE, "is negative: refunds are not supported; send purchases only."),
        (rf"[+]?0*[1-9][0-9]{{{whole},}}(?:\..*)?", f"is over {most}, the most that {redshift} holds"),
        (rf"[0-9]*\.[0-9]{{{decimals + 1},}}|.*[eE]-.*", "has more than two decimals: round to cents"),
        (".*[eE].*", "is in scientific notation: write the digits out"),
    )
    return Kind(
        redshift,
        lambda text: Decimal(text).quantize(cent),
        rf"[0-9]{{1,{whole}}}(?:\.[0-9]{{1,{decimals}}})?",
        rf"(?:0|[1-9][0-9]{{0,{whole - 1}}})\.[0-9]{{{decimals}}}",
        numbers=True,
        most=most,
        hints=hints,
    )


def degrees(most: int, decimals: int = 6) -> Kind:
    """Degrees of latitude or longitude, a float."""

    def rounded(value: float) -> float:
        exact = round(value * scale) / scale  # a value of so few decimals comes out as it is, several times faster
        return exact if exact == value else round(value, decimals)

    def read(text: str) -> float:
        value = float(text)
        if abs(value) > most and not abs(value := round(value, decimals)) <= most:
            raise ValueError("is off the globe")
        return rounded(value) + 0.0  # -0.0 and 0.0 are one place

    def check(value: float) -> float:
        if rounded(value) != value:
            raise ValueError
        return value

    scale = 10.0**decimals
    form = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"
    kind = f"DECIMAL({decimals + 3},{decimals})"
    return Kind(kind, read, form, numbers=True, bounds=(-most, most), check=check, hints=_NUMERIC)


def whole(most: int = 2**31 - 1) -> Kind:
    """A whole number that Redshift's INTEGER holds."""

    def read(text: str) -> int:
        if (value := int(text)) > most:
            raise ValueError(over)
        return value

    over, digits = f"is over {most}, the most that INTEGER holds", len(str(most))
    hints: Hints = (
        *_NUMERIC, (_NEGATIVE, "is negative"), (".*[.eE].*", "is not written as a whole number"),
        (rf"[0-9]{{{digits + 1},}}", over),
    )  # fmt: skip
    return Kind("INTEGER", read, rf"[0-9]{{1,{digits}}}", numbers=True, bounds=(0, most), hints=hints)


_DAY = "(?:19|[2-9][0-9])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"  # 1900 to 9999
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_NO_DAY = "is not a day of the calendar"
_DAYS: Hints = (
    (r"[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{1,4}\b.*", "is ambiguous (is 3/4 in March or in April?)"),
    (r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?", "is a number, which may count seconds, milliseconds or days"),
    ("(?:0[0-9]|1[0-8])[0-9]{2}-[0-9]{2}-[0-9]{2}.*", "is before 1900"),
    (rf"(?!{_DAY})[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}.*", _NO_DAY),
)


def _existing(text: str) -> str:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(_NO_DAY) from None
    return text


def utc(text: str) -> str:
    """Turn Kaggle's or ISO 8601's form into ``2020-06-21T12:14:25.000Z``; without a zone the time is taken as UTC.

    Raises ValueError if the day does not exist, or its UTC time is beyond the year 9999.
    """
    if len(text) == 19:  # no fraction, no zone: as in the Kaggle file
        return f"{_existing(text)[:10]}T{text[11:]}.000Z"
    moment = datetime.fromisoformat(_existing(text))
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            raise ValueError("is beyond the year 9999 in UTC.") from None
    return moment.isoformat(timespec="milliseconds") + "Z"


MOMENT = Kind(
    "TIMESTAMP",
    utc,
    rf"{_DAY}[ T]{_CLOCK}(?:\.[0-9]{{1,3}})?(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])?",
    rf"{_DAY}T{_CLOCK}\.[0-9]{{3}}Z",
    check=_existing,
    hints=(
        *_DAYS,
        (_DAY, "has no time of day"),
        (rf"{_DAY}[ Tt][0-9]{{1,2}}:[0-9]{{2}}", "has no seconds"),
        (r".*:[0-9]{2}(?:\.[0-9]{4,}|,[0-9]*|\.)(?![0-9]).*",
         "has a fraction that is not milliseconds: expected at most 3 digits after a point, e.g. 12:14:25.123."),
        (rf"{_DAY}[ Tt].*", "has no valid time of day"),
    ),
)  # fmt: skip
DAY = Kind("DATE", _existing, _DAY, _DAY, check=_existing, hints=(*_DAYS, (rf"{_DAY}[ Tt].*", "has a time of day")))

LABELS: dict[Any, bool] = {
    0: False, 1: True, "0": False, "1": True, "0.0": False, "1.0": True,
    "false": False, "true": True, "False": False, "True": True, "FALSE": False, "TRUE": True,
}  # fmt: skip


def _label(value: Any) -> bool:
    try:
        return LABELS[value.strip(BLANKS) if isinstance(value, str) else value]
    except (KeyError, TypeError):  # TypeError: a list or an object
        raise ValueError from None


LABEL = Kind("BOOLEAN", _label, any_type=True)


def _card_number(text: str) -> str:
    number = plain(text)
    if was_rounded(number):
        says = "ends in zeros and its check digit is wrong: a spreadsheet rounded it, export the column as text."
        raise ValueError(says)
    return number


CARD_DIGITS = (11, 19)  # from, to
CARD_NUMBER = Kind(
    "",
    _card_number,
    f"[0-9](?:[ -]?[0-9]){{{CARD_DIGITS[0] - 1},{CARD_DIGITS[1] - 1}}}",
    numbers=True,
    hints=(
        (r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+", "has lost digits: export the column as text."),
        (r"[0-9 -]+[.,][0-9]*",
         "has decimals, so it was taken for a number and may have lost digits: export the column as text."),
        ("[+-].*", "has a sign"),
        (".*[^0-9 ._/-].*", "has characters that are not digits"),
        (rf"(?:[^0-9]*[0-9]){{0,{CARD_DIGITS[0] - 1}}}[^0-9]*", "has too few digits"),
        (rf"(?:[^0-9]*[0-9]){{{CARD_DIGITS[1] + 1},}}[^0-9]*", "has too many digits"),
    ),
)  # fmt: skip
ZIP = code(
    "[0-9]{5}",
    "CHAR(5)",
    lambda text: text[:5].zfill(5),
    accepts="(?:[0-9]{3,5}|[0-9]{5}-[0-9]{4})",  # a spreadsheet takes the leading zeros of "02138"; ZIP+4
    hints=(
        (r"[0-9]{3,5}\.[0-9]*", "was taken for a number"),
        ("[0-9]{1,2}", "is too short, no ZIP code starts with three zeros"),
    ),
)
