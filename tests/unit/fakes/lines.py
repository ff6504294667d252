"""Lines of the stream, as a consumer reads them, from transactions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from shared.sinks.consumer import Line, Position
from shared.transaction.schema import Transaction
from tests.unit.fakes.events import FIRST_SEQUENCE_NUMBER, SHARD

ARRIVED = datetime(2024, 6, 1, 12, tzinfo=UTC)


def lines(transactions: Iterable[Transaction], start: int = 0, arrived: datetime = ARRIVED) -> list[Line]:
    """A record each, numbered from ``start``, a second apart."""
    return [
        Line(
            Position(SHARD, str(FIRST_SEQUENCE_NUMBER + number), "00", arrived + timedelta(seconds=number)), transaction
        )
        for number, transaction in enumerate(transactions, start)
    ]
