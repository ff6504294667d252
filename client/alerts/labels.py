"""Labels that come late, as chargebacks do: into the risk of cards and merchants, and as verdicts on alerts."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from client.alerts.table import AlertsTable, DamagedError, keeper
from client.aws import Stage
from client.errors import ClientError
from fraud.judgment import judgment
from fraud.verdict import FINDINGS
from functions.query_transactions.reader import Reader

_FRAUD, _GENUINE = FINDINGS
_MEANS = {"1": True, "true": True, _FRAUD: True, "0": False, "false": False, _GENUINE: False}


class Labelled(NamedTuple):
    """The outcome of some labels."""

    verdicts: int  # on alerts
    others: int  # on transactions that raised no alert
    unknown: list[str]  # ids that no transaction of the stage has
    damaged: dict[str, str]  # why, by id: the stored alert or transaction cannot be read, and has no label


def read_labels(path: Path) -> Iterator[tuple[str, bool]]:
    """Read (transaction id, whether it is fraud) from a CSV file. Raises ClientError."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        columns = set(rows.fieldnames or ())
        number = next((name for name in ("transaction_id", "trans_num") if name in columns), None)
        label = next((name for name in ("is_fraud", "verdict") if name in columns), None)
        if number is None or label is None:
            raise ClientError(f"{path.name} lacks a column transaction_id or a column is_fraud.")
        for line, row in enumerate(rows, start=2):
            means = _MEANS.get((row[label] or "").strip().lower())
            if means is None:
                raise ClientError(f"{path.name}, line {line}: expected 0, 1, fraud or genuine, got {row[label]!r}.")
            yield row[number], means


def give_labels(stage: Stage, labels: Iterable[tuple[str, bool]], by: str) -> Labelled:
    """Bring labels to cards and merchants. A transaction with an alert gets a verdict.

    Of transactions without an alert only frauds count: that a purchase is genuine is what everybody assumes.
    """
    alerts, risks = AlertsTable(stage), keeper(stage)
    alerted = alerts.ids()
    reader = Reader(stage.client("dynamodb"), stage.output("TableName"), stage.output("MerchantsTableName"))
    verdicts = others = 0
    unknown: list[str] = []
    damaged: dict[str, str] = {}
    for transaction_id, is_fraud in labels:
        if transaction_id in alerted:
            try:
                alerts.give_verdict(transaction_id, _FRAUD if is_fraud else _GENUINE, by, "label")
            except DamagedError as error:
                damaged[transaction_id] = str(error)
                continue
            verdicts += 1
            continue
        if not is_fraud:
            continue
        item = reader.transaction(transaction_id)
        if item is None:
            unknown.append(transaction_id)
            continue
        try:
            names = ("card_id", "merchant_id", "occurred_at")
            card_id, merchant_id, occurred_at = (item[name]["S"] for name in names)
            # Nobody was warned, so neither card nor amount explains it.
            found = judgment(
                transaction_id, card_id, merchant_id, occurred_at, int(time.time()), is_fraud=True, plain=True
            )
        except (KeyError, TypeError, ValueError) as error:
            damaged[transaction_id] = f"the stored transaction cannot be read ({type(error).__name__}: {error})"
            continue
        risks.record(found)
        others += 1
    return Labelled(verdicts, others, unknown, damaged)
