"""The alerts table: the newest alerts first, those since a moment, and a person's verdict on one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from client.aws import Stage
from client.errors import ClientError
from fraud.precision import Reviewed
from fraud.serving.alert_item import COUNT, damage
from fraud.serving.risks import RiskKeeper
from fraud.serving.verdicts import DamagedAlertError, NoAlertError, VerdictLimitError, Verdicts
from fraud.verdict import FINDINGS, OPEN, WORDS, Verdict
from shared.errors import TransientError
from shared.retry import Budget
from shared.sinks.firehose import DeliveryStream
from shared.sinks.item import Item

INDEX, STATUS_INDEX = "day-time", "status-time"
_LONGEST_NAME = 100
_SLACK = timedelta(minutes=5)  # an alert bears the time of its record's arrival, and may be stored that much later
_BUDGET_SECONDS = 10.0
_OURS = ("day", "time_id", COUNT, "plain")  # attributes that no person reads
_CENT = Decimal("0.01")
_plain = TypeDeserializer().deserialize

Alert = dict[str, Any]


class DamagedError(ClientError):
    """The stored alert cannot be read: somebody changed it."""


class AlertsTable:
    """A stage's alerts. Amount, score and threshold are Decimals.

    Lists leave out items that somebody changed so that they cannot be read: ``damaged`` has why, by transaction id.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.damaged: dict[str, str] = {}
        self._client, self._name = stage.client("dynamodb"), stage.output("AlertsTableName")

    def newest(self, limit: int, days: int = 30, now: datetime | None = None) -> list[Alert]:
        """Give at most ``limit`` alerts of the last ``days`` days, the newest first."""
        today = (now or datetime.now(UTC)).date()
        found: list[Alert] = []
        for back in range(days):
            found += self._of_day(
                (today - timedelta(days=back)).isoformat(), newest_first=True, limit=limit - len(found)
            )
            if len(found) >= limit:
                break
        return found[:limit]

    def since(self, moment: datetime) -> Iterator[Alert]:
        """Give the alerts of records that arrived at a moment or later, the oldest first, and some from just before."""
        start = moment - _SLACK
        for day in range((datetime.now(UTC).date() - start.date()).days + 1):
            yield from self._of_day((start.date() + timedelta(days=day)).isoformat(), after=start.isoformat())

    def ids(self) -> set[str]:
        """Give the transactions of all alerts."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._name, ProjectionExpression="transaction_id", ConsistentRead=True
        )
        return {item["transaction_id"]["S"] for page in pages for item in page["Items"]}

    def give_verdict(self, transaction_id: str, verdict: str, by: str, note: str = "") -> Alert:
        """Keep what a person found, as the API does; the last one counts. Raises ClientError where it cannot be."""
        if verdict not in WORDS:
            raise ClientError(f"A verdict is {', '.join(WORDS)}, not {verdict}.")
        at = _now()
        try:
            item = self._verdicts().give(transaction_id, Verdict(verdict, by, note, at), Budget(_BUDGET_SECONDS))
        except NoAlertError as error:
            raise ClientError(f"There is no alert on transaction {transaction_id}: see `swipeline alerts`.") from error
        except DamagedAlertError as error:
            raise DamagedError(f"No verdict is kept: {error}.") from error
        except (VerdictLimitError, TransientError) as error:
            raise ClientError(f"The verdict is not kept everywhere: {error}. Give it again.") from error
        return _alert(item)

    def assign(self, transaction_id: str, to: str) -> Alert:
        """Record who works on an alert, as the API does; an empty name removes it. Raises ClientError."""
        try:
            return _alert(self._verdicts().assign(transaction_id, to[:_LONGEST_NAME], _now()))
        except NoAlertError as error:
            raise ClientError(f"There is no alert on transaction {transaction_id}: see `swipeline alerts`.") from error
        except DamagedAlertError as error:
            raise DamagedError(f"The assignment was not saved: {error}.") from error
        except TransientError as error:
            raise ClientError(f"The assignment was not saved: {error}. Try again.") from error

    def _verdicts(self) -> Verdicts:
        stream = DeliveryStream(self._stage.client("firehose"), self._stage.output("AlertDeliveryStreamName"))
        return Verdicts(self._client, self._name, stream, keeper(self._stage))

    def open(self, limit: int) -> list[Alert]:
        """The newest open alerts, at most ``limit``."""
        return list(self._of("status", OPEN, STATUS_INDEX, newest_first=True, limit=limit))

    def count(self, status: str) -> int:
        """How many alerts have a status."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            IndexName=STATUS_INDEX,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status}},
            Select="COUNT",
        )
        return sum(int(page["Count"]) for page in pages)

    def reviewed(self) -> Reviewed:
        """All alerts by what was found of them so far."""
        fraud, genuine = (self.count(finding) for finding in FINDINGS)
        return Reviewed("", self.count(OPEN) + fraud + genuine, fraud, genuine)

    def one(self, transaction_id: str) -> Alert:
        """Give one alert. Raises ClientError when there is none, or none that can be read."""
        found = self._client.get_item(TableName=self._name, Key={"transaction_id": {"S": transaction_id}})
        if "Item" not in found:
            raise ClientError(f"There is no alert on transaction {transaction_id}: see `swipeline alerts`.")
        if reason := damage(found["Item"]):
            raise DamagedError(f"The stored alert {transaction_id} cannot be read: {reason}.")
        return _alert(found["Item"])

    def between(self, first: date, last: date) -> Iterator[Alert]:
        """Give the alerts of records that arrived from a day to another, the oldest first."""
        for day in range((last - first).days + 1):
            yield from self._of_day((first + timedelta(days=day)).isoformat())

    def _of_day(
        self, day: str, after: str = "", newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Alert]:
        return self._of("day", day, INDEX, after, newest_first, limit)

    def _of(
        self, key: str, value: str, index: str, after: str = "", newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Alert]:
        condition, values = "#key = :key", {":key": {"S": value}}
        if after:
            condition, values = condition + " AND time_id >= :after", values | {":after": {"S": after}}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeNames={"#key": key},
            ExpressionAttributeValues=values,
            ScanIndexForward=not newest_first,
            PaginationConfig={"PageSize": limit},
        )
        return islice(self._readable(item for page in pages for item in page["Items"]), limit)

    def _readable(self, items: Iterable[Item]) -> Iterator[Alert]:
        """Give the alerts that can be read, and note why the others cannot."""
        for item in items:
            if reason := damage(item):
                self.damaged[item["transaction_id"]["S"]] = reason
            else:
                yield _alert(item)


def keeper(stage: Stage) -> RiskKeeper:
    """Where verdicts and decisions on the threshold are kept for the detector."""
    tables = (stage.output(name) for name in ("ProfilesTableName", "RiskTableName", "TableName"))
    return RiskKeeper(stage.client("dynamodb"), *tables)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _alert(item: dict[str, Any]) -> Alert:
    alert = {name: _plain(value) for name, value in item.items() if name not in _OURS}
    return alert | {"amount": alert["amount"].quantize(_CENT)}  # DynamoDB drops zeros at the end
