"""What verdicts and labels say of a card or a merchant: its known frauds, and a merchant's purchases by day.

A known fraud has the time of the purchase and the time from which it is known. It counts for a transaction that is
later than the one and arrived after the other. So a verdict counts from the moment it is given, a label that comes a
week late counts a week late, and a retry or a replay meets the same frauds as the first attempt did, whatever was
found in between.

The state is a set: marking twice changes nothing, in any order. It is written by verdicts and labels, never by the
stream: a merchant's transactions are on all shards, and none of them writes here. A merchant's purchases by day come
from the warehouse, where each transaction is once (fraud/serving/counting.py). They are approximate in one way: a
day is missing until it was counted. Features read days that are at least a week old.
"""

from __future__ import annotations

import struct
from bisect import insort
from collections.abc import Mapping
from typing import NamedTuple

from fraud.event import DAY

RISK_VERSION = 1
MAX_FRAUDS = 48  # the newest; a merchant with more is known well enough
WEEK = 7 * DAY
LABEL_DELAY_DAYS = 7  # after which a purchase that nobody complained of is taken to be genuine
MONTH_DAYS = 30
KEPT_DAYS = LABEL_DELAY_DAYS + MONTH_DAYS + 1  # of the purchases by day

_HEADER = struct.Struct("<BBB")  # version, frauds, whether days are counted
_FRAUD = struct.Struct("<IIIB")  # at, known, check, plain
_DAY = struct.Struct("<HI")  # day since 1970, purchases


class RiskError(ValueError):
    """The bytes are not a risk state of this version."""


class Fraud(NamedTuple):
    """A purchase that is known to be fraud."""

    at: int  # seconds since 1970, event time
    known: int  # since when: compared with the arrival of later transactions
    check: int  # CRC-32 of the transaction id
    plain: bool  # nothing of the card or the amount explains it, so it says something of the merchant


class Risk:
    """The known frauds of one card or merchant, and the purchases by day of a merchant."""

    __slots__ = ("days", "frauds")

    def __init__(self) -> None:
        self.frauds: list[Fraud] = []  # in order of time
        self.days: dict[int, int] | None = None  # day since 1970 -> purchases; None: never counted

    def mark(self, fraud: Fraud) -> bool:
        """Note a known fraud; says whether that is new. Of two times of knowing the same fraud the earlier counts."""
        for number, known in enumerate(self.frauds):
            if known.at == fraud.at and known.check == fraud.check:
                if known.known <= fraud.known:
                    return False
                self.frauds[number] = fraud
                return True
        insort(self.frauds, fraud)
        if len(self.frauds) > MAX_FRAUDS:
            del self.frauds[0]
        return True

    def clear(self, at: int, check: int) -> bool:
        """Take a fraud back: the last verdict says that it was none, or withdraws. Says whether there was one."""
        left = [fraud for fraud in self.frauds if fraud.at != at or fraud.check != check]
        found = len(left) < len(self.frauds)
        self.frauds = left
        return found

    def count(self, days: Mapping[int, int]) -> None:
        """Set the purchases of the days given, and forget days too old to be read."""
        kept = (self.days or {}) | dict(days)
        oldest = max(kept, default=0) - KEPT_DAYS
        self.days = {day: purchases for day, purchases in kept.items() if day >= oldest}

    def purchase(self, day: int) -> None:
        """Count one purchase: for a history that has each transaction once."""
        days = self.days
        if days is None:
            days = self.days = {}
        if day in days:
            days[day] += 1
        else:
            if len(days) > 2 * KEPT_DAYS:
                oldest = day - KEPT_DAYS
                days = self.days = {one: purchases for one, purchases in days.items() if one >= oldest}
            days[day] = 1

    def pack(self) -> bytes:
        """The state as bytes, at most about 900."""
        parts = [_HEADER.pack(RISK_VERSION, len(self.frauds), self.days is not None)]
        parts += [_FRAUD.pack(*fraud) for fraud in self.frauds]
        parts += [_DAY.pack(day, purchases) for day, purchases in sorted((self.days or {}).items())]
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> Risk:
        """Read what :meth:`pack` wrote. Raises RiskError."""
        if len(data) < _HEADER.size or data[0] != RISK_VERSION:
            raise RiskError(f"expected a risk state of version {RISK_VERSION}, got {data[:1]!r}")
        _, frauds, counted = _HEADER.unpack_from(data)
        middle = _HEADER.size + frauds * _FRAUD.size
        if len(data) < middle or (len(data) - middle) % _DAY.size:
            raise RiskError(f"{frauds} frauds do not make {len(data)} bytes")
        risk = cls()
        risk.frauds = [
            Fraud(at, known, check, bool(plain))
            for at, known, check, plain in _FRAUD.iter_unpack(data[_HEADER.size : middle])
        ]
        if counted:
            risk.days = dict(_DAY.iter_unpack(data[middle:]))
        return risk


NONE = Risk()  # of a card or merchant of which nothing bad is known; to be read only
