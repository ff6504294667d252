"""From usage to a bill. Pure: counts come from a measured run, sizes from a template, prices from a dated file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.cost.assumptions import Assumptions, assume
from client.cost.line import Line
from client.cost.moving import GB, moving, profile_writes, stream_load
from client.cost.shape import HOURS, SECONDS
from client.cost.standing import standing
from client.cost.warehouse import awake

__all__ = [
    "GB",
    "HOURS",
    "PRICES",
    "SECONDS",
    "Assumptions",
    "Bill",
    "Line",
    "assume",
    "bill",
    "profile_writes",
    "read_prices",
    "stream_load",
]
PRICES = Path(__file__).with_name("prices.json")


@dataclass(frozen=True)
class Bill:
    """All positions for an average rate of transactions per second."""

    rate: float
    lines: list[Line]

    @property
    def variable(self) -> float:
        """Dollars per million transactions."""
        return sum(line.variable for line in self.lines)

    @property
    def fixed(self) -> float:
        """Dollars per month, at no transaction at all: what an idle stage costs."""
        return sum(line.fixed for line in self.lines)

    @property
    def awake(self) -> float:
        """Dollars per month for the time in which transactions come, however many: the warehouse, the metrics."""
        return sum(line.awake for line in self.lines)

    @property
    def millions(self) -> float:
        """Transactions a month at the rate, in millions."""
        return self.rate * SECONDS / 1e6

    @property
    def month(self) -> float:
        """Dollars of the first month, storage of its own transactions included."""
        return self.fixed + self.awake + self.millions * (self.variable + sum(line.kept for line in self.lines))

    def services(self) -> dict[str, Line]:
        """Sums by service, in the order of the bill."""
        found: dict[str, Line] = {}
        for line in self.lines:
            found[line.service] = found.get(line.service, Line(line.service, "")).plus(line)
        return found


def read_prices(path: Path = PRICES) -> dict[str, Any]:
    """The price file: region, date, source, and prices by name."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def bill(usage: Mapping[str, Any], prices: Mapping[str, Any], rate: float, given: Assumptions) -> Bill:
    """The bill of a usage (benchmarks/usage.py) at a rate. Raises KeyError when the usage lacks a count."""
    price = {name: float(value[0]) for name, value in prices["prices"].items()}
    lines = [*moving(usage, price, rate, given), *standing(usage, price, given), *awake(usage, price, rate, given)]
    return Bill(rate, lines)
