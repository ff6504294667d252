"""Pages of DynamoDB for the reading API: queried until they are full, and what is told when the table is away."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from shared.aws import is_transient
from shared.errors import TransientError
from shared.sinks.item import Item


class ReadClient(Protocol):
    """The part of boto3's DynamoDB client that is used here."""

    def query(self, **parameters: Any) -> dict[str, Any]:
        """Give items of one partition, in order, at most 1 MB at a time."""

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> dict[str, Any]:
        """Give one item, or none."""


class Found(NamedTuple):
    """A page: its items, where the next one starts (None: there is none), and how many items were read for it."""

    items: list[Item]
    position: list[str] | None
    read: int


class StoreAwayError(TransientError):
    """DynamoDB throttles or does not answer: the same call may succeed later."""


class Pager:
    """Reads with the errors that the API tells: StoreAwayError for now, all else as it is."""

    def __init__(self, client: ReadClient) -> None:
        self._client = client

    def page(self, query: dict[str, Any], limit: int, start: Item | None = None) -> tuple[list[Item], Item | None, int]:
        """Read until there are ``limit`` items or no more: one answer holds at most 1 MB. Gives where it stopped."""
        items: list[Item] = []
        read = 0
        while True:
            answer = self.query(query | {"Limit": limit - len(items)}, start)
            items += answer["Items"]
            read += answer["ScannedCount"]
            start = answer.get("LastEvaluatedKey")
            if not start or len(items) >= limit:
                return items, start, read

    def query(self, query: dict[str, Any], start: Item | None) -> dict[str, Any]:
        """Ask once."""
        more = {"ExclusiveStartKey": start} if start else {}
        try:
            return self._client.query(**query, **more)
        except Exception as error:
            raise _told(error) from error

    def get(self, table: str, key: Item, consistent: bool = False) -> Item | None:
        """Give one item. ``consistent``: as the last write left it, for twice the price."""
        more = {"ConsistentRead": True} if consistent else {}
        try:
            return self._client.get_item(TableName=table, Key=key, **more).get("Item")
        except Exception as error:
            raise _told(error) from error


def _told(error: Exception) -> Exception:
    return StoreAwayError("the table does not answer") if is_transient(error) else error
