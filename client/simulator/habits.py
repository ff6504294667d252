"""When people buy, and what: rhythms of month, weekday and hour, and categories by gender, age and hour.

The numbers are rounded frequencies of the data set. It knows only two halves of the day per category; here half of the
weight is a human day's curve, so that nights are quiet but not empty.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Category(NamedTuple):
    """One category: its share after noon, and its weight (per cent) for women and men under 35, to 54, and above."""

    name: str
    after_noon: float
    women: tuple[float, float, float]
    men: tuple[float, float, float]


TABLE = (
    Category("misc_net", 0.23, (5.4, 4.9, 4.8), (4.9, 4.1, 4.9)),
    Category("misc_pos", 0.42, (6.6, 6.1, 5.2), (7.2, 6.9, 5.2)),
    Category("grocery_pos", 0.06, (7.7, 9.6, 9.6), (8.4, 10.8, 9.7)),
    Category("grocery_net", 0.04, (5.1, 4.2, 1.3), (4.9, 3.9, 1.3)),
    Category("gas_transport", 0.04, (9.5, 9.0, 12.3), (9.2, 8.5, 12.1)),
    Category("home", 0.96, (7.8, 9.6, 9.6), (8.5, 10.7, 9.6)),
    Category("shopping_net", 0.58, (8.3, 8.0, 6.4), (7.6, 7.1, 6.6)),
    Category("shopping_pos", 0.60, (9.8, 9.8, 8.3), (8.4, 8.3, 8.2)),
    Category("kids_pets", 0.96, (8.0, 8.8, 9.6), (7.7, 8.4, 9.6)),
    Category("food_dining", 0.88, (7.7, 6.6, 6.7), (8.3, 7.4, 6.6)),
    Category("personal_care", 0.96, (7.7, 7.8, 7.6), (5.6, 5.4, 7.7)),
    Category("health_fitness", 0.96, (6.6, 6.2, 6.6), (7.2, 6.9, 6.6)),
    Category("travel", 0.96, (2.5, 2.5, 3.9), (3.2, 3.3, 3.7)),
    Category("entertainment", 0.81, (7.1, 6.4, 7.6), (8.2, 7.8, 7.5)),
)
CATEGORIES = tuple(c.name for c in TABLE)
NET = np.array([c.name.endswith("_net") for c in TABLE])

AGE_BANDS = (35, 55)  # the first ages of the second and third band
KINDS = 6  # of people: gender (women first) times age band

_MONTH = np.array([0.72, 0.75, 1.0, 0.95, 1.05, 1.2, 1.17, 1.23, 0.97, 0.95, 1.03, 1.95])
_WEEKDAY = np.array([0.72, 0.78, 0.84, 0.85, 1.2, 1.42, 1.3])  # Monday first
_HALF_DAY = np.repeat([0.39, 0.61], 12)
_HUMAN = np.array([3, 2, 1.5, 1.5, 2, 3, 5, 7, 9, 10, 11, 12, 13, 13, 13, 13, 14, 15, 15, 14, 12, 9, 7, 5])
HOUR: Floats = 0.5 * _HALF_DAY / _HALF_DAY.sum() + 0.5 * _HUMAN / _HUMAN.sum()

# Early, regular, late, with quiet nights; then the groups (client/simulator/groups.py), whose hours are drawn.
HABITS = 4
HABIT_ODDS = (0.15, 0.15, 0.15, 0.15)  # the rest of the people are in groups
_EARLY = HOUR * (1 + 0.5 * np.cos((np.arange(24) - 9) * np.pi / 12))
_LATE = HOUR * (1 + 0.5 * np.cos((np.arange(24) - 21) * np.pi / 12))
HABIT_HOURS: Floats = np.stack([_EARLY / _EARLY.sum(), HOUR, _LATE / _LATE.sum(), _HUMAN / _HUMAN.sum()])


def day_weights(start: date, days: int) -> Floats:
    """How busy each day is, on no particular scale."""
    dates = [start + timedelta(days=i) for i in range(days)]
    return np.array([_MONTH[d.month - 1] * _WEEKDAY[d.weekday()] for d in dates])


def _category_odds() -> Floats:
    weight = np.array(
        [[c.women[band] for c in TABLE] for band in range(3)] + [[c.men[b] for c in TABLE] for b in range(3)]
    )
    after_noon = np.array([c.after_noon for c in TABLE])
    by_hour = np.where(np.arange(24)[:, None] < 12, (1 - after_noon) / 0.39, after_noon / 0.61)
    odds = weight[:, None, :] * by_hour[None, :, :]
    cumulative: Floats = np.cumsum(odds, axis=2)
    return cumulative / cumulative[:, :, -1:]


CATEGORY_ODDS: Floats = _category_odds()  # cumulative, by kind of people, hour of day, category
