"""One transaction as the features see it: numbers only, event time only, never the label."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from datetime import date
from functools import lru_cache
from math import nan
from typing import NamedTuple
from zlib import crc32

from shared.transaction.schema import Transaction

DAY = 86_400  # seconds
NOON = 43_200

# The categories of the Kaggle data set. One we have never seen gets the last code, for which the tables hold zero.
CATEGORIES = (
    "entertainment",
    "food_dining",
    "gas_transport",
    "grocery_net",
    "grocery_pos",
    "health_fitness",
    "home",
    "kids_pets",
    "misc_net",
    "misc_pos",
    "personal_care",
    "shopping_net",
    "shopping_pos",
    "travel",
)
OTHER = len(CATEGORIES)
_CODE = {name: code for code, name in enumerate(CATEGORIES)}

# Parts of the day: 0-3, 4-11, 12-21, 22-23 o'clock. Bands: under $1.50 to over $1,500, even on a log scale.
PART_OF_HOUR = (0,) * 4 + (1,) * 8 + (2,) * 10 + (3,) * 2
PARTS = 4
BAND_EDGES = (  # cents
    150, 205, 281, 385, 527, 721, 987, 1351, 1849, 2531, 3465, 4743,
    6493, 8888, 12167, 16655, 22799, 31209, 42721, 58479, 80050, 109579, 150000,
)  # fmt: skip
BANDS = len(BAND_EDGES) + 1
CELLS_PER_CATEGORY = PARTS * BANDS
CELLS = (len(CATEGORIES) + 1) * CELLS_PER_CATEGORY
_PART_OFFSET = tuple(part * BANDS for part in PART_OF_HOUR)

_MAX_U32 = 2**32 - 1
_EPOCH = date(1970, 1, 1).toordinal()


class Event(NamedTuple):
    """What one transaction contributes. The first four fields are what a profile keeps of it."""

    at: int  # seconds since 1970, UTC, clamped to 32 bits (1970 to 2106)
    check: int  # CRC-32 of the transaction id: distinguishes a repeat from another purchase in the same second
    cents: int  # clamped to 32 bits
    cell: int  # category x part of day x amount band, below CELLS
    category: int  # below OTHER, or OTHER
    hour: int  # 0 to 23
    amount: float  # US dollars
    age: float  # years, or NaN
    male: float  # 1.0 or 0.0, or NaN


@lru_cache(maxsize=4096)
def _epoch_day(iso_date: str) -> int:
    return date.fromisoformat(iso_date).toordinal() - _EPOCH


def event_of(transaction: Transaction, absent: Collection[str] = ()) -> Event:
    """Reduce a transaction to the numbers the features use.

    Parameters
    ----------
    transaction
        Canonical, as :mod:`shared.transaction.model` makes it.
    absent
        Fields of it that the source lacks and a constant fills: ``gender``, ``date_of_birth``. Their numbers are NaN.

    Raises
    ------
    ValueError
        If ``occurred_at`` or ``date_of_birth`` is not in its canonical form.

    """
    when = transaction.occurred_at
    day = _epoch_day(when[:10])
    hour = int(when[11:13])
    at = day * DAY + hour * 3600 + int(when[14:16]) * 60 + int(when[17:19])
    amount = float(transaction.amount)
    cents = round(amount * 100)
    category = _CODE.get(transaction.category, OTHER)
    return Event(
        min(max(at, 0), _MAX_U32),
        crc32(transaction.transaction_id.encode()),
        min(max(cents, 0), _MAX_U32),
        category * CELLS_PER_CATEGORY + _PART_OFFSET[hour] + bisect_right(BAND_EDGES, cents),
        category,
        hour,
        amount,
        nan if "date_of_birth" in absent else (day - _epoch_day(transaction.date_of_birth)) / 365.25,
        nan if "gender" in absent else 1.0 if transaction.gender == "M" else 0.0,
    )
