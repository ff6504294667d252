"""The alerts table: the newest alerts first, those since a moment, and a person's verdict on one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError

INDEX = "day-time"
VERDICTS = ("fraud", "genuine")
_SLACK = timedelta(minutes=5)  # an alert bears the time of its record's arrival, and may be stored that much later
_plain = TypeDeserializer().deserialize

Alert = dict[str, Any]


class AlertsTable:
    """A stage's alerts. Amount, score and threshold are Decimals."""

    def __init__(self, stage: Stage) -> None:
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

    def give_verdict(self, transaction_id: str, verdict: str) -> Alert:
        """Keep what a person found; the last one counts. Raises ClientError when there is no such alert or verdict."""
        if verdict not in VERDICTS:
            raise ClientError(f"A verdict is {' or '.join(VERDICTS)}, not {verdict}.")
        try:
            answer = self._client.update_item(
                TableName=self._name,
                Key={"transaction_id": {"S": transaction_id}},
                UpdateExpression="SET verdict = :verdict, verdict_at = :now",
                ConditionExpression="attribute_exists(transaction_id)",
                ExpressionAttributeValues={
                    ":verdict": {"S": verdict},
                    ":now": {"S": datetime.now(UTC).isoformat(timespec="seconds")},
                },
                ReturnValues="ALL_NEW",
            )
        except AwsError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise ClientError(f"There is no alert on transaction {transaction_id}: see `swipeline alerts`.") from error
        return _alert(answer["Attributes"])

    def _of_day(
        self, day: str, after: str = "", newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Alert]:
        condition, values = "#day = :day", {":day": {"S": day}}
        if after:
            condition, values = condition + " AND time_id >= :after", values | {":after": {"S": after}}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            IndexName=INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues=values,
            ScanIndexForward=not newest_first,
            PaginationConfig={"MaxItems": limit},
        )
        for page in pages:
            yield from map(_alert, page["Items"])


def _alert(item: dict[str, Any]) -> Alert:
    return {name: _plain(value) for name, value in item.items() if name not in ("day", "time_id")}
