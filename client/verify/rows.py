"""The transactions of one run: made up, and of a merchant that no other run has, so that all can be found."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from shared.sinks.item import merchant_bucket
from shared.transaction.ids import merchant_id

CARDS = 40
ROWS = 2000
CATEGORY = "misc_net"

Content = tuple[str, Decimal, str]  # occurred_at in whole seconds, amount, last four digits of the card


@dataclass
class Sample:
    """The rows of a run. ``run_id`` is 8 hex digits, in every transaction's id; ``began`` is when they were made."""

    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    count: int = ROWS

    @property
    def merchant(self) -> str:
        """The merchant's name, and the mark of all that belongs to the run."""
        return f"Swipeline Verify {self.run_id}"

    @property
    def merchant_id(self) -> str:
        """The id that the pipeline gives the merchant."""
        return merchant_id(self.merchant)

    @property
    def buckets(self) -> list[str]:
        """The keys of the index merchant-time under which the rows lie."""
        return sorted({merchant_bucket(self.merchant_id, row["trans_date_trans_time"][:7]) for row in self.rows})

    @cached_property
    def cards(self) -> list[str]:
        """Valid card numbers of no real card, the same for the same run."""
        draw = random.Random(self.run_id)  # noqa: S311  no secret: they are test numbers
        return [_with_check_digit(f"4000{draw.randrange(10**11):011d}") for _ in range(CARDS)]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The rows as the API takes them: of the last minutes, a second apart."""
        last = self.began.replace(microsecond=0) - timedelta(seconds=5)
        return [self._row(number, last - timedelta(seconds=number % 600)) for number in range(self.count)]

    @cached_property
    def content(self) -> dict[str, Content]:
        """What each store must hold, by transaction id."""
        return {
            row["trans_num"]: (row["trans_date_trans_time"], Decimal(row["amt"]), row["cc_num"][-4:])
            for row in self.rows
        }

    def _row(self, number: int, at: datetime) -> dict[str, Any]:
        card = number % CARDS
        return {
            "trans_num": f"verify-{self.run_id}-{number:06d}",
            "trans_date_trans_time": f"{at:%Y-%m-%d %H:%M:%S}",
            "cc_num": self.cards[card],
            "merchant": self.merchant,
            "category": CATEGORY,
            "amt": f"{1 + number % 90}.{number % 100:02d}",
            "first": "Verify",
            "last": f"Run {self.run_id} {card}",
            "gender": "F" if card % 2 else "M",
            "street": f"{card + 1} Test Street",
            "city": "Cambridge",
            "state": "MA",
            "zip": "02138",
            "lat": "42.3803",
            "long": "-71.1329",
            "city_pop": "105162",
            "job": "Hydrologist",
            "dob": "1971-02-28",
            "merch_lat": "42.4110",
            "merch_long": "-70.9991",
            "is_fraud": "0",
        }


def _with_check_digit(digits: str) -> str:
    """Append the digit of Luhn's algorithm: https://www.iso.org/standard/70484.html"""
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(digits[::-1]))
    return f"{digits}{-total % 10}"


def seconds_of(text: str) -> str:
    """A store's time in the rows' form: 2020-06-21T12:14:25.000Z -> 2020-06-21 12:14:25."""
    return text.replace("T", " ")[:19]
