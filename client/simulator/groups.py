"""Groups of customers by the rules of the generator behind the Kaggle data set, with numbers drawn for each world.

That generator (Sparkov Data Generation, https://github.com/namebrandon/Sparkov_Data_Generation, MIT License, copyright
2016-2022 Brandon Harris) draws one number per purchase and reads both the category and the half of the day from it, so
that a group buys most categories in one half of the day only. Amounts follow a gamma distribution by group and
category; those below a dollar become 1 to 10 dollars. Fraud has weights, halves and amounts of its own by group. Here
the numbers of a group are drawn from ranges that contain the published profiles, so that a model cannot learn them by
heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from client.simulator.habits import CATEGORIES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Range = tuple[float, float]

GROUPS = 24


class _Category(NamedTuple):
    """Ranges from which a group's numbers are drawn. Weights have no unit; amounts are in US dollars."""

    name: str
    weight: Range
    mean: Range
    deviation: Range
    fraud_weight: Range
    fraud_means: tuple[float, ...]  # a group takes one of them


# In the generator's order: the first categories are bought before noon.
_TABLE = (
    _Category("gas_transport", (50, 225), (55, 75), (12, 18), (50, 100), (10, 10, 20)),
    _Category("grocery_net", (15, 100), (30, 90), (15, 25), (10, 35), (8, 10, 12, 15)),
    _Category("grocery_pos", (50, 160), (55, 200), (15, 30), (150, 300), (300, 325, 350)),
    _Category("misc_net", (30, 100), (50, 120), (60, 160), (75, 165), (800,)),
    _Category("misc_pos", (65, 105), (35, 140), (90, 160), (25, 100), (8, 8, 50, 800)),
    _Category("shopping_net", (75, 150), (50, 100), (120, 320), (150, 300), (1000,)),
    _Category("shopping_pos", (100, 175), (45, 150), (120, 320), (100, 200), (800, 800, 850, 950, 1200)),
    _Category("entertainment", (90, 130), (45, 100), (30, 80), (20, 100), (400, 500, 500, 600)),
    _Category("food_dining", (90, 140), (20, 80), (40, 55), (10, 110), (120,)),
    _Category("health_fitness", (80, 125), (40, 75), (45, 55), (5, 100), (20,)),
    _Category("home", (50, 150), (40, 80), (45, 55), (5, 150), (250, 250, 400)),
    _Category("kids_pets", (75, 150), (45, 80), (45, 55), (10, 135), (20, 20, 5)),
    _Category("personal_care", (50, 125), (35, 75), (45, 55), (15, 125), (20, 20, 50)),
    _Category("travel", (35, 60), (40, 60), (500, 700), (15, 35), (10, 10, 3)),
)
_BEFORE_NOON: Range = (0.18, 0.62)
_FRAUD_BEFORE_NOON: Range = (0.28, 0.62)
_FRAUD_NIGHT: Range = (0.7, 0.92)
_FRAUD_DEVIATION: Range = (0.06, 0.14)  # of the mean
_PRECISE = 0.12  # share of the groups that pay nearly the same each time
_PRECISE_DEVIATION: Range = (0.04, 0.2)  # of the mean
_WIDE_FRAUD = 0.3  # share of the groups in which fraud is in all categories; in the others it is in a few
_LOWEST_PACE, _HIGHEST_PACE = (0, 2), (3, 7)  # purchases a day of the slowest and of the busiest customer
_LEAST_BURST, _MOST_BURST = (2, 9), (12, 20)  # frauds per compromised card
_SPREAD: Range = (0.0, 0.12)  # of spending levels within a group, standard deviation of the log

_OWN = np.array([CATEGORIES.index(one.name) for one in _TABLE])  # of each category here, its number in CATEGORIES


@dataclass(frozen=True)
class Groups:
    """The groups of a world. Arrays are by group, then by category in the order of CATEGORIES where they have one."""

    hours: Floats  # share of the purchases at each hour of the day
    odds: Floats  # group, hour, category: cumulative
    mean: Floats  # US dollars
    deviation: Floats
    spread: Floats
    pace: Ints  # group, 2: least and most purchases a day
    burst: Ints  # group, 2: least and most frauds per compromised card
    fraud_bounds: Floats  # group, category in the generator's order: cumulative weights
    fraud_before_noon: Floats
    fraud_night: Floats  # share of the frauds from 22:00 to 04:00
    fraud_mean: Floats
    fraud_deviation: Floats

    def cents(self, random: np.random.Generator, group: Ints, category: Ints, level: Floats) -> Ints:
        """Amounts in cents of ordinary purchases."""
        return _cents(random, self.mean[group, category], self.deviation[group, category], level)

    def frauds(self, random: np.random.Generator, group: Ints) -> tuple[Ints, npt.NDArray[np.bool_], Ints]:
        """Category, whether it is after noon, and amount in cents of fraudulent purchases on cards of some groups."""
        draw = random.random(len(group))
        category = _OWN[(draw[:, None] >= self.fraud_bounds[group, :-1]).sum(axis=1)]
        mean, deviation = self.fraud_mean[group, category], self.fraud_deviation[group, category]
        return category, draw >= self.fraud_before_noon[group], _cents(random, mean, deviation, np.ones(len(group)))


