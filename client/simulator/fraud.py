"""Fraud in bursts: which cards are compromised, when, and what is bought with them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from client.simulator.amounts import fraud_cents
from client.simulator.habits import CATEGORIES
from client.simulator.settings import Settings

Ints = npt.NDArray[np.int64]

# Number of frauds in the data set, and the share of them after noon, by category.
_FREQUENCY = {
    "misc_net": (973, 0.80),
    "misc_pos": (235, 0.55),
    "grocery_pos": (1657, 0.18),
    "grocery_net": (138, 0.0),
    "gas_transport": (605, 0.0),
    "home": (169, 1.0),
    "shopping_net": (1709, 0.90),
    "shopping_pos": (785, 0.84),
    "kids_pets": (169, 1.0),
    "food_dining": (144, 0.76),
    "personal_care": (238, 1.0),
    "health_fitness": (120, 1.0),
    "travel": (111, 1.0),
    "entertainment": (212, 0.76),
}
_NIGHT = 0.84  # of the purchases, from 22:00 to 04:00
_BURST_MEAN, _BURST_SD, _BURST_LEAST, _BURST_MOST = 10.0, 3.0, 2, 19  # purchases per compromised card


class Frauds(NamedTuple):
    """The fraudulent rows of a run in order of time; seconds count from the start of the period."""

    second: Ints
    customer: Ints
    category: Ints
    cents: Ints


def make_frauds(settings: Settings) -> Frauds:
    """All of a run's fraudulent rows: exactly the rounded share of the rows."""
    random = settings.run_random("fraud")
    count = round(settings.rows * settings.fraud_rate)
    size = _burst_sizes(random, count)
    bursts = len(size)
    order = random.permutation(settings.customers)
    victim = np.resize(order, bursts) if bursts else np.zeros(0, dtype=np.int64)  # no card twice until all have been
    last_day = max(0, settings.days - 2)
    first_day = random.integers(0, last_day + 1, size=bursts)
    burst = np.repeat(np.arange(bursts), size)
    weights = np.array([_FREQUENCY[c][0] for c in CATEGORIES], dtype=float)
    category = random.choice(len(CATEGORIES), size=count, p=weights / weights.sum())
    day = first_day[burst] + (random.integers(0, 2, size=count) if settings.days > 1 else 0)
    second = day * 86_400 + _second_of_day(random, category)
    order = np.argsort(second, kind="stable")
    cents = fraud_cents(random, category)
    return Frauds(second[order], victim[burst][order], category[order], cents[order])


def _burst_sizes(random: np.random.Generator, count: int) -> Ints:
    """Sizes of bursts that add up to `count`."""
    guess = int(count / _BURST_MEAN * 1.1) + 20
    size = np.rint(random.normal(_BURST_MEAN, _BURST_SD, size=guess)).clip(_BURST_LEAST, _BURST_MOST).astype(np.int64)
    total = np.cumsum(size)
    last = int(np.searchsorted(total, count))
    size = size[: last + 1]
    if count and total[last] > count:
        size[last] -= total[last] - count
    return size if count else size[:0]


def _second_of_day(random: np.random.Generator, category: Ints) -> Ints:
    after_noon = np.array([_FREQUENCY[c][1] for c in CATEGORIES])
    late = random.random(len(category)) < after_noon[category]
    night = random.random(len(category)) < _NIGHT
    begin = np.where(late, np.where(night, 22, 12), np.where(night, 0, 4)) * 3600
    length = np.where(late, np.where(night, 2, 10), np.where(night, 4, 8)) * 3600
    return begin + (random.random(len(category)) * length).astype(np.int64)
