"""Dates and times as text: the forms in which Redshift reads them.

https://docs.aws.amazon.com/redshift/latest/dg/r_Date_and_time_literals.html
"""

from __future__ import annotations

import datetime as dt
import re

from local.redshift.errors import SqlError

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?P<name>[A-Za-z]{3,9})\.?"
_YEAR = r"(?P<y>\d{4}|\d{2})"
_DATES = [
    r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    rf"(?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})[-/.]{_YEAR}",
    rf"{_MONTH}[- ](?P<d>\d{{1,2}})(?:,\s*|[- ]\s*){_YEAR}",
    rf"(?P<d>\d{{1,2}})[- ]{_MONTH}[-, ]\s*{_YEAR}",
    rf"(?P<y>\d{{4}})[- ]{_MONTH}[- ](?P<d>\d{{1,2}})",
]
_TIME = r"(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:\.(?P<f>\d{1,9}))?)?\s*(?P<ap>[AaPp][Mm])?"
_ZONE = r"(?:\s*(?P<z>Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?))?"
_FORMS = [re.compile(rf"\s*{date}(?:(?:\s+|T){_TIME}{_ZONE})?\s*", re.IGNORECASE) for date in _DATES]
_COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})\s+(\d{2})(\d{2})(\d{2})\s*")


def parse(value: str) -> dt.datetime:
    """A date or a timestamp, in UTC where the text has a zone. Raises SqlError for what is neither."""
    compact = _COMPACT.fullmatch(value)
    try:
        if compact:
            return dt.datetime(*(int(part) for part in compact.groups()))  # type: ignore[arg-type]
        for form in _FORMS:
            match = form.fullmatch(value)
            if match:
                return _moment(match.groupdict())
    except ValueError as error:
        raise SqlError(f'date/time field value out of range: "{value}"', "22008") from error
    raise SqlError(f'invalid input syntax for type timestamp: "{value}"', "22007")


def _moment(parts: dict[str, str | None]) -> dt.datetime:
    year = int(parts["y"] or 0)
    if len(parts["y"] or "") == 2:
        year += 2000 if year < 70 else 1900
    name = (parts.get("name") or "").lower()
    if name:
        full = [m for m in range(12) if dt.date(2000, m + 1, 1).strftime("%B").lower().startswith(name)]
        if len(full) != 1:
            raise ValueError(name)
        month = full[0] + 1
    else:
        month = int(parts["m"] or 0)
    day = dt.datetime(year, month, int(parts["d"] or 0))
    if not parts["H"]:
        return day
    return dt.datetime.combine(day, _clock(parts)) - _offset(parts["z"])


def _clock(parts: dict[str, str | None]) -> dt.time:
    hour, half = int(parts["H"] or 0), (parts["ap"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("hour")
        hour = hour % 12 + (12 if half == "pm" else 0)
    micros = int(((parts["f"] or "") + "000000")[:6])
    return dt.time(hour, int(parts["M"] or 0), int(parts["S"] or 0), micros)


def _offset(zone: str | None) -> dt.timedelta:
    if not zone or zone.upper() in ("Z", "UTC", "GMT"):
        return dt.timedelta(0)
    digits = zone[1:].replace(":", "").ljust(4, "0") if len(zone) > 3 else zone[1:].rjust(2, "0") + "00"
    delta = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -delta if zone[0] == "-" else delta


def parse_time(value: str) -> dt.time:
    """A time of day. Raises SqlError."""
    match = re.fullmatch(rf"\s*{_TIME}\s*", value)
    try:
        if match:
            return _clock(match.groupdict())
    except ValueError as error:
        raise SqlError(f'date/time field value out of range: "{value}"', "22008") from error
    raise SqlError(f'invalid input syntax for type time: "{value}"', "22007")
