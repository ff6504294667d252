"""The customers: who they are, where they live, and how they spend. A million of them take about 150 MB."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from client.simulator import pools
from client.simulator.cards import card_numbers
from client.simulator.groups import GROUPS, Groups, draw_groups
from client.simulator.habits import AGE_BANDS, CATEGORIES, CATEGORY_ODDS, HABIT_HOURS, HABIT_ODDS, HABITS, KINDS
from client.simulator.places import cities
from client.simulator.settings import Settings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

REGIONS = 16
_TASTE, _SEASON, _SPREAD = 0.06, 0.04, 0.25  # standard deviations of the logs
_PACE_OF_GROUPS = 0.55  # so that groups and others buy equally often
_AGES = np.array([18, 25, 35, 45, 55, 65, 80, 95])  # ages are uniform between these
_AGE_ODDS = np.array([0.10, 0.21, 0.20, 0.19, 0.13, 0.12, 0.05])


@dataclass(frozen=True)
class People:
    """One entry per customer, ordered by rhythm, so that each rhythm is one run of indices.

    A rhythm is a habit (:mod:`.habits`) or a group (:mod:`.groups`).
    """

    profile: pa.Table  # the file's columns cc_num, first to zip, lat, long, city_pop, job and dob
    groups: Groups
    group: Ints  # index into `groups`; -1: none
    preference: Ints  # index into `odds`
    odds: Floats  # by preference, hour of day and category: cumulative
    level: Floats  # spending level, around 1
    region: Ints  # index into taste and season; the people of a state share one
    taste: Floats  # by region and category: how large the purchases are, around 1
    season: Floats  # the same by region and month, January first
    activity: Floats  # cumulative, over all customers
    rhythm_start: Ints  # index of the first customer of each rhythm, and the number of customers

    def __len__(self) -> int:
        return len(self.group)

    def busy(self) -> Floats:
        """How much is bought in each rhythm at each hour of the day, on no particular scale."""
        bounds = np.concatenate([[0.0], self.activity])[self.rhythm_start]
        return np.diff(bounds)[:, None] * self.rhythms()

    def rhythms(self) -> Floats:
        """The share of the purchases at each hour of the day, by rhythm."""
        return np.concatenate([HABIT_HOURS, self.groups.hours])

    def usual_hours(self, random: np.random.Generator, customer: Ints, category: Ints) -> Ints:
        """An hour of the day per row, as the customer buys in the category."""
        rhythm = np.searchsorted(self.rhythm_start, customer, side="right") - 1
        each = np.diff(self.odds, axis=2, prepend=0.0)
        weight = self.rhythms()[rhythm] * each[self.preference[customer], :, category]
        bounds = np.cumsum(weight + 1e-9, axis=1)  # a category that a group never buys comes at any hour
        return (random.random(len(customer))[:, None] * bounds[:, -1:] >= bounds[:, :-1]).sum(axis=1)

    def hours(self) -> Floats:
        """The share of all purchases at each hour of the day."""
        hour: Floats = self.busy().sum(axis=0)
        return hour / hour.sum()


def make_people(settings: Settings) -> People:
    """The population of a seed: the same for any number of rows or days."""
    count = settings.customers
    random = settings.world_random("people")
    groups = draw_groups(settings.world_random("groups"))
    odds = (*HABIT_ODDS, *[(1 - sum(HABIT_ODDS)) / GROUPS] * GROUPS)
    rhythm = np.sort(random.choice(HABITS + GROUPS, size=count, p=odds))
    group = np.maximum(rhythm - HABITS, -1)
    male = random.random(count) < 0.47
    band = random.choice(len(_AGE_ODDS), size=count, p=_AGE_ODDS)
    age = _AGES[band] + random.random(count) * (np.diff(_AGES)[band])
    kind = male * 3 + np.searchsorted(AGE_BANDS, age, side="right")
    young = np.where(age < 55, 1.2, 0.85)
    pace = random.gamma(1.7, size=count) * np.where(male, 0.9, 1.1) * young
    of_group = random.integers(groups.pace[group, 0], groups.pace[group, 1] + 1) * _PACE_OF_GROUPS
    activity = np.cumsum(np.where(group < 0, pace, of_group) + 0.02)
    level = np.exp(random.standard_normal(count) * np.where(group < 0, _SPREAD, groups.spread[group]) - 0.03)
    profile = _profile(settings, random, male, age)
    states = profile["state"].combine_chunks()
    of_state = np.array([crc32(state.encode()) % REGIONS for state in states.dictionary.to_pylist()])
    draws = settings.world_random("regions")
    return People(
        profile=profile,
        region=of_state[states.indices.to_numpy()],
        taste=np.exp(draws.standard_normal((REGIONS, len(CATEGORIES))) * _TASTE),
        season=np.exp(draws.standard_normal((REGIONS, 12)) * _SEASON),
        groups=groups,
        group=group,
        preference=np.where(group < 0, kind, KINDS + group),
        odds=np.concatenate([CATEGORY_ODDS, groups.odds]),
        level=level,
        activity=activity,
        rhythm_start=np.searchsorted(rhythm, np.arange(HABITS + GROUPS + 1)),
    )


def _profile(settings: Settings, random: np.random.Generator, male: npt.NDArray[np.bool_], age: Floats) -> pa.Table:
    count = settings.customers
    places = cities()
    odds = (
        np.array([c.population for c in places], dtype=float) ** 0.4
    )  # small towns have their share, as in the data set
    city = random.choice(len(places), size=count, p=odds / odds.sum())
    half = len(pools.first_names()) // 2
    number = np.exp(random.uniform(np.log(10), np.log(99_999), size=count)).astype(np.int64)
    street = pools.streets().take(_picks(random, pools.streets(), count))
    return pa.table(
        {
            "cc_num": pa.array(card_numbers(random, count)),
            "first": pa.DictionaryArray.from_arrays(random.integers(0, half, count) + male * half, pools.first_names()),
            "last": pa.DictionaryArray.from_arrays(_picks(random, pools.last_names(), count), pools.last_names()),
            "gender": pa.DictionaryArray.from_arrays(male.astype(np.int8), pa.array(["F", "M"])),
            "street": pc.binary_join_element_wise(pa.array(number).cast(pa.string()), street, " "),
            "city": pa.DictionaryArray.from_arrays(city, pa.array([c.name for c in places])),
            "state": pa.DictionaryArray.from_arrays(city, pa.array([c.state for c in places])),
            "zip": pa.array(np.array([int(c.zip) for c in places])[city]),
            "lat": pa.array(np.array([c.latitude for c in places])[city]),
            "long": pa.array(np.array([c.longitude for c in places])[city]),
            "city_pop": pa.array(np.array([c.population for c in places])[city]),
            "job": pa.DictionaryArray.from_arrays(_picks(random, pools.jobs(), count), pools.jobs()),
            "dob": pa.array(_births(settings.start, age)).cast(pa.string()),
        }
    )


def _picks(random: np.random.Generator, pool: pa.Array, count: int) -> Ints:
    return random.integers(0, len(pool), count)


def _births(start: date, age: Floats) -> npt.NDArray[np.datetime64]:
    return np.datetime64(start - timedelta(days=1)) - (age * 365.2425).astype("timedelta64[D]")
