"""Fraud of several kinds: which cards and merchants are compromised, when, and what is bought with them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from client.simulator import pools
from client.simulator.amounts import fraud_cents, ordinary_cents
from client.simulator.habits import CATEGORIES
from client.simulator.people import People
from client.simulator.settings import Settings

Floats = npt.NDArray[np.float64]
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
_NIGHT = (0.95, 0.84, 0.4)  # share of a burst's purchases from 22:00 to 04:00, and how many bursts have it
_NIGHT_ODDS = (0.5, 0.4, 0.1)
_BURST_MEAN, _BURST_SD, _BURST_LEAST, _BURST_MOST = 10.0, 3.0, 2, 19  # purchases per compromised card
_HOLDER_STOPS = 0.9  # share of the bursts in which the holder's card is lost, so that only the thief pays

# Shares of the frauds. The rest are bursts.
_SLOW = 0.04  # a thief who keeps to the holder's hours and pays several times as much, for two weeks
_PER_MERCHANT = (8, 120)  # frauds of a compromised merchant, evenly on a log scale
_MERCHANTS = 4  # least number of them, so that a small run has several
_MERCHANT_DAYS = (14, 28)
_TAKEN_OVER = 0.5  # share of them without a genuine purchase while they are; the others lose any share of theirs
_SLOW_DAYS, _SLOW_PER_CARD, _SLOW_FACTOR = 14, 8, (3.0, 6.0)


class Frauds(NamedTuple):
    """The fraudulent rows of a run in order of time; seconds count from the start of the period."""

    second: Ints
    customer: Ints
    category: Ints
    cents: Ints
    merchant: Ints
    stopped: Ints  # customer * days + day, sorted: on which days a holder does not pay
    avoided: Avoided


class Avoided(NamedTuple):
    """Compromised merchants, which lose genuine purchases to others of their category; one entry per merchant."""

    merchant: Ints  # sorted
    first_day: Ints
    last_day: Ints
    share: Floats  # of the genuine purchases, 1: all


def make_frauds(settings: Settings, people: People) -> Frauds:
    """All of a run's fraudulent rows: exactly the rounded share of the rows."""
    random = settings.run_random("fraud")
    count = round(settings.rows * settings.fraud_rate)
    at_merchants, slow = round(count * settings.at_merchants), round(count * _SLOW)
    order = random.permutation(settings.customers)
    bursts, stopped, used = _bursts(settings, people, random, order, count - at_merchants - slow)
    taken, avoided = _at_merchants(settings, people, random, at_merchants)
    parts = [bursts, _slow(settings, people, random, np.roll(order, -used), slow), taken]
    second, customer, category, cents, merchant = (np.concatenate(column) for column in zip(*parts, strict=True))
    by_time = np.argsort(second, kind="stable")
    ordered = [column[by_time] for column in (second, customer, category, cents, merchant)]
    return Frauds._make([*ordered, stopped, avoided])


def _bursts(
    settings: Settings, people: People, random: np.random.Generator, order: Ints, count: int
) -> tuple[tuple[Ints, ...], Ints, int]:
    """Bursts of two days; with the days on which holders stop, and how many cards were taken."""
    victim, size = _victims(people, random, order, count)
    bursts = len(size)
    last_day = max(0, settings.days - 2)
    first_day = random.integers(0, last_day + 1, size=bursts)
    burst = np.repeat(np.arange(bursts), size)
    group = people.group[victim][burst]
    category, late, cents = _bought(people, random, group)
    day = first_day[burst] + (random.integers(0, 2, size=count) if settings.days > 1 else 0)
    night = random.choice(_NIGHT, size=bursts, p=_NIGHT_ODDS)[burst]
    night = np.where(group < 0, night, people.groups.fraud_night[group])
    second = day * 86_400 + _second_of_day(random, late, night)
    merchant = category * pools.MERCHANTS_PER_CATEGORY + random.integers(0, pools.MERCHANTS_PER_CATEGORY, size=count)
    stops = (random.random(bursts) < _HOLDER_STOPS)[burst]
    stopped = victim[burst][stops] * settings.days + day[stops]
    rows = (second, victim[burst], category, cents, merchant)
    return rows, np.unique(stopped) if settings.days > 1 else np.zeros(0, dtype=np.int64), bursts


def _bought(people: People, random: np.random.Generator, group: Ints) -> tuple[Ints, npt.NDArray[np.bool_], Ints]:
    """Category, whether it is after noon, and cents of the purchases of bursts on cards of some groups, -1: none."""
    count = len(group)
    weights = np.array([_FREQUENCY[c][0] for c in CATEGORIES], dtype=float)
    usual = random.choice(len(CATEGORIES), size=count, p=weights / weights.sum())
    usual_late = random.random(count) < np.array([_FREQUENCY[c][1] for c in CATEGORIES])[usual]
    category, late, cents = people.groups.frauds(random, group)
    return (
        np.where(group < 0, usual, category),
        np.where(group < 0, usual_late, late),
        np.where(group < 0, fraud_cents(random, usual), cents),
    )


