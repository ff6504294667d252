"""What to simulate: the arguments of `swipeline generate`, checked, and the random streams they seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np

from client.errors import ClientError
from client.simulator.cards import MAX_CARDS

MAX_DAYS = 36_525
ROWS_PER_CUSTOMER = 100  # of the default number of customers: 40 days at the data set's pace
ROWS_PER_CUSTOMER_AND_DAY = 2.5  # the data set's pace
DEFAULT_START = date(2025, 1, 1)


class SettingsError(ClientError):
    """An argument of the simulator is out of its range."""


@dataclass(frozen=True)
class Settings:
    """How many rows, from which seed, of how many customers, in which days, and which share of them is fraud.

    ``at_merchants`` is the share of the frauds that are at compromised merchants.
    """

    rows: int
    seed: int
    customers: int
    start: date
    days: int
    fraud_rate: float
    at_merchants: float = 0.06

    @classmethod
    def of(
        cls,
        rows: int,
        seed: int = 1,
        customers: int | None = None,
        start: date = DEFAULT_START,
        days: int | None = None,
        fraud_rate: float = 0.005,
    ) -> Settings:
        """Fill in the defaults that follow from other arguments. Raises :class:`SettingsError`."""
        if customers is None:
            customers = min(1_000_000, max(10, rows // ROWS_PER_CUSTOMER))
        if customers < 1 or customers > MAX_CARDS:
            raise SettingsError(f"--customers must be between 1 and {MAX_CARDS:,}, got {customers:,}.")
        if days is None:
            days = min(540, max(2, round(rows / (customers * ROWS_PER_CUSTOMER_AND_DAY))))
        if rows < 0:
            raise SettingsError(f"--rows must not be negative, got {rows:,}.")
        if seed < 0:
            raise SettingsError(f"--seed must not be negative, got {seed}.")
        if days < 1 or days > MAX_DAYS:
            raise SettingsError(f"--days must be between 1 and {MAX_DAYS:,}, got {days:,}.")
        if not 1900 <= start.year <= 2100:
            raise SettingsError(f"--start must lie between 1900 and 2100, got {start.isoformat()}.")
        if not 0 <= fraud_rate <= 1:
            raise SettingsError(f"--fraud-rate must be between 0 and 1, got {fraud_rate}.")
        return cls(rows, seed, customers, start, days, fraud_rate)

    @property
    def start_second(self) -> int:
        """Seconds from 1970 to the start of the first day (UTC)."""
        return (self.start - date(1970, 1, 1)).days * 86_400

    @property
    def seconds(self) -> int:
        """Length of the period in seconds."""
        return self.days * 86_400

    def world_key(self) -> int:
        """64 bits that name the population: runs that differ only in rows, days or fraud share people and cards."""
        return _digest("world", self.seed, self.customers, self.start.isoformat())

    def run_key(self) -> int:
        """64 bits that name the run: no two different runs share a transaction number."""
        return _digest("run", self.world_key(), self.rows, self.days, repr(self.fraud_rate))

    def world_random(self, purpose: str) -> np.random.Generator:
        """The random stream of one part of the population."""
        return np.random.default_rng([self.world_key(), _digest(purpose)])

    def run_random(self, purpose: str, part: int = 0) -> np.random.Generator:
        """The random stream of one part of the run, for example of one chunk of rows."""
        return np.random.default_rng([self.run_key(), _digest(purpose), part])


def _digest(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:8])
