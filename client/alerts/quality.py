"""How good the alerts are, measured against the labels in the warehouse, once every transaction there is scored."""

from __future__ import annotations

import time
from typing import NamedTuple

from client.alerts.table import AlertsTable
from client.aws import Stage
from client.warehouse import query
from fraud.verdict import FINDINGS

FRAUD, GENUINE = FINDINGS
_POLL_SECONDS = 1.0
_COUNTS = "SELECT COUNT(*), COUNT(is_fraud) FROM core.transaction"
_LABELS = (
    "SELECT fact.transaction_id, fact.is_fraud FROM core.alert AS alert "
    "INNER JOIN core.transaction AS fact ON fact.transaction_id = alert.transaction_id WHERE fact.is_fraud IS NOT NULL"
)
_LATE = (
    "SELECT DISTINCT fact.transaction_id, fact.is_fraud FROM core.superseded AS other "
    "INNER JOIN core.transaction AS fact ON fact.transaction_id = other.transaction_id "
    "WHERE fact.is_fraud IS NOT NULL AND (other.is_fraud IS NULL OR other.is_fraud <> fact.is_fraud) ORDER BY 1"
)
_FRAUDS = "SELECT transaction_id FROM core.transaction WHERE is_fraud"


class Quality(NamedTuple):
    """In transactions. Precision and recall are None where there is nothing to divide by."""

    transactions: int
    labelled: int
    scored: int  # at least the transactions when all are; more if any was on the stream twice
    alerts: int
    frauds: int
    caught: int

    @property
    def complete(self) -> bool:
        """Whether no transaction waits to be scored."""
        return self.scored >= self.transactions

    @property
    def precision(self) -> float | None:
        """The share of frauds among the alerts."""
        return self.caught / self.alerts if self.alerts and self.labelled else None

    @property
    def recall(self) -> float | None:
        """The share of frauds that were alerts."""
        return self.caught / self.frauds if self.frauds else None

    def as_json(self) -> dict[str, object]:
        """The quality as programs read it."""
        return self._asdict() | {"complete": self.complete, "precision": self.precision, "recall": self.recall}


def measure(stage: Stage, wait: float) -> Quality:
    """Wait, up to ``wait`` seconds, until what the warehouse holds has been scored, and compare with its labels."""
    ((transactions, labelled),) = query(stage, _COUNTS)
    done = wait_scored(stage, int(transactions), wait)
    alerts = AlertsTable(stage).ids()
    frauds = {str(row[0]) for row in query(stage, _FRAUDS)}
    return Quality(int(transactions), int(labelled), done, len(alerts), len(frauds), len(alerts & frauds))


def labels(stage: Stage) -> dict[str, str]:
    """Give what the labels in the warehouse say of the alerts there, as a verdict would: fraud or genuine."""
    return {str(identity): FRAUD if is_fraud else GENUINE for identity, is_fraud in query(stage, _LABELS)}


def late_labels(stage: Stage) -> dict[str, str]:
    """Give the labels that came after their transactions or were corrected, as a verdict would: fraud or genuine."""
    return {str(identity): FRAUD if is_fraud else GENUINE for identity, is_fraud in query(stage, _LATE)}


def wait_scored(stage: Stage, transactions: int, wait: float) -> int:
    """Wait, up to ``wait`` seconds, until at least ``transactions`` of them have been scored; says how many were."""
    deadline = time.monotonic() + wait
    while (done := scored(stage)) < transactions and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return done


def scored(stage: Stage) -> int:
    """Count the transactions that went into profiles; reads an item per card."""
    pages = (
        stage.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=stage.output("ProfilesTableName"), ProjectionExpression="scored", ConsistentRead=True)
    )
    return sum(int(item["scored"]["N"]) for page in pages for item in page["Items"])
