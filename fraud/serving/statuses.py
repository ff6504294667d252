"""The statuses of the alerts of some days, from which their precision is computed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Protocol

from fraud.verdict import OPEN
from shared.aws import pages

INDEX = "day-time"


class QueryClient(Protocol):
    """The part of boto3's DynamoDB client that is used here."""

    def query(self, **parameters: Any) -> dict[str, Any]:
        """Give items of one partition."""


def statuses(client: QueryClient, table: str, first: date, last: date) -> Iterator[str]:
    """Give the status of each alert of a day to another."""
    for days in range((last - first).days + 1):
        for page in pages(
            client.query,
            TableName=table,
            IndexName=INDEX,
            KeyConditionExpression="#day = :day",
            ExpressionAttributeNames={"#day": "day", "#status": "status"},
            ExpressionAttributeValues={":day": {"S": (first + timedelta(days=days)).isoformat()}},
            ProjectionExpression="#status",
        ):
            yield from (item["status"]["S"] if "status" in item else OPEN for item in page["Items"])
