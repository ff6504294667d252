"""Reads the alerts table: the newest first, of all cards or one, of any status or one; and one alert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from functions.query_transactions.pager import Found, Pager, ReadClient
from shared.sinks.item import Item
from shared.window import FIRST, LAST, Window

DAY_INDEX, CARD_INDEX, STATUS_INDEX = "day-time", "card-time", "status-time"
DEFAULT_DAYS = 30  # of a list of all cards and statuses, where nobody says since when
MOST_DAYS = 92  # a query per day: a window of a quarter takes less than half a second


class AlertsAsked(NamedTuple):
    """A query for alerts, by the time they were raised."""

    card_id: str | None
    status: str | None
    window: Window

    def words(self) -> list[str]:
        """Give what a cursor is bound to."""
        return ["alerts", self.card_id or "", self.status or "", *self.window]


class WindowTooLongError(ValueError):
    """The list of all cards and statuses goes by days, and not by that many."""


class AlertReader:
    """The alerts table, for reading."""

    def __init__(self, client: ReadClient, table: str) -> None:
        self._pager, self._table = Pager(client), table

    def alert(self, alert_id: str) -> Item | None:
        """Give one alert as the last verdict left it."""
        return self._pager.get(self._table, {"transaction_id": {"S": alert_id}}, consistent=True)

    def alerts(self, asked: AlertsAsked, limit: int, position: list[str] | None, now: datetime) -> Found:
        """Give a page, the newest first. ``position`` is the last item's time_id, and since when, on earlier pages.

        Raises WindowTooLongError, StoreAwayError.
        """
        if asked.window.empty:
            return Found([], None, 0)
        begin, end = asked.window
        if position:
            end, begin = position
        elif not (asked.card_id or asked.status):
            begin, end = _days_window(asked.window, now)
            if begin >= end:
                return Found([], None, 0)
        items: list[Item] = []
        read = 0
        for hash_value in self._partitions(asked, begin, end):
            query, key = self._query(asked, hash_value, begin, end)
            more, last, scanned = self._pager.page(query, limit - len(items), key if position else None)
            items += more
            read += scanned
            if len(items) == limit and (last or not (asked.card_id or asked.status)):
                return Found(items, [items[-1]["time_id"]["S"], begin], read)
        return Found(items, None, read)

    def _partitions(self, asked: AlertsAsked, begin: str, end: str) -> Iterator[str]:
        """Give the index's partitions that hold what is asked for, in its order."""
        if asked.card_id or asked.status:
            yield asked.card_id or asked.status or ""
            return
        first, last = (date.fromisoformat(bound[:10]).toordinal() for bound in (begin, end))
        for day in range(last, first - 1, -1):
            yield date.fromordinal(day).isoformat()

    def _query(self, asked: AlertsAsked, hash_value: str, begin: str, end: str) -> tuple[dict[str, Any], Item | None]:
        """Give a partition's query, and the key after which it goes on if the page before ended within it."""
        index, name = DAY_INDEX, "day"
        if asked.card_id:
            index, name = CARD_INDEX, "card_id"
        elif asked.status:
            index, name = STATUS_INDEX, "status"
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": index,
            "KeyConditionExpression": "#key = :key AND time_id BETWEEN :begin AND :end",
            "ExpressionAttributeNames": {"#key": name},
            "ExpressionAttributeValues": {":key": {"S": hash_value}, ":begin": {"S": begin}, ":end": {"S": end}},
            "ScanIndexForward": False,
        }
        if asked.card_id and asked.status:  # of the few alerts that a card has
            query["FilterExpression"] = "#status = :status"
            query["ExpressionAttributeNames"] = {"#key": name, "#status": "status"}
            query["ExpressionAttributeValues"] |= {":status": {"S": asked.status}}
        moment, _, transaction_id = end.partition("#")
        if not transaction_id or (index == DAY_INDEX and moment[:10] != hash_value):
            return query, None
        return query, {
            name: {"S": hash_value},
            "time_id": {"S": end},
            "transaction_id": {"S": transaction_id},
        }


def _days_window(window: Window, now: datetime) -> tuple[str, str]:
    """Give bounds that are moments: none but the last month without a begin, and nothing after tomorrow."""
    tomorrow = (now.astimezone(UTC).replace(tzinfo=None) + timedelta(days=1)).isoformat(timespec="milliseconds") + "Z"
    end = min(window.end if window.end != LAST else tomorrow, tomorrow)
    begin = window.begin
    if begin == FIRST:
        last = date.fromisoformat(end[:10])
        begin = f"{last - min(timedelta(days=DEFAULT_DAYS), last - date.min)}{end[10:]}"
    if (date.fromisoformat(end[:10]) - date.fromisoformat(begin[:10])).days > MOST_DAYS:
        raise WindowTooLongError
    return begin, end
