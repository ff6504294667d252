"""What a stage stored, as history: the lake's transactions, labels from the warehouse, verdicts and late labels."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from client.alerts.table import AlertsTable
from client.aws import Stage
from client.replay.plan import Days
from client.score.run import lake_transactions
from client.warehouse import query
from fraud.history import History
from fraud.risk import Risk
from fraud.stored import Labels, stored_history
from fraud.verdict import FINDINGS

_FRAUDS = "SELECT transaction_id FROM core.transaction WHERE is_fraud"


def read_stage(stage: Stage, days: int) -> History:
    """Read the transactions that arrived in the last days, with what is known of them now. Raises HistoryError."""
    today = datetime.now(UTC).date()
    first = today - timedelta(days=days - 1)
    labels = Labels(
        {a["transaction_id"]: a["verdict"] == FINDINGS[0] for a in _reviewed(stage, first, today)},
        frozenset(str(row[0]) for row in query(stage, _FRAUDS)),
        _card_risks(stage),
    )
    return stored_history(lake_transactions(stage, Days(first, today + timedelta(days=1))), labels)


def _reviewed(stage: Stage, first: date, last: date) -> list[dict[str, str]]:
    return [alert for alert in AlertsTable(stage).between(first, last) if alert.get("verdict") in FINDINGS]


def _card_risks(stage: Stage) -> dict[str, Risk]:
    """The known frauds of the cards that have any: labels of transactions that raised no alert are only there."""
    pages = (
        stage.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stage.output("ProfilesTableName"),
            ProjectionExpression="card_id, risk",
            FilterExpression="attribute_exists(risk)",
        )
    )
    found = ((item["card_id"]["S"], Risk.unpack(bytes(item["risk"]["B"]))) for page in pages for item in page["Items"])
    return {card_id: risk for card_id, risk in found if risk.frauds}
