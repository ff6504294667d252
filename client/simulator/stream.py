"""The rows themselves: batches of Arrow records in order of time, made slice by slice in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from client.simulator import pools
from client.simulator.amounts import ordinary_cents
from client.simulator.fraud import Avoided, Frauds, make_frauds
from client.simulator.habits import CATEGORIES, day_weights
from client.simulator.hashing import hex_ids, mix
from client.simulator.people import People, make_people
from client.simulator.settings import Settings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BATCH_ROWS = 50_000  # about how many rows are in memory at a time
_FAVOURITES = 3
_FAVOURITE_SHARE = 0.55

SCHEMA = pa.schema(
    [
        ("", pa.int64()),
        ("trans_date_trans_time", pa.string()),
        ("cc_num", pa.int64()),
        ("merchant", pa.string()),
        ("category", pa.string()),
        ("amt", pa.float64()),
        ("first", pa.string()),
        ("last", pa.string()),
        ("gender", pa.string()),
        ("street", pa.string()),
        ("city", pa.string()),
        ("state", pa.string()),
        ("zip", pa.int64()),
        ("lat", pa.float64()),
        ("long", pa.float64()),
        ("city_pop", pa.int64()),
        ("job", pa.string()),
        ("dob", pa.string()),
        ("trans_num", pa.string()),
        ("unix_time", pa.int64()),
        ("merch_lat", pa.float64()),
        ("merch_long", pa.float64()),
        ("is_fraud", pa.int64()),
    ]
)


@dataclass(frozen=True)
class _Rows:
    """Some rows, before they are dressed with names and places."""

    second: Ints
    customer: Ints
    category: Ints
    merchant: Ints
    cents: Ints
    is_fraud: Ints

    def sorted_by_time(self, other: _Rows) -> _Rows:
        order = np.argsort(np.concatenate([self.second, other.second]), kind="stable")
        parts = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Rows(*(np.concatenate(pair)[order] for pair in parts))


def batches(settings: Settings) -> Iterator[pa.RecordBatch]:
    """All rows of a run, in :data:`SCHEMA`, sorted by time; at least one batch, which may be empty."""
    people = make_people(settings)
    frauds = make_frauds(settings, people)
    ordinary = settings.rows - len(frauds.second)
    row = 0
    for part, (begin, end, starts, counts) in enumerate(_parts(settings, people, ordinary)):
        random = settings.run_random("rows", part)
        rows = _ordinary(random, settings, people, frauds, starts, (end - begin) / len(starts), counts)
        rows = rows.sorted_by_time(_fraudulent(frauds, begin, end))
        yield _dress(settings, random, people, rows, row)
        row += len(rows.second)


def _parts(settings: Settings, people: People, rows: int) -> Iterator[tuple[float, float, Floats, Ints]]:
    """Runs of equal slices with about BATCH_ROWS rows: begin and end in seconds, starts and rows of the slices."""
    hours = (day_weights(settings.start, settings.days)[:, None] * people.hours()[None, :]).ravel()
    hours = hours / hours.sum()
    cuts = min(3600, 1 + int(rows * hours.max() / BATCH_ROWS))  # slices of an hour
    random = settings.run_random("times")
    per_hour = random.multinomial(rows, hours)
    pending: list[Ints] = []
    first, total = 0, 0
    slice_seconds = 3600 / cuts
    for hour, count in enumerate(per_hour):
        for cut, n in enumerate(random.multinomial(count, np.full(cuts, 1 / cuts))):
            pending.append(n)
            total += n
            done = hour * cuts + cut + 1
            if total >= BATCH_ROWS or done == len(per_hour) * cuts:
                starts = np.arange(first, done, dtype=np.float64) * slice_seconds
                yield first * slice_seconds, done * slice_seconds, starts, np.array(pending)
                pending, first, total = [], done, 0


def _ordinary(
    random: np.random.Generator,
    settings: Settings,
    people: People,
    frauds: Frauds,
    starts: Floats,
    length: float,
    counts: Ints,
) -> _Rows:
    second = np.floor(np.repeat(starts, counts) + random.random(int(counts.sum())) * length).astype(np.int64)
    hour = second // 3600 % 24
    customer = _customers(random, people, hour)
    # Who does not pay that day leaves the purchase to somebody else, once: few cards are stolen at the same time.
    left = np.flatnonzero(np.isin(customer * settings.days + second // 86_400, frauds.stopped))
    customer[left] = _customers(random, people, hour[left])
    odds = people.odds[people.preference[customer], hour]
    category = (random.random(len(second))[:, None] > odds).sum(axis=1)
    region = people.region[customer]
    day = np.datetime64(settings.start, "D") + (second // 86_400).astype("timedelta64[D]")
    month = day.astype("datetime64[M]").astype(np.int64) % 12
    level = people.level[customer] * people.taste[region, category] * people.season[region, month]
    group = people.group[customer]
    cents = np.where(
        group < 0, ordinary_cents(random, category, level), people.groups.cents(random, group, category, level)
    )
    merchant = _elsewhere(random, frauds.avoided, second // 86_400, _merchants(random, people, customer, category))
    return _Rows(second, customer, category, merchant, cents, np.zeros(len(second), dtype=np.int64))


def _customers(random: np.random.Generator, people: People, hour: Ints) -> Ints:
    """A customer per row: first the rhythm by its share of the hour, then within it by activity."""
    share = np.cumsum(people.busy(), axis=0)
    draw = random.random(len(hour)) * share[-1, hour]
    rhythm = np.zeros(len(hour), dtype=np.int64)
    for number in range(24):
        rows = np.flatnonzero(hour == number)
        rhythm[rows] = np.searchsorted(share[:-1, number], draw[rows], side="right")
    bounds = np.concatenate([[0.0], people.activity])[people.rhythm_start]
    low, high = bounds[rhythm], bounds[rhythm + 1]
    found = np.searchsorted(people.activity, low + random.random(len(hour)) * (high - low), side="right")
    return np.minimum(found, len(people) - 1)


def _merchants(random: np.random.Generator, people: People, customer: Ints, category: Ints) -> Ints:
    """Favorite merchants for most rows; they follow from the card and the category, and are not stored."""
    per = pools.MERCHANTS_PER_CATEGORY
    rank = random.integers(0, _FAVOURITES, size=len(customer))
    key = (customer * len(CATEGORIES) + category) * _FAVOURITES + rank
    favourite = (mix(key.astype(np.uint64)) % np.uint64(per)).astype(np.int64)
    popular = (random.random(len(customer)) ** 1.5 * per).astype(np.int64)
    return category * per + np.where(random.random(len(customer)) < _FAVOURITE_SHARE, favourite, popular)


def _elsewhere(random: np.random.Generator, avoided: Avoided, day: Ints, merchant: Ints) -> Ints:
    """The same merchants, except that purchases avoid compromised ones: they go to any other of the category, once."""
    if not len(avoided.merchant):
        return merchant
    found = np.searchsorted(avoided.merchant, merchant).clip(max=len(avoided.merchant) - 1)
    compromised = avoided.merchant[found] == merchant
    compromised &= (day >= avoided.first_day[found]) & (day <= avoided.last_day[found])
    rows = np.flatnonzero(compromised)
    rows = rows[random.random(len(rows)) < avoided.share[found[rows]]]
    per = pools.MERCHANTS_PER_CATEGORY
    number = (merchant[rows] + random.integers(1, per, size=len(rows))) % per
    moved = merchant.copy()
    moved[rows] = merchant[rows] // per * per + number
    return moved


def _fraudulent(frauds: Frauds, begin: float, end: float) -> _Rows:
    low, high = np.searchsorted(frauds.second, [np.ceil(begin), np.ceil(end)])
    second, customer, category, cents, merchant = (column[low:high] for column in frauds[:5])
    return _Rows(second, customer, category, merchant, cents, np.ones(len(second), dtype=np.int64))


def _dress(
    settings: Settings, random: np.random.Generator, people: People, rows: _Rows, first_row: int
) -> pa.RecordBatch:
    count = len(rows.second)
    unix = rows.second + settings.start_second
    profile = people.profile.take(pa.array(rows.customer)).combine_chunks()
    lat = profile["lat"].to_numpy() + random.uniform(-1, 1, size=count)
    long = profile["long"].to_numpy() + random.uniform(-1, 1, size=count)
    index = np.arange(first_row, first_row + count)
    columns = {name: profile[name] for name in profile.column_names} | {
        "": pa.array(index),
        "trans_date_trans_time": pa.array(unix).cast(pa.timestamp("s")).cast(pa.string()),
        "merchant": pools.merchants().take(pa.array(rows.merchant)),
        "category": pa.array(CATEGORIES).take(pa.array(rows.category)),
        "amt": pa.array(rows.cents / 100),
        "trans_num": hex_ids(settings.run_key(), index),
        "unix_time": pa.array(unix),
        "merch_lat": pa.array(np.round(lat, 6)),
        "merch_long": pa.array(np.round(long, 6)),
        "is_fraud": pa.array(rows.is_fraud),
    }
    return pa.RecordBatch.from_arrays([_plain(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def _plain(column: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    return pc.cast(column, kind)
