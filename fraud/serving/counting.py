"""A merchant's purchases by day, from the table of transactions, where each is once whatever was sent how often."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any, Protocol

from fraud.risk import KEPT_DAYS
from shared.aws import pages
from shared.sinks.item import merchant_bucket

INDEX = "merchant-time"
_EPOCH = date(1970, 1, 1).toordinal()


class CountClient(Protocol):
    """The part of boto3's DynamoDB client that is used here."""

    def query(self, **parameters: Any) -> dict[str, Any]:
        """Give items of one partition."""


def purchases_by_day(client: CountClient, table: str, merchant_id: str, last: int) -> dict[int, int]:
    """Count a merchant's purchases of the days up to one, as far back as features look: day since 1970 -> purchases."""
    days = [_iso(day) for day in range(last - KEPT_DAYS, last + 1)]
    found: Counter[int] = Counter()
    for month in dict.fromkeys(day[:7] for day in days):
        for page in pages(
            client.query,
            TableName=table,
            IndexName=INDEX,
            KeyConditionExpression="merchant_bucket = :bucket AND time_id BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":bucket": {"S": merchant_bucket(merchant_id, month)},
                ":first": {"S": days[0]},
                ":last": {"S": f"{days[-1]}U"},  # after T, which follows the day in an id of this day
            },
            ProjectionExpression="time_id",
        ):
            at = (item["time_id"]["S"][:10] for item in page["Items"])
            found.update(date.fromisoformat(day).toordinal() - _EPOCH for day in at)
    return dict(found)


def _iso(day: int) -> str:
    return date.fromordinal(day + _EPOCH).isoformat()
