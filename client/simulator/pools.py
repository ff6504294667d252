"""Names, jobs, streets and merchants to pick from: drawn once from Faker, which is too slow per row."""

from __future__ import annotations

from functools import cache

import pyarrow as pa
from faker import Faker

from client.simulator.habits import CATEGORIES

MERCHANTS_PER_CATEGORY = 50  # the data set's number
_POOL = 1_500  # names keep Faker's own frequencies, so there are repeats
_FAKER_SEED = 20_190_101  # the pools are the same for every seed of the simulator


def _faker(offset: int) -> Faker:
    fake = Faker("en_US")
    fake.seed_instance(_FAKER_SEED + offset)
    return fake


@cache
def first_names() -> pa.Array:
    """Women's first names, then as many men's."""
    fake = _faker(1)
    women = [fake.first_name_female() for _ in range(_POOL)]
    men = [fake.first_name_male() for _ in range(_POOL)]
    return pa.array(women + men)


@cache
def last_names() -> pa.Array:
    fake = _faker(2)
    return pa.array([fake.last_name() for _ in range(_POOL)])


@cache
def jobs() -> pa.Array:
    fake = _faker(3)
    return pa.array(list(dict.fromkeys(fake.job() for _ in range(_POOL))))


@cache
def streets() -> pa.Array:
    """Street names without house numbers; one in four has a flat."""
    fake = _faker(4)
    names = []
    for _ in range(_POOL):
        name = fake.street_name()
        names.append(f"{name} {fake.secondary_address()}" if fake.random_int(0, 3) == 0 else name)
    return pa.array(names)


@cache
def merchants() -> pa.Array:
    """All merchants with the data set's `fraud_` prefix, category by category in the order of CATEGORIES."""
    fake = _faker(5)
    names: dict[str, None] = {}
    while len(names) < MERCHANTS_PER_CATEGORY * len(CATEGORIES):
        names[f"fraud_{fake.company()}"] = None
    return pa.array(list(names))
