"""The reading API on tables in memory: the function's own code between an event and its answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fraud.serving.risks import RiskKeeper
from fraud.serving.verdicts import Verdicts
from functions.query_transactions.alert_service import AlertQueries
from functions.query_transactions.alerts import AlertReader
from functions.query_transactions.api import Api
from functions.query_transactions.corrections import Corrections
from functions.query_transactions.cursor import Cursors
from functions.query_transactions.reader import Reader
from functions.query_transactions.service import Queries
from shared.card_keys.ring import CardKeys
from shared.http.callers import Callers
from shared.stream.writer import Stream
from tests.unit.fakes.api_events import READER, REVIEWER
from tests.unit.fakes.kinesis import FakeKinesis
from tests.unit.fakes.query_table import FakeTables
from tests.unit.fakes.rows import CARD_KEYS

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Secret:
    """The card keys, without a store."""

    def __init__(self, keys: CardKeys) -> None:
        self._keys = keys

    def get(self) -> CardKeys:
        return self._keys


def make_api(
    tables: FakeTables,
    reader: str = READER,
    reviewer: str = REVIEWER,
    stream: FakeKinesis | None = None,
    keys: CardKeys = CARD_KEYS,
    client: Any = None,
) -> Api:
    """Make the API of tables; a verdict goes onto ``stream``. ``client`` is another way to read the transactions."""
    transactions = Reader(client or tables, "transactions", "merchants")
    risks = RiskKeeper(tables, "profiles", "risk", "transactions")
    verdicts = Verdicts(tables, "alerts", Stream(stream or FakeKinesis(), "alerts"), risks)
    alerts = AlertQueries(AlertReader(tables, "alerts"), transactions, verdicts, Cursors(Secret(keys)), lambda: NOW)
    corrections = Corrections(transactions, Stream(stream or FakeKinesis(), "transactions"), lambda: NOW)
    return Api(Queries(transactions, Secret(keys)), alerts, corrections, Callers(reader=reader, reviewer=reviewer))
