"""TO_CHAR, TO_DATE, TO_TIMESTAMP and TO_NUMBER, and dates that DuckDB has no function for.

https://docs.aws.amazon.com/redshift/latest/dg/r_FORMAT_strings.html and r_Numeric_formating.html
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from local.redshift.dialect import moments
from local.redshift.errors import SqlError

_FIELDS = [
    "YYYY", "YYY", "YY", "Y", "IYYY", "IYY", "IY", "I", "Y,YYY", "CC", "Q", "MONTH", "Month", "month", "MON", "Mon",
    "mon", "MM", "RM", "rm", "W", "WW", "IW", "DAY", "Day", "day", "DY", "Dy", "dy", "DDD", "IDDD", "DD", "D", "ID",
    "J", "HH24", "HH12", "HH", "MI", "SSSS", "SS", "MS", "US", "AM", "PM", "am", "pm", "A.M.", "P.M.", "a.m.",
    "p.m.", "AD", "BC", "ad", "bc", "A.D.", "B.C.", "a.d.", "b.c.", "TZ", "tz", "OF",
]  # fmt: skip
_ORDERED = sorted(_FIELDS, key=len, reverse=True)
_ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]


@lru_cache(maxsize=256)
def _tokens(pattern: str) -> tuple[tuple[str, str, bool], ...]:
    """(kind, text, fill mode) triples of a date format, kind being field, th or text."""
    found: list[tuple[str, str, bool]] = []
    at, fill = 0, False
    while at < len(pattern):
        rest = pattern[at:]
        if rest[0] == '"':
            end = rest.find('"', 1)
            end = len(rest) if end < 0 else end
            found.append(("text", rest[1:end], False))
            at += end + 1
            continue
        if rest[:2].upper() == "FM":
            fill, at = True, at + 2
            continue
        name = next((f for f in _ORDERED if rest.startswith(f)), "") or next(
            (f for f in _ORDERED if rest.upper().startswith(f) and f.isupper()), ""
        )
        if name:
            found.append(("field", name, fill))
            fill, at = False, at + len(name)
            if pattern[at : at + 2] in ("TH", "th") and name.upper() not in ("MONTH", "DAY"):
                found.append(("th", pattern[at : at + 2], False))
                at += 2
            continue
        found.append(("text", rest[0], False))
        at += 1
    return tuple(found)


def _cased(name: str, value: str, width: int, fill: bool) -> str:
    shown = value.upper() if name.isupper() else value.lower() if name.islower() else value
    return shown if fill else shown.ljust(width)


def _padded(number: int, width: int, fill: bool) -> str:
    return str(number) if fill else str(number).zfill(width)


def _show(moment: dt.datetime, name: str, fill: bool) -> str:
    key = name.upper()
    iso = moment.isocalendar()
    hour = moment.hour % 12 or 12
    half = "am" if moment.hour < 12 else "pm"
    if key in ("MONTH", "DAY"):
        return _cased(name, moment.strftime("%B" if key == "MONTH" else "%A"), 9, fill)
    if key in ("MON", "DY"):
        return _cased(name, moment.strftime("%b" if key == "MON" else "%a"), 0, True)
    if key in ("AM", "PM", "A.M.", "P.M."):
        shown = half if "." not in key else f"{half[0]}.{half[1]}."
        return shown.upper() if name.isupper() else shown
    if key in ("AD", "BC", "A.D.", "B.C."):
        shown = "ad" if "." not in key else "a.d."
        return shown.upper() if name.isupper() else shown
    if key == "RM":
        return (_ROMAN[moment.month - 1] if name.isupper() else _ROMAN[moment.month - 1].lower()).ljust(
            0 if fill else 4
        )
    if key == "TZ":
        return "UTC" if name.isupper() else "utc"
    if key == "OF":
        return "+00"
    if key == "Y,YYY":
        return f"{moment.year:,}"
    numbers = {
        "YYYY": (moment.year, 4), "YYY": (moment.year % 1000, 3),
        "YY": (moment.year % 100, 2), "Y": (moment.year % 10, 1),
        "IYYY": (iso[0], 4), "IYY": (iso[0] % 1000, 3), "IY": (iso[0] % 100, 2), "I": (iso[0] % 10, 1),
        "CC": ((moment.year + 99) // 100, 2), "Q": ((moment.month + 2) // 3, 1), "MM": (moment.month, 2),
        "W": ((moment.day - 1) // 7 + 1, 1), "WW": ((moment.timetuple().tm_yday - 1) // 7 + 1, 2), "IW": (iso[1], 2),
        "DDD": (moment.timetuple().tm_yday, 3), "IDDD": ((iso[1] - 1) * 7 + iso[2], 3), "DD": (moment.day, 2),
        "D": (moment.isoweekday() % 7 + 1, 1), "ID": (iso[2], 1), "J": (moment.toordinal() + 1721425, 7),
        "HH24": (moment.hour, 2), "HH12": (hour, 2), "HH": (hour, 2),
        "MI": (moment.minute, 2), "SS": (moment.second, 2),
        "SSSS": (moment.hour * 3600 + moment.minute * 60 + moment.second, 1), "MS": (moment.microsecond // 1000, 3),
        "US": (moment.microsecond, 6),
    }  # fmt: skip
    number, width = numbers[key]
    return _padded(number, width, fill)


def _ordinal(number: str, form: str) -> str:
    digits = re.sub(r"\D", "", number)[-2:] or "0"
    last = int(digits) % 10
    ending = "th" if 10 < int(digits) < 14 else {1: "st", 2: "nd", 3: "rd"}.get(last, "th")
    return ending.upper() if form == "TH" else ending


def to_char_time(moment: dt.datetime, pattern: str) -> str:
    """TO_CHAR of a timestamp."""
    shown: list[str] = []
    for kind, written, fill in _tokens(pattern):
        if kind == "field":
            shown.append(_show(moment, written, fill))
        elif kind == "th":
            shown.append(_ordinal(shown[-1], written))
        else:
            shown.append(written)
    return "".join(shown)


_WIDTHS = {"YYYY": 4, "IYYY": 4, "YYY": 3, "YY": 2, "Y": 1, "MM": 2, "DD": 2, "DDD": 3, "HH24": 2, "HH12": 2, "HH": 2,
           "MI": 2, "SS": 2, "MS": 3, "US": 6, "J": 7, "SSSS": 5, "Q": 1, "D": 1, "CC": 2}  # fmt: skip


def to_timestamp(value: str, pattern: str, strict: bool) -> dt.datetime:
    """TO_DATE and TO_TIMESTAMP: out-of-range days run over into the next month unless `strict`. Raises ValueError."""
    parts: dict[str, int] = {}
    at = 0
    tokens = _tokens(pattern)
    for index, (kind, written, _) in enumerate(tokens):
        key = written.upper()
        if kind == "th":
            at += 2
        elif kind == "text":
            if value[at : at + 1].isspace() or not value[at : at + 1].isalnum():
                at += 1
        elif key in ("MONTH", "MON", "DAY", "DY"):
            at = _name(value, at, key, parts)
        elif key in ("AM", "PM", "A.M.", "P.M."):
            half = value[at : at + len(key)].lower().replace(".", "")
            if half not in ("am", "pm"):
                raise ValueError(f'invalid AM/PM string in "{value}"')
            parts["half"], at = (1 if half == "pm" else 0), at + len(key)
        elif key in _WIDTHS:
            adjacent = index + 1 < len(tokens) and tokens[index + 1][0] == "field"
            width = _WIDTHS[key] if adjacent or key not in ("YYYY",) else 4
            match = re.compile(rf"\s*(\d{{1,{width}}})").match(value, at)
            if not match:
                if at >= len(value.rstrip()):
                    break
                raise ValueError(f'invalid value "{value[at : at + width]}" for "{written}"')
            parts[key], at = int(match[1]) if key not in ("MS", "US") else int(match[1].ljust(width, "0")), match.end()
            if key in ("YYY", "YY", "Y"):
                parts["YYYY"] = parts[key] + (2000 if parts[key] < 70 else 1900)
        else:
            raise ValueError(f'not supported by the embedded warehouse: "{written}" in a format to read by')
    return _assembled(parts, strict, value)


def _name(value: str, at: int, key: str, parts: dict[str, int]) -> int:
    match = re.compile(r"\s*([A-Za-z]+)").match(value, at)
    word = match[1].lower() if match else ""
    if key in ("MONTH", "MON"):
        found = (
            [m for m in range(1, 13) if calendar.month_name[m].lower().startswith(word[:3])] if len(word) > 2 else []
        )
        if len(found) != 1:
            raise ValueError(f'invalid value "{word}" for "{key}"')
        parts["MM"] = found[0]
        length = 3 if key == "MON" else len(word)
    else:
        length = 3 if key == "DY" else len(word)
    return (match.start(1) if match else at) + length


def _assembled(parts: dict[str, int], strict: bool, value: str) -> dt.datetime:
    if "J" in parts:
        return dt.datetime.fromordinal(parts["J"] - 1721425)
    year = parts.get("YYYY", parts.get("IYYY", 1))
    month, day = parts.get("MM", 1), parts.get("DD", 1)
    if "Q" in parts and "MM" not in parts:
        month = parts["Q"] * 3 - 2
    if (
        not 1 <= month <= 12
        or year < 1
        or day < 1
        or day > 31
        or (strict and day > calendar.monthrange(year, month)[1])
    ):
        raise ValueError(f'date/time field value out of range: "{value}"')
    moment = dt.datetime(year, month, 1) + dt.timedelta(days=day - 1)
    if "DDD" in parts:
        moment = dt.datetime(year, 1, 1) + dt.timedelta(days=parts["DDD"] - 1)
    hour = parts.get("HH24", parts.get("HH12", parts.get("HH", 0)))
    if "half" in parts:
        hour = hour % 12 + 12 * parts["half"]
    if hour > 23 or parts.get("MI", 0) > 59 or parts.get("SS", 0) > 59:
        raise ValueError(f'date/time field value out of range: "{value}"')
    micros = parts.get("MS", 0) * 1000 + parts.get("US", 0)
    return moment + dt.timedelta(
        hours=hour, minutes=parts.get("MI", 0), seconds=parts.get("SS", 0) + parts.get("SSSS", 0), microseconds=micros
    )


def to_char_number(value: str, pattern: str) -> str:
    """TO_CHAR of a number: 9 0 . D , G S MI PL SG PR L $ FM TH; # where it does not fit."""
    number, form = Decimal(value), pattern.upper()
    fill = form.startswith("FM")
    form = form[2:] if fill else form
    if re.search(r"RN|V|E", form):
        raise ValueError(f'not supported by the embedded warehouse: the format "{pattern}"')
    body = re.sub(r"MI|PL|SG|PR|TH|S|L|\$", "", form)
    whole_form, _, fraction_form = body.replace("D", ".").replace("G", ",").partition(".")
    places = sum(c in "09" for c in fraction_form)
    rounded = abs(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    digits, _, decimals = format(rounded, "f").partition(".")
    slots = [c for c in whole_form if c in "09"]
    digits = "" if digits == "0" and slots and "0" not in slots and places else digits
    if len(digits) > len(slots):
        shown = re.sub(r"[09]", "#", body.replace("D", ".").replace("G", ","))
        return shown if fill else " " + shown
    whole = _whole(whole_form, digits, fill)
    decimals = _decimals(fraction_form, decimals, fill)
    point = "." if re.search(r"[.D]", form) else ""
    return _signed(form, whole, point + decimals, number < 0 and rounded != 0, fill)


def _whole(form: str, digits: str, fill: bool) -> str:
    slots = [c for c in form if c in "09"]
    padded, zero = digits.rjust(len(slots)), False
    found, index, started = "", 0, False
    for character in form:
        if character in "09":
            zero = zero or character == "0"
            digit = padded[index]
            index += 1
            if digit == " " and zero:
                digit = "0"
            started = started or digit != " "
            found += digit
        elif character == ",":
            found += "," if started else " "
        else:
            found += character
    return found.replace(" ", "") if fill else found


def _decimals(form: str, decimals: str, fill: bool) -> str:
    if fill:
        keep = max((i + 1 for i, c in enumerate(c for c in form if c in "09") if c == "0"), default=0)
        decimals = decimals[:keep] + decimals[keep:].rstrip("0")
    return decimals


def _signed(form: str, whole: str, rest: str, negative: bool, fill: bool) -> str:
    bare = whole.lstrip(" ")
    pad = whole[: len(whole) - len(bare)]
    currency = "$" if "L" in form or "$" in form else ""
    if "PR" in form:
        shown = (
            f"<{currency}{bare}{rest}>"
            if negative
            else f"{'' if fill else ' '}{currency}{bare}{rest}{'' if fill else ' '}"
        )
        return ("" if fill else pad) + shown
    sign = "-" if negative else "+"
    if form.endswith("S"):
        return f"{pad}{currency}{bare}{rest}{sign}"
    if form.startswith("S") and not form.startswith("SG"):
        return f"{pad}{sign}{currency}{bare}{rest}"
    if form.endswith("MI"):
        return f"{pad}{currency}{bare}{rest}{'-' if negative else ('' if fill else ' ')}"
    if form.startswith("MI"):
        return f"{'-' if negative else ('' if fill else ' ')}{pad}{currency}{bare}{rest}"
    if form.startswith("SG"):
        return f"{sign}{pad}{currency}{bare}{rest}"
    if form.endswith("SG"):
        return f"{pad}{currency}{bare}{rest}{sign}"
    if form.startswith("PL") or form.endswith("PL"):
        raise ValueError("not supported by the embedded warehouse: PL in a format")
    front = "-" if negative else ("" if fill else " ")
    ending = _ordinal(bare, "TH" if form.endswith("TH") else "th") if form.endswith("TH") and not negative else ""
    return f"{pad}{front}{currency}{bare}{rest}{ending.lower() if ending else ''}"


def to_number(value: str, pattern: str) -> str:
    """TO_NUMBER: the digits of a text that is written by a format. Raises ValueError."""
    held = value.strip()
    negative = held.startswith(("-", "<")) or held.endswith("-")
    digits = re.sub(r"[^0-9.]", "", held)
    if not re.fullmatch(r"\d*\.?\d*", digits) or not re.search(r"\d", digits):
        raise ValueError(f'invalid input syntax for type numeric: "{value}"')
    slots = re.sub(r"[^09.D]", "", pattern.upper()).replace("D", ".")
    whole, _, fraction = digits.partition(".")
    room, _, places = slots.partition(".")
    whole, fraction = whole[: len(room)], fraction[: len(places)]
    return f"{'-' if negative else ''}{whole or '0'}{'.' + fraction if fraction else ''}"


def months_between(a: dt.datetime, b: dt.datetime) -> float:
    """Whole months between the same days or two ends of months, else 31sts of a month."""
    months = (a.year - b.year) * 12 + a.month - b.month
    last = [calendar.monthrange(t.year, t.month)[1] == t.day for t in (a, b)]
    if a.day == b.day or all(last):
        return float(months)
    seconds = [(t - t.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() for t in (a, b)]
    return months + (a.day - b.day + (seconds[0] - seconds[1]) / 86400) / 31


def next_day(moment: dt.datetime, day: str) -> dt.date:
    """The first such day of the week after the date. Raises ValueError."""
    names = [name.lower() for name in calendar.day_name]
    short = day.strip().lower()
    found = [i for i, name in enumerate(names) if len(short) > 1 and name.startswith(short)]
    if short in ("m", "w", "f"):
        found = [names.index({"m": "monday", "w": "wednesday", "f": "friday"}[short])]
    if len(found) != 1:
        raise ValueError(f'invalid day of the week: "{day}"')
    return moment.date() + dt.timedelta(days=(found[0] - moment.weekday() - 1) % 7 + 1)


def _parse(value: str) -> dt.datetime:
    try:
        return moments.parse(value)
    except SqlError as error:
        raise ValueError(str(error)) from error


def _show_float(number: float) -> str:
    shown = f"{number:.15g}"
    mantissa, _, exponent = shown.partition("e")
    return f"{mantissa}e{int(exponent):+03d}" if exponent else shown


V, N, B, T, D, F = "VARCHAR", "INTEGER", "BOOLEAN", "TIMESTAMP", "DATE", "DOUBLE"
FUNCTIONS: list[tuple[str, Any, list[str], str]] = [
    ("rs_to_char_time", to_char_time, [T, V], V),
    ("rs_to_char_number", to_char_number, [V, V], V),
    ("rs_to_timestamp", to_timestamp, [V, V, B], T),
    ("rs_to_number", to_number, [V, V], V),
    ("rs_months_between", months_between, [T, T], F),
    ("rs_next_day", next_day, [T, V], D),
    ("rs_parse_timestamp", _parse, [V], T),
    ("rs_show_float", _show_float, [F], V),
]
