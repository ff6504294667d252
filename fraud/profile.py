"""What a card's profile holds, how a transaction is added to it, and its packed bytes.

A profile is the last three days of purchases as facts (time, amount, category: no sums, no scores), for the days of the
week before those the number of purchases and the sum of their log amounts, and, for everything older than three days,
how often, in which half of the day and for how much the card buys in each category. Three properties follow, whatever
the order of arrival:

- Adding is idempotent. A repeat is either found among the recent purchases or is older than what the profile accepts.
- The state depends on the set of purchases, not on their order, as long as none comes more than a day late.
- It holds nothing of a model, so a second model (shadow mode) or a new one reads the same profiles.

A purchase dated before yesterday, as seen from the card's newest one, is *late*: it is scored with what is known and
leaves the profile as it is.
"""

from __future__ import annotations

import math
import struct
from bisect import insort
from collections.abc import Iterable
from enum import Enum
from functools import cache
from operator import itemgetter

from fraud.event import CELLS, CELLS_PER_CATEGORY, DAY, NOON, OTHER, Event

PROFILE_VERSION = 2  # of the packed bytes and of the meaning of a cell (fraud.event)
_WITHOUT_DAYS = 1  # the version before: read as a profile whose days are not known yet; they fill within a week
MAX_RECENT = 96  # busiest card of the Kaggle data: 28 purchases in a day
MAX_BYTES = 2048
_FULL = 60_000  # purchases of a category at which its counts are halved, so that they fit 16 bits

_DAYS_KEPT = 8  # a purchase that comes a day late still finds the seven days before its own

_HEADER = struct.Struct("<BBBI")  # version, recent purchases, habits, forgotten until
_DAY = struct.Struct("<HHi")  # day since 1970, purchases, sum of log cents in thousandths; up to the end of the bytes
_RECENT = struct.Struct("<IIIH")  # at, check, cents, cell
_HABIT = struct.Struct("<BHHi")  # category, purchases before noon, after noon, sum of log cents in thousandths

Recent = tuple[int, int, int, int]  # at, check, cents, cell
_CELL = itemgetter(3)


@cache
def _whole(recents: int, habits: int, days: int) -> struct.Struct:
    """A profile with the given purchases, habits and days, packed at once: a third of the time of packing each."""
    return struct.Struct(_HEADER.format + "IIIH" * recents + "BHHi" * habits + "HHi" * days)


class ProfileError(ValueError):
    """The bytes are not a profile."""


class ProfileVersionError(ProfileError):
    """The bytes are a profile of another version: rebuild it with :func:`rebuild`."""


class Added(Enum):
    """The outcome of a purchase."""

    NEW = "new"  # now part of the profile
    REPEAT = "repeat"  # already there: nothing changed
    LATE = "late"  # dated too far before the card's newest purchase: nothing changed


