"""Reads the tables: by card and time, by merchant and time, by transaction, and merchants by the start of their name.

Every read is eventually consistent: half the price, and a GSI offers nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from functions.query_transactions.pager import Found, Pager, ReadClient
from shared.sinks.item import Item, merchant_bucket
from shared.sinks.merchants import folded, months_part, name_part
from shared.window import Window

MERCHANT_INDEX = "merchant-time"
TRANSACTION_INDEX = "transaction-id"
NOWHERE: Item = {"card_id": {"S": "health"}, "time_id": {"S": "health"}}


class Asked(NamedTuple):
    """A query for transactions: of one card, or of one merchant, within a window, in one order."""

    kind: str  # card or merchant
    ids: tuple[str, ...]  # the card's, one for each key that it has had, the newest first; or the one merchant_id
    window: Window
    newest_first: bool

    def words(self) -> list[str]:
        """Give what a cursor is bound to: of a card its oldest id, so that a new key ends no cursor.

        The limit is not part of it: a page may be followed by a larger one.
        """
        return [self.kind, self.ids[-1], *self.window, str(self.newest_first)]


class Reader:
    """The two tables, for reading."""

    def __init__(self, client: ReadClient, table: str, merchants: str) -> None:
        self._pager, self._table, self._merchants = Pager(client), table, merchants

    def transactions(self, asked: Asked, limit: int, position: list[str] | None) -> Found:
        """Give a page of at most ``limit``. A page with a position may be the last: DynamoDB only knows at its end."""
        if asked.window.empty:
            return Found([], None, 0)
        if asked.kind == "card":
            return self._of_card(asked, limit, position[0] if position else None)
        return self._of_merchant(asked, limit, position)

    def transaction(self, transaction_id: str) -> Item | None:
        """Give the transaction of an id: the earliest, should a sender have used it twice."""
        items, _, _ = self._pager.page(
            {
                "TableName": self._table,
                "IndexName": TRANSACTION_INDEX,
                "KeyConditionExpression": "transaction_id = :id",
                "ExpressionAttributeValues": {":id": {"S": transaction_id}},
            },
            1,
        )
        if not items:
            return None
        return self._pager.get(self._table, {name: items[0][name] for name in ("card_id", "time_id")})

    def of_card_at(self, card_id: str, occurred_at: str, transaction_id: str) -> Item | None:
        """Give the transaction of a card at a moment, by its id: all three are known of an alert's."""
        key = {"card_id": {"S": card_id}, "time_id": {"S": f"{occurred_at}#{transaction_id}"}}
        return self._pager.get(self._table, key)

    def merchants(self, prefix: str, limit: int, position: list[str] | None) -> Found:
        """Give merchants whose name starts so, sorted by name; each spelling that was seen is one."""
        start = folded(prefix)
        if not start:
            return Found([], None, 0)
        part = {"S": name_part(start)}
        query = {
            "TableName": self._merchants,
            "KeyConditionExpression": "#part = :part AND begins_with(#sort, :start)",
            "ExpressionAttributeNames": {"#part": "part", "#sort": "sort"},
            "ExpressionAttributeValues": {":part": part, ":start": {"S": start}},
        }
        after = {"part": part, "sort": {"S": position[0]}} if position else None
        items, last, read = self._pager.page(query, limit, after)
        return Found(items, [last["sort"]["S"]] if last else None, read)

    def check(self) -> None:
        """Ask for an item that is not there: half a read unit. Raises StoreAwayError if the table does not answer."""
        self._pager.get(self._table, NOWHERE)

    def _of_card(self, asked: Asked, limit: int, after: str | None) -> Found:
        """Merge the transactions that a card has under each of its ids: at most ``limit`` of each are needed."""
        found: dict[str, Item] = {}
        more, read = False, 0
        for card_id in asked.ids:
            start = {"card_id": {"S": card_id}, "time_id": {"S": after}} if after else None
            items, last, scanned = self._pager.page(self._card_query(asked, card_id), limit, start)
            for item in items:  # the same one twice: it was resent around the change of the key
                found.setdefault(item["time_id"]["S"], item)
            more, read = more or last is not None, read + scanned
        order = sorted(found, reverse=asked.newest_first)
        given = order[:limit]
        return Found([found[time_id] for time_id in given], given[-1:] if more or len(order) > limit else None, read)

    def _of_merchant(self, asked: Asked, limit: int, position: list[str] | None) -> Found:
        """Go through the buckets that hold anything, in order, until the page is full."""
        items: list[Item] = []
        read = 0
        for month in self._months(asked, position[0] if position else None):
            if len(items) == limit:
                return Found(items, [month], read)
            start = None
            if position and len(position) == 3 and position[0] == month:
                start = _merchant_key(asked, *position)
            more, last, scanned = self._pager.page(self._merchant_query(asked, month), limit - len(items), start)
            items += more
            read += scanned
            if last:
                return Found(items, [month, last["time_id"]["S"], last["card_id"]["S"]], read)
        return Found(items, None, read)

    def _months(self, asked: Asked, start: str | None) -> Iterator[str]:
        """Give the merchant's months within the window, in the order asked for, from the one where the page starts."""
        first, last = asked.window.first_month, asked.window.last_month
        if start:
            first, last = (first, start) if asked.newest_first else (start, last)
        if first == last:
            yield first
            return
        query = {
            "TableName": self._merchants,
            "KeyConditionExpression": "#part = :part AND #sort BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#part": "part", "#sort": "sort"},
            "ExpressionAttributeValues": {
                ":part": {"S": months_part(asked.ids[0])},
                ":first": {"S": first},
                ":last": {"S": last},
            },
            "ScanIndexForward": not asked.newest_first,
        }
        start_key: Item | None = None
        while True:
            answer = self._pager.query(query, start_key)
            yield from (item["sort"]["S"] for item in answer["Items"])
            start_key = answer.get("LastEvaluatedKey")
            if not start_key:
                return

    def _card_query(self, asked: Asked, card_id: str) -> dict[str, Any]:
        return {"TableName": self._table, **_within(asked, "card_id", card_id)}

    def _merchant_query(self, asked: Asked, month: str) -> dict[str, Any]:
        within = _within(asked, "merchant_bucket", merchant_bucket(asked.ids[0], month))
        return {"TableName": self._table, "IndexName": MERCHANT_INDEX, **within}


def _within(asked: Asked, attribute: str, value: str) -> dict[str, Any]:
    return {
        "KeyConditionExpression": f"{attribute} = :id AND time_id BETWEEN :begin AND :end",
        "ExpressionAttributeValues": {
            ":id": {"S": value},
            ":begin": {"S": asked.window.begin},
            ":end": {"S": asked.window.end},
        },
        "ScanIndexForward": not asked.newest_first,
    }


def _merchant_key(asked: Asked, month: str, time_id: str, card_id: str) -> Item:
    bucket = {"S": merchant_bucket(asked.ids[0], month)}
    return {"merchant_bucket": bucket, "time_id": {"S": time_id}, "card_id": {"S": card_id}}
