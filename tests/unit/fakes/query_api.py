"""The reading API on tables in memory: the function's own code between an event and its answer."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.detection.verdicts import Verdicts
from shared.ingest.stream import Stream
from shared.query.alert_service import AlertQueries
from shared.query.alerts import AlertReader
from shared.query.api import Api, Keys
from shared.query.cursor import Cursors
from shared.query.reader import Reader
from shared.query.service import Queries
from tests.unit.fakes.api_events import READER, REVIEWER
from tests.unit.fakes.kinesis import FakeKinesis
from tests.unit.fakes.query_table import FakeTables
from tests.unit.fakes.rows import CARD_KEY

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Secret:
    """The card key, without a store."""

    def get(self) -> bytes:
        return CARD_KEY


def make_api(
    tables: FakeTables, reader: str = READER, reviewer: str = REVIEWER, stream: FakeKinesis | None = None
) -> Api:
    """Make the API of tables; a verdict goes onto ``stream``."""
    transactions = Reader(tables, "transactions", "merchants")
    verdicts = Verdicts(tables, "alerts", Stream(stream or FakeKinesis(), "alerts"))
    alerts = AlertQueries(AlertReader(tables, "alerts"), transactions, verdicts, Cursors(Secret()), lambda: NOW)
    return Api(Queries(transactions, Secret()), alerts, Keys(reader, reviewer))
