"""A window of event time, cut into slots; with two hex digits of the card, a slot is a bucket. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from client.errors import ClientError

# As occurred_at is written, so that texts compare as times do.
FIRST = "0001-01-01T00:00:00.000Z"
LAST = "9999-12-31T23:59:59.999Z"
HOUR, DAY, MONTH = 13, 10, 7  # characters of occurred_at per slot
CARD_DIGITS = 2
MOST_BUCKETS = 400_000  # about 100 MB for each store


class Window(NamedTuple):
    """Event times from `begin` until just before `end`."""

    begin: str = FIRST
    end: str = LAST

    @property
    def everything(self) -> bool:
        """True for the window without limits."""
        return self == EVERYTHING

    @property
    def limited(self) -> bool:
        """True for one that has a limit on both sides."""
        return self.begin != FIRST and self.end != LAST

    def __contains__(self, occurred_at: object) -> bool:
        return isinstance(occurred_at, str) and self.begin <= occurred_at < self.end

    def months(self) -> list[str]:
        """The months that it touches, as 2020-06; only for one that has limits on both sides."""
        month, found = date.fromisoformat(self.begin[:7] + "-01"), []
        while f"{month}T" < self.end:
            found.append(f"{month:%Y-%m}")
            month = (month + timedelta(days=32)).replace(day=1)
        return found


EVERYTHING = Window()


def read_window(begin: str | None, end: str | None, now: datetime) -> Window:
    """Read ``--from`` and ``--to``: a day or a time of ISO 8601, UTC unless it says otherwise. Raises ClientError.

    A window that has only a beginning ends a day after `now`: clocks that are ahead allowed, nothing is later.
    """
    if begin and not end:
        end = (now.astimezone(UTC) + timedelta(days=1)).isoformat()
    window = Window(_moment(begin) if begin else FIRST, _moment(end) if end else LAST)
    if window.begin >= window.end:
        raise ClientError(f"--to is not after --from: {window.begin} to {window.end} is not a window.")
    return window


def read_day(text: str | None) -> date | None:
    """Read a day of arrival. Raises ClientError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ClientError(f"Expected a day in UTC, e.g. 2026-11-24: {error}.") from error


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ClientError(f"{text} is neither a day (2026-11-24) nor a time (2026-11-24T10:00).") from error
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def slot_width(begin: str, end: str) -> int:
    """Choose the finest slots that a window can be cut into within MOST_BUCKETS."""
    first, last = (datetime.fromisoformat(moment.removesuffix("Z")) for moment in (begin, end))
    hours = (last - first) / timedelta(hours=1)
    if hours * 16**CARD_DIGITS <= MOST_BUCKETS:
        return HOUR
    return DAY if hours / 24 * 16**CARD_DIGITS <= MOST_BUCKETS else MONTH


def bucket_of(occurred_at: str, card_id: str, width: int) -> str:
    """Name the bucket of a transaction: its slot, then the first digits of its card."""
    return occurred_at[:width] + card_id[:CARD_DIGITS].ljust(CARD_DIGITS)


def slot_window(slot: str) -> Window:
    """Give a slot's times."""
    if len(slot) == MONTH:
        begin = datetime.fromisoformat(slot + "-01")
        end = (begin + timedelta(days=32)).replace(day=1)
    elif len(slot) == DAY:
        begin = datetime.fromisoformat(slot)
        end = begin + timedelta(days=1)
    else:
        begin = datetime.fromisoformat(slot + ":00:00")
        end = begin + timedelta(hours=1)
    return Window(*(moment.isoformat(timespec="milliseconds") + "Z" for moment in (begin, end)))


def is_slot(slot: str) -> bool:
    """Whether it is one; a time that was changed by hand may begin with anything."""
    try:
        slot_window(slot)
    except ValueError:
        return False
    return True


def bounding_window(buckets: Iterable[str], window: Window) -> Window:
    """Give the narrowest window, within `window`, that holds all of some buckets."""
    slots = {bucket[:-CARD_DIGITS] for bucket in buckets}
    if not all(map(is_slot, slots)):
        return window
    first, last = slot_window(min(slots)), slot_window(max(slots))
    return Window(max(window.begin, first.begin), min(window.end, last.end))