class Profile:
    """The state of one card. Empty when made; read it through :func:`fraud.features.features`."""

    __slots__ = ("after_noon", "before_noon", "days", "forgotten_until", "habits", "log_cents", "recent")

    def __init__(self) -> None:
        self.recent: list[Recent] = []  # in order of time
        self.habits: dict[int, list[int]] = {}  # category -> [before noon, after noon, sum of log cents in thousandths]
        self.days: dict[int, list[int]] = {}  # day since 1970 -> [purchases, sum of log cents in thousandths]
        self.before_noon = 0  # purchases in all habits
        self.after_noon = 0
        self.log_cents = 0  # sum over all habits
        self.forgotten_until = (
            0  # no purchase at or before this second is accepted: an overfull profile has let go of it
        )

    def add(self, event: Event) -> Added:
        """Make a purchase part of the profile, unless it is there already or too late."""
        recent = self.recent
        entry = event[:4]
        at = event[0]
        if not recent:
            if at <= self.forgotten_until:
                return Added.LATE
            recent.append(entry)
            return Added.NEW
        newest = recent[-1][0]
        if at > newest:
            recent.append(entry)
            today = at // DAY
            if today != newest // DAY:
                self._forget_before((today - 2) * DAY)
        elif at <= self.forgotten_until or at // DAY < newest // DAY - 1:
            return Added.LATE
        elif entry in recent:
            return Added.REPEAT
        else:
            insort(recent, entry)
        if len(recent) > MAX_RECENT:
            self.forgotten_until = recent[0][0]
            self._forget_before(self.forgotten_until + 1)
        return Added.NEW

    def _forget_before(self, second: int) -> None:
        """Turn the purchases before a second into habits, in order of time."""
        kept = 0
        for at, _check, cents, cell in self.recent:
            if at >= second:
                break
            kept += 1
            habit = self.habits.setdefault(cell // CELLS_PER_CATEGORY, [0, 0, 0])
            half = 1 if at % DAY >= NOON else 0
            log_cents = round(1000 * math.log(max(cents, 1)))
            habit[half] += 1
            habit[2] += log_cents
            day = self.days.setdefault(at // DAY, [0, 0])
            if day[0] < _FULL:
                day[0] += 1
                day[1] += log_cents
            if habit[0] + habit[1] > _FULL:
                habit[:] = [habit[0] // 2, habit[1] // 2, habit[2] // 2]
        oldest = self.recent[-1][0] // DAY - _DAYS_KEPT
        if kept:
            del self.recent[:kept]
            self._add_up()
        if self.days and min(self.days) < oldest:
            self.days = {day: sums for day, sums in self.days.items() if day >= oldest}

    def _add_up(self) -> None:
        self.before_noon = sum(habit[0] for habit in self.habits.values())
        self.after_noon = sum(habit[1] for habit in self.habits.values())
        self.log_cents = sum(habit[2] for habit in self.habits.values())

    def pack(self) -> bytes:
        """The profile as at most ``MAX_BYTES`` bytes (about 250 for a card with three purchases a day)."""
        recent, habits = self.recent, self.habits
        values: list[int] = [PROFILE_VERSION, len(recent), len(habits), self.forgotten_until]
        for entry in recent:
            values += entry
        for category in sorted(habits):
            values.append(category)
            values += habits[category]
        for day in sorted(self.days):
            values.append(day)
            values += self.days[day]
        return _whole(len(recent), len(habits), len(self.days)).pack(*values)

    @classmethod
    def unpack(cls, data: bytes) -> Profile:
        """Read what :meth:`pack` wrote.

        Raises
        ------
        ProfileVersionError
            If another version wrote it.
        ProfileError
            If it is damaged.

        """
        if not data:
            raise ProfileError("a profile has at least 7 bytes, got none")
        if data[0] not in (PROFILE_VERSION, _WITHOUT_DAYS):
            raise ProfileVersionError(f"got a profile of version {data[0]}, expected {PROFILE_VERSION}")
        if len(data) < _HEADER.size:
            raise ProfileError(f"a profile has at least {_HEADER.size} bytes, got {len(data)}")
        version, recents, habits, forgotten_until = _HEADER.unpack_from(data)
        middle = _HEADER.size + recents * _RECENT.size
        end = middle + habits * _HABIT.size
        if len(data) < end or (len(data) - end) % _DAY.size or (version == _WITHOUT_DAYS and len(data) > end):
            raise ProfileError(f"{recents} purchases and {habits} habits do not make {len(data)} bytes")
        profile = cls()
        profile.forgotten_until = forgotten_until
        profile.recent = list(_RECENT.iter_unpack(data[_HEADER.size : middle]))
        if recents and max(map(_CELL, profile.recent)) >= CELLS:
            raise ProfileError(f"a cell does not exist, the last is {CELLS - 1}")
        for category, before, after, total in _HABIT.iter_unpack(data[middle:end]):
            if category > OTHER:
                raise ProfileError(f"category {category} does not exist, the last is {OTHER}")
            profile.habits[category] = [before, after, total]
            profile.before_noon += before
            profile.after_noon += after
            profile.log_cents += total
        for day, purchases, total in _DAY.iter_unpack(data[end:]):
            profile.days[day] = [purchases, total]
        return profile


def rebuild(events: Iterable[Event]) -> Profile:
    """The profile of a card from its purchases, in any order: for one that is lost or of another version."""
    profile = Profile()
    for event in sorted(events):
        profile.add(event)
    return profile