def _victims(people: People, random: np.random.Generator, order: Ints, count: int) -> tuple[Ints, Ints]:
    """Customers whose cards are taken, none twice until all have been, and how many frauds each has: `count` in all."""
    if not count:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    victim = np.resize(order, count // _BURST_LEAST + 1)
    group = people.group[victim]
    usual = np.rint(random.normal(_BURST_MEAN, _BURST_SD, size=len(victim))).clip(_BURST_LEAST, _BURST_MOST)
    limits = people.groups.burst[group]
    size = np.where(group < 0, usual, random.integers(limits[:, 0], limits[:, 1] + 1)).astype(np.int64)
    total = np.cumsum(size)
    bursts = int(np.searchsorted(total, count)) + 1
    size = size[:bursts]
    size[-1] -= total[bursts - 1] - count
    return victim[:bursts], size


def _slow(settings: Settings, people: People, random: np.random.Generator, order: Ints, count: int) -> tuple[Ints, ...]:
    """Cards that are used beside their holders for two weeks, at their hours, for several times the usual amounts."""
    cards = -(-count // _SLOW_PER_CARD)
    card = np.repeat(np.arange(cards), _SLOW_PER_CARD)[:count]
    begin = random.integers(0, max(1, settings.days - _SLOW_DAYS + 1), size=max(cards, 1))[card]
    day = np.minimum(begin + random.integers(0, _SLOW_DAYS, size=count), settings.days - 1)
    category = random.integers(0, len(CATEGORIES), size=count)
    victim = np.resize(order, max(cards, 1))[card]
    cents = _usual_cents(people, random, victim, category) * random.uniform(*_SLOW_FACTOR, size=count)
    merchant = category * pools.MERCHANTS_PER_CATEGORY + random.integers(0, pools.MERCHANTS_PER_CATEGORY, size=count)
    second = day * 86_400 + _usual_second(people, random, victim, category)
    return second, victim, category, np.rint(cents).astype(np.int64), merchant


def _at_merchants(
    settings: Settings, people: People, random: np.random.Generator, count: int
) -> tuple[tuple[Ints, ...], Avoided]:
    """Purchases of any cards at merchants that are compromised for weeks: nothing of card or amount is odd."""
    sizes: list[int] = []
    most = max(count // _MERCHANTS, _PER_MERCHANT[0])
    while sum(sizes) < count:
        drawn = round(float(np.exp(random.uniform(*np.log(_PER_MERCHANT)))))
        sizes.append(min(drawn, most, count - sum(sizes)))
    which = np.repeat(np.arange(len(sizes)), sizes)
    merchants = len(CATEGORIES) * pools.MERCHANTS_PER_CATEGORY
    chosen = np.resize(random.permutation(merchants), len(sizes))
    merchant = chosen[which]
    length = np.minimum(random.integers(*_MERCHANT_DAYS, size=len(sizes)), settings.days)
    begin = (random.random(len(length)) * (settings.days - length + 1)).astype(np.int64)
    share = np.where(random.random(len(sizes)) < _TAKEN_OVER, 1.0, random.random(len(sizes)))
    day = begin[which] + (random.random(count) * length[which]).astype(np.int64)
    category = merchant // pools.MERCHANTS_PER_CATEGORY
    customer = random.integers(0, settings.customers, size=count)
    cents = _usual_cents(people, random, customer, category)
    rows = (day * 86_400 + _usual_second(people, random, customer, category), customer, category, cents, merchant)
    unique, first = np.unique(chosen, return_index=True)
    return rows, Avoided(unique, begin[first], (begin + length - 1)[first], share[first])


def _usual_cents(people: People, random: np.random.Generator, customer: Ints, category: Ints) -> Ints:
    """Amounts as these customers pay."""
    group, level = people.group[customer], people.level[customer]
    return np.where(
        group < 0, ordinary_cents(random, category, level), people.groups.cents(random, group, category, level)
    )


def _usual_second(people: People, random: np.random.Generator, customer: Ints, category: Ints) -> Ints:
    """Seconds of the day as these customers pay in these categories."""
    return people.usual_hours(random, customer, category) * 3600 + random.integers(0, 3600, size=len(customer))


def _second_of_day(random: np.random.Generator, late: npt.NDArray[np.bool_], night_share: Floats) -> Ints:
    """Seconds of the day of a burst's purchases, before noon or late, of which a share is in the night."""
    night = random.random(len(late)) < night_share
    begin = np.where(late, np.where(night, 22, 12), np.where(night, 0, 4)) * 3600
    length = np.where(late, np.where(night, 2, 10), np.where(night, 4, 8)) * 3600
    return begin + (random.random(len(late)) * length).astype(np.int64)
