"""The two tables in memory, as far as query-transactions reads them: Query's order, limits, 1 MB pages and cursors."""

from __future__ import annotations

import re
from bisect import insort
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from shared.sinks.consumer import Line, Position
from shared.sinks.item import Item, to_item
from shared.sinks.merchants import Merchants
from shared.transaction.schema import Transaction
from tests.unit.fakes.clock import FakeClock

ARRIVED = datetime(2020, 6, 21, tzinfo=UTC)
KEYS = {  # by index, and by table where it is none
    "transactions": ("card_id", "time_id"),
    "merchant-time": ("merchant_bucket", "time_id"),
    "transaction-id": ("transaction_id", "time_id"),
    "merchants": ("part", "sort"),
}
PRIMARY = {"transactions": ("card_id", "time_id"), "merchants": ("part", "sort")}


class FakeTables:
    """Answers query, get_item and batch_write_item; ``page`` items at most per answer stand for the 1 MB."""

    def __init__(self, page: int = 7) -> None:
        self.page = page
        self.stored: dict[str, dict[tuple[str, ...], Item]] = {"transactions": {}, "merchants": {}}
        self.sorted: dict[str, dict[str, list[tuple[str, str, str]]]] = defaultdict(lambda: defaultdict(list))
        self.queries: list[dict[str, Any]] = []

    def fill(self, transactions: list[Transaction]) -> FakeTables:
        """Store transactions and their merchants, as write-to-dynamodb does."""
        for one in transactions:
            self._put("transactions", to_item(one))
        lines = [Line(Position("shard", str(n), "00", ARRIVED), one) for n, one in enumerate(transactions)]
        assert Merchants(self, "merchants", threads=1).unlisted(lines, FakeClock().budget(60)) == []
        return self

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        ((table, requests),) = RequestItems.items()
        assert len(requests) <= 25
        for request in requests:
            self._put(table, request["PutRequest"]["Item"])
        return {"UnprocessedItems": {}}

    def get_item(self, *, TableName: str, Key: Item) -> dict[str, Any]:
        found = self.stored[TableName].get(tuple(Key[name]["S"] for name in PRIMARY[TableName]))
        return {"Item": found} if found else {}

    def query(self, **asked: Any) -> dict[str, Any]:
        self.queries.append(asked)
        table, index = asked["TableName"], asked.get("IndexName", asked["TableName"])
        hash_name, range_name = KEYS[index]
        values = {name: value["S"] for name, value in asked["ExpressionAttributeValues"].items()}
        condition = asked["KeyConditionExpression"]
        for name, meant in asked.get("ExpressionAttributeNames", {}).items():
            condition = condition.replace(name, meant)
        parts = re.fullmatch(rf"{hash_name} = (:\w+)(?: AND (.+))?", condition)
        assert parts, condition
        entries = self.sorted[index][values[parts[1]]]
        entries = [entry for entry in entries if _within(entry[0], range_name, parts[2], values)]
        if not asked.get("ScanIndexForward", True):
            entries = entries[::-1]
        start = asked.get("ExclusiveStartKey")
        if start:
            assert set(start) == {hash_name, range_name, *PRIMARY[table]}
            assert start[hash_name]["S"] == values[parts[1]]
            mark = (start[range_name]["S"], *(start[name]["S"] for name in PRIMARY[table]))
            forward = asked.get("ScanIndexForward", True)
            entries = [entry for entry in entries if (entry > mark if forward else entry < mark)]
        most = min(asked.get("Limit", self.page), self.page)
        assert most >= 1
        taken = [self.stored[table][entry[1:]] for entry in entries[:most]]
        answer: dict[str, Any] = {"Items": taken, "Count": len(taken), "ScannedCount": len(taken)}
        if len(taken) == most:  # as DynamoDB does, also when nothing follows
            names = {hash_name, range_name, *PRIMARY[table]}
            answer["LastEvaluatedKey"] = {name: taken[-1][name] for name in names}
        return answer

    def _put(self, table: str, item: Item) -> None:
        key = tuple(item[name]["S"] for name in PRIMARY[table])
        if key not in self.stored[table]:
            indexes = ("transactions", "merchant-time", "transaction-id") if table == "transactions" else ("merchants",)
            for index in indexes:
                hash_name, range_name = KEYS[index]
                insort(self.sorted[index][item[hash_name]["S"]], (item[range_name]["S"], *key))  # type: ignore[arg-type]
        self.stored[table][key] = item


def _within(value: str, range_name: str, condition: str | None, values: dict[str, str]) -> bool:
    if condition is None:
        return True
    if between := re.fullmatch(rf"{range_name} BETWEEN (:\w+) AND (:\w+)", condition):
        low, high = values[between[1]], values[between[2]]
        assert low <= high, "DynamoDB: the BETWEEN operator requires upper bound to be at least the lower bound"
        return low <= value <= high
    prefix = re.fullmatch(rf"begins_with\({range_name}, (:\w+)\)", condition)
    assert prefix, condition
    return value.startswith(values[prefix[1]])