def _cents(random: np.random.Generator, mean: Floats, deviation: Floats, level: Floats) -> Ints:
    shape = (mean / deviation) ** 2
    dollars = random.standard_gamma(shape) * mean / shape * level
    dollars = np.where(dollars < 1, 1 + 9 * random.random(len(mean)), dollars)
    return np.rint(np.minimum(dollars, 30_000.0) * 100).astype(np.int64)


def draw_groups(random: np.random.Generator) -> Groups:
    """Draw the groups of a world."""
    before_noon = random.uniform(*_BEFORE_NOON, size=GROUPS)
    half = np.stack([before_noon, 1 - before_noon], axis=1)
    mean = _drawn(random, [one.mean for one in _TABLE])
    precise = random.random(GROUPS) < _PRECISE
    near = mean * random.uniform(*_PRECISE_DEVIATION, size=mean.shape)
    deviation = np.where(precise[:, None], near, _drawn(random, [one.deviation for one in _TABLE]))
    wide = random.random(GROUPS) < _WIDE_FRAUD
    low, high = np.array([one.fraud_weight for one in _TABLE]).T
    few = np.where(low < 25, low, high)  # the categories of few frauds have fewer, the others more
    weight = np.where(wide[:, None], np.where(low < 25, high, low), few) * random.uniform(0.8, 1.25, size=mean.shape)
    fraud_mean = np.stack([random.choice(one.fraud_means, size=GROUPS) for one in _TABLE], axis=1)
    fraud_mean = fraud_mean * random.uniform(0.95, 1.05, size=mean.shape)
    return Groups(
        hours=np.repeat(half / 12, 12, axis=1),
        odds=np.repeat(_odds(_cumulative(_drawn(random, [one.weight for one in _TABLE])), before_noon), 12, axis=1),
        mean=_in_order(mean),
        deviation=_in_order(deviation),
        spread=random.uniform(*_SPREAD, size=GROUPS),
        pace=_limits(random, _LOWEST_PACE, _HIGHEST_PACE),
        burst=_limits(random, _LEAST_BURST, _MOST_BURST),
        fraud_bounds=_cumulative(weight),
        fraud_before_noon=random.uniform(*_FRAUD_BEFORE_NOON, size=GROUPS),
        fraud_night=random.uniform(*_FRAUD_NIGHT, size=GROUPS),
        fraud_mean=_in_order(fraud_mean),
        fraud_deviation=_in_order(fraud_mean * random.uniform(*_FRAUD_DEVIATION, size=mean.shape)),
    )


def _odds(bounds: Floats, before_noon: Floats) -> Floats:
    """Cumulative odds by group, half of the day and category in the order of CATEGORIES."""
    noon = before_noon[:, None]
    before, after = np.minimum(bounds, noon) / noon, np.clip((bounds - noon) / (1 - noon), 0, 1)
    each = np.diff(np.stack([before, after], axis=1), axis=2, prepend=0.0)
    return np.cumsum(_in_order(each), axis=2)


def _drawn(random: np.random.Generator, ranges: list[Range]) -> Floats:
    """Numbers by group and category, each evenly from its range on a log scale."""
    low, high = np.log(np.array(ranges)).T
    return np.exp(random.uniform(low, high, size=(GROUPS, len(ranges))))


def _limits(random: np.random.Generator, least: tuple[int, int], most: tuple[int, int]) -> Ints:
    return np.stack([random.integers(*least, size=GROUPS), random.integers(*most, size=GROUPS)], axis=1)


def _cumulative(weight: Floats) -> Floats:
    total: Floats = np.cumsum(weight, axis=1)
    return total / total[:, -1:]


def _in_order(values: Floats) -> Floats:
    """The last axis from the generator's order to that of CATEGORIES."""
    return values[..., np.argsort(_OWN)]
