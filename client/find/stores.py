"""A line per store: whether it has a transaction (yes, pending, no), and what the content is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.doctor import backlog, delivery
from client.errors import ClientError
from client.verify.deployed import Deployed
from client.warehouse import query

YES, PENDING, NO, UNKNOWN = "yes", "pending", "no", "unknown"
DYNAMODB, LAKE, WAREHOUSE, ALERT = "DynamoDB", "lake", "warehouse", "alert"
STORES = (DYNAMODB, LAKE, WAREHOUSE)


@dataclass(frozen=True)
class Line:
    """Whether a store has the transaction, and what it says of it."""

    store: str
    has: str
    about: str = ""


def lines(stage: Stage, transaction_id: str, keys: dict[str, str] | None, lake_key: str | None) -> list[Line]:
    """The lines of table, lake, warehouse and alerts; `keys` are of the item, `lake_key` of the object, if any."""
    waits = _Waits(Deployed(stage))
    return [
        Line(DYNAMODB, YES, _item(stage, keys)) if keys else Line(DYNAMODB, waits.state("write-to-dynamodb")),
        Line(LAKE, YES, lake_key) if lake_key else Line(LAKE, waits.state("write-to-s3")),
        _asked(WAREHOUSE, lambda: _warehouse(stage, transaction_id, waits)),
        _asked(ALERT, lambda: _alert(stage, transaction_id)),
    ]


def conclusion(found: list[Line]) -> tuple[str, str]:
    """The outcome by the stores alone, and its explanation; ("", "") if none has it."""
    has = {line.store: line.has for line in found if line.store in STORES}
    lacking = [store for store, state in has.items() if state == NO]
    if all(state == YES for state in has.values()):
        return "stored", "It was accepted and stored: every store has it."
    if YES not in has.values():
        return "", ""
    if lacking == [DYNAMODB, LAKE]:
        return "stored", "The warehouse alone has it, as it does for rows of the batch path."
    if lacking:
        fix = "`swipeline doctor` shows why, `swipeline repair` fills stores from each other"
        return "incomplete", f"{' and '.join(lacking)} lacks it, and nothing is on its way there: {fix}."
    if UNKNOWN in has.values():
        which = " and ".join(store for store, state in has.items() if state == UNKNOWN)
        return "unconfirmed", f"{which} could not be asked; the other stores have it or get it."
    return "arriving", "It was accepted; it is on its way into the stores that do not have it yet."


class _Waits:
    """Whether anything is on its way to a store; each question is asked once."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._by_consumer: dict[str, int] | None = None

    def state(self, consumer: str) -> str:
        """`pending` if records wait for a consumer, else `no`; `unknown` if that cannot be measured."""
        if self._by_consumer is None:
            try:
                self._by_consumer = {one.name: one.waiting for one in backlog.backlog(self._deployed)}
            except (AwsError, BotoCoreError, ClientError, ValueError):
                self._by_consumer = {}
        if consumer not in self._by_consumer:
            return UNKNOWN
        return PENDING if self._by_consumer[consumer] else NO

    def deliveries(self) -> bool:
        """Whether deliveries wait to be merged."""
        return any(one.waiting for one in delivery.deliveries(self._deployed))


def _item(stage: Stage, keys: dict[str, str]) -> str:
    key = {name: {"S": keys[name]} for name in ("card_id", "time_id")}
    item = stage.client("dynamodb").get_item(TableName=stage.output("TableName"), Key=key).get("Item", {})
    plain = {name: next(iter(value.values())) for name, value in item.items()}
    return f"${plain.get('amount', '?')} at {plain.get('merchant', '?')}, {plain.get('occurred_at', '?')}"


def _warehouse(stage: Stage, transaction_id: str, waits: _Waits) -> Line:
    # The id has letters, digits, dot, dash and underscore alone.
    rows = list(
        query(
            stage,
            "SELECT fact.amount, known.merchant, fact.occurred_at FROM core.transaction AS fact "  # noqa: S608
            "LEFT JOIN core.merchant AS known ON known.merchant_id = fact.merchant_id "
            f"WHERE fact.transaction_id = '{transaction_id}'",
        )
    )
    if rows:
        amount, merchant, at = rows[0]
        return Line(WAREHOUSE, YES, f"${amount} at {merchant}, {at}")
    staged = query(stage, f"SELECT COUNT(*) FROM staging.transaction WHERE transaction_id = '{transaction_id}'")  # noqa: S608
    if int(next(staged)[0]) or waits.deliveries():
        return Line(WAREHOUSE, PENDING)
    return Line(WAREHOUSE, NO)


def _alert(stage: Stage, transaction_id: str) -> Line:
    key = {"transaction_id": {"S": transaction_id}}
    item = stage.client("dynamodb").get_item(TableName=stage.output("AlertsTableName"), Key=key).get("Item")
    if item is None:
        return Line(ALERT, NO)
    plain = {name: next(iter(value.values())) for name, value in item.items()}
    verdict = plain.get("verdict") or plain.get("status") or "open"
    return Line(ALERT, YES, f"score {plain.get('score', '?')}, verdict: {verdict}")


def _asked(store: str, ask: Callable[[], Any]) -> Line:
    try:
        line: Line = ask()
    except (AwsError, BotoCoreError, ClientError) as error:
        return Line(store, UNKNOWN, str(error))
    return line
