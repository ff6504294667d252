"""How much is paid, by category, ordinarily and in fraud; the parameters are read off the data set's quantiles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from client.simulator.habits import CATEGORIES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Ordinary(NamedTuple):
    """A share of small amounts, uniform from 1 to 10 dollars; the rest is gamma(shape) or lognormal(sigma)."""

    small: float
    centre: float  # mean of the gamma, median of the lognormal, in dollars
    shape: float = 0.0  # of the gamma; 0: lognormal
    sigma: float = 0.0


ORDINARY = {
    "misc_net": Ordinary(0.46, 85, sigma=1.0),
    "misc_pos": Ordinary(0.44, 50, sigma=1.2),
    "grocery_pos": Ordinary(0, 115, shape=5.5),
    "grocery_net": Ordinary(0, 53, shape=5.0),
    "gas_transport": Ordinary(0, 63.7, shape=16.9),
    "home": Ordinary(0, 58, shape=1.4),
    "shopping_net": Ordinary(0.57, 95, sigma=1.0),
    "shopping_pos": Ordinary(0.62, 110, sigma=0.95),
    "kids_pets": Ordinary(0, 58, shape=1.45),
    "food_dining": Ordinary(0, 50.7, shape=1.05),
    "personal_care": Ordinary(0, 47.8, shape=0.95),
    "health_fitness": Ordinary(0, 53.2, shape=1.15),
    "travel": Ordinary(0.87, 520, sigma=0.6),
    "entertainment": Ordinary(0, 65.3, shape=1.1),
}

# Fraud: share, mean and standard deviation of each of the amounts that occur, in dollars.
FRAUD = {
    "misc_net": ((1.0, 800, 78),),
    "misc_pos": ((0.75, 8.3, 1.1), (0.03, 50, 8), (0.22, 830, 55)),
    "grocery_pos": ((1.0, 311, 25.7),),
    "grocery_net": ((1.0, 11.6, 3.2),),
    "gas_transport": ((0.75, 10, 1.7), (0.25, 20, 2)),
    "home": ((0.92, 250, 25), (0.08, 380, 40)),
    "shopping_net": ((1.0, 1003, 95),),
    "shopping_pos": ((0.8, 850, 85), (0.2, 1080, 90)),
    "kids_pets": ((0.85, 20, 2), (0.15, 5, 2)),
    "food_dining": ((1.0, 121.5, 12.5),),
    "personal_care": ((0.75, 20, 2), (0.25, 50, 2)),
    "health_fitness": ((1.0, 19.7, 2),),
    "travel": ((0.85, 9.5, 1.2), (0.15, 3, 1)),
    "entertainment": ((1.0, 505, 79),),
}

_SMALL = np.array([ORDINARY[c].small for c in CATEGORIES])
_CENTRE = np.array([ORDINARY[c].centre for c in CATEGORIES])
_SHAPE = np.array([ORDINARY[c].shape for c in CATEGORIES])
_SIGMA = np.array([ORDINARY[c].sigma for c in CATEGORIES])


def _padded(part: int) -> Floats:
    """One number of each of FRAUD's parts, by category and part, padded with zeros."""
    table = np.zeros((len(CATEGORIES), 3))
    for i, name in enumerate(CATEGORIES):
        for j, values in enumerate(FRAUD[name]):
            table[i, j] = values[part]
    return table


_FRAUD_ODDS = np.cumsum(_padded(0), axis=1)
_FRAUD_MEAN = _padded(1)
_FRAUD_SD = _padded(2)


def ordinary_cents(random: np.random.Generator, category: Ints, level: Floats) -> Ints:
    """Amounts in cents of ordinary purchases; `level` scales the large ones by the customer's spending level."""
    count = len(category)
    shape = _SHAPE[category]
    is_gamma = shape > 0
    gamma = random.standard_gamma(np.where(is_gamma, shape, 1.0)) / np.where(is_gamma, shape, 1.0)
    lognormal = np.exp(random.standard_normal(count) * _SIGMA[category])
    large = _CENTRE[category] * np.where(is_gamma, gamma, lognormal) * level
    small = 1 + 9 * random.random(count)
    return _cents(np.where(random.random(count) < _SMALL[category], small, large))


def fraud_cents(random: np.random.Generator, category: Ints) -> Ints:
    """Amounts in cents of fraudulent purchases."""
    count = len(category)
    part = (random.random(count)[:, None] > _FRAUD_ODDS[category, :2]).sum(axis=1)
    part = np.where(_FRAUD_MEAN[category, part] > 0, part, 0)
    return _cents(_FRAUD_MEAN[category, part] + _FRAUD_SD[category, part] * random.standard_normal(count))


def _cents(dollars: Floats) -> Ints:
    """Whole cents, from 1 dollar (the data set's least) to 30,000."""
    dollars = np.where(dollars < 1, 1 + np.abs(dollars) % 1, dollars)  # no heap of amounts at the bound
    return np.rint(np.minimum(dollars, 30_000.0) * 100).astype(np.int64)
