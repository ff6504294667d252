"""A window of event time: from a moment on, until just before another, in the form in which the table sorts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

# Around every time there is: the table's keys start with a digit.
FIRST, LAST = "0", ":"
_MILLISECOND = timedelta(milliseconds=1)


class Window(NamedTuple):
    """Bounds of a sort key ``occurred_at#transaction_id``: every key of the window lies between them.

    ``begin`` belongs to the window, ``end`` does not: a key at the end is longer than the bound, so it sorts after it.
    """

    begin: str = FIRST
    end: str = LAST

    @property
    def empty(self) -> bool:
        """Whether no moment is within: DynamoDB refuses to be asked."""
        return self.begin >= self.end

    @property
    def first_month(self) -> str:
        """The first month that is touched, or a bound below all."""
        return self.begin[:7]

    @property
    def last_month(self) -> str:
        """The last month that is touched, or a bound above all. A window that ends with a month touches no other."""
        if self.end == LAST or self.end[7:] != "-01T00:00:00.000Z":
            return self.end[:7]
        year, month = int(self.end[:4]), int(self.end[5:7])
        return f"{year - (month == 1):04d}-{(month - 2) % 12 + 1:02d}"


def read_window(begin: str | None, end: str | None) -> Window:
    """Make a window of a day (2020-06-21) or a time (ISO 8601; UTC where it has no zone) on either side.

    Raises ValueError with the parameter's name and what would be right.
    """
    return Window(_bound("from", begin, FIRST), _bound("to", end, LAST))


def _bound(name: str, text: str | None, default: str) -> str:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(_readable(text))
    except ValueError:
        raise ValueError(name, "must be a date (2020-06-21) or a time (2020-06-21T12:14:25Z)") from None
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        # Event times are whole milliseconds, so a bound between two of them means the later one, on either side.
        if moment.microsecond % 1000 or _finer_than_microseconds(text):
            moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000) + _MILLISECOND
    except OverflowError:  # a zone takes it beyond the calendar
        return FIRST if text.startswith("0001") else LAST
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _readable(text: str) -> str:
    """Bring the forms of RFC 3339 that Python does not take into those that it does."""
    if not text.isascii() or len(text) < 10 or text[4] != "-" or text[7] != "-":
        raise ValueError
    if len(text) > 10 and text[10] not in "Tt ":
        raise ValueError
    day, rest = text[:10], text[11:].upper()
    if len(text) > 10 and not rest:
        raise ValueError
    seconds, dot, tail = rest.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        if not digits:
            raise ValueError
        rest = f"{seconds}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"
    return f"{day}T{rest}" if rest else day


def _finer_than_microseconds(text: str) -> bool:
    tail = text.partition(".")[2]
    digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
    return any(digit != "0" for digit in digits[6:])
