"""The two tables in memory, as far as query-transactions reads them: Query's order, limits, 1 MB pages and cursors."""

from __future__ import annotations

import re
from bisect import insort
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from fraud.serving.alert_item import COUNT
from shared.sinks.consumer import Line, Position
from shared.sinks.item import Item, to_item
from shared.sinks.merchants import Merchants
from shared.transaction.schema import Transaction
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.faults import client_error
from tests.unit.fakes.shapes import obeys

ARRIVED = datetime(2020, 6, 21, tzinfo=UTC)
KEYS = {  # by index, and by table where it is none
    "transactions": ("card_id", "time_id"),
    "merchant-time": ("merchant_bucket", "time_id"),
    "transaction-id": ("transaction_id", "time_id"),
    "merchants": ("part", "sort"),
    "day-time": ("day", "time_id"),
    "card-time": ("card_id", "time_id"),
    "status-time": ("status", "time_id"),
}
PRIMARY = {
    "transactions": ("card_id", "time_id"),
    "merchants": ("part", "sort"),
    "alerts": ("transaction_id",),
    "profiles": ("card_id",),
    "risk": ("id",),
}
INDEXES = {
    "transactions": ("transactions", "merchant-time", "transaction-id"),
    "merchants": ("merchants",),
    "alerts": ("day-time", "card-time", "status-time"),
}


@obeys("dynamodb")
class FakeTables:
    """Answers query, get_item and batch_write_item; ``page`` items at most per answer stand for the 1 MB."""

    def __init__(self, page: int = 7) -> None:
        self.page = page
        self.stored: dict[str, dict[tuple[str, ...], Item]] = {name: {} for name in PRIMARY}
        self.sorted: dict[str, dict[str, list[tuple[str, ...]]]] = defaultdict(lambda: defaultdict(list))
        self.queries: list[dict[str, Any]] = []

    def fill(self, transactions: list[Transaction]) -> FakeTables:
        """Store transactions and their merchants, as write-to-dynamodb does."""
        for one in transactions:
            self._put("transactions", to_item(one))
        lines = [Line(Position("shard", str(n), "00", ARRIVED), one) for n, one in enumerate(transactions)]
        assert Merchants(self, "merchants", threads=1).unlisted(lines, FakeClock().budget(60)) == ([], 0)
        return self

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        ((table, requests),) = RequestItems.items()
        assert len(requests) <= 25
        for request in requests:
            self._put(table, request["PutRequest"]["Item"])
        return {"UnprocessedItems": {}}

    def fill_alerts(self, items: list[Item]) -> FakeTables:
        """Store alerts."""
        for item in items:
            self._put("alerts", item)
        return self

    def update_item(self, **asked: Any) -> dict[str, Any]:
        """The updates of fraud.serving.verdicts, and of fraud.serving.risks."""
        if asked["TableName"] == "risk":
            assert asked["UpdateExpression"] == "SET risk = :risk, risk_version = :version"
            values = asked["ExpressionAttributeValues"]
            named = asked["Key"] | {"risk": values[":risk"], "risk_version": values[":version"]}
            self.stored["risk"][(asked["Key"]["id"]["S"],)] = named
            return {}
        key = (asked["Key"]["transaction_id"]["S"],)
        there, values = self.stored["alerts"].get(key), asked["ExpressionAttributeValues"]
        condition = asked["ConditionExpression"]
        assert condition.startswith("attribute_exists(transaction_id) AND ")
        count = there.get(COUNT) if there else None
        met = count is None if condition.endswith("attribute_not_exists(#count)") else count == values[":known"]
        if there is None or not met:
            raise client_error("UpdateItem", "ConditionalCheckFailedException", 400)
        history = there.get("verdicts", values[":none"])["L"] + values[":said"]["L"]
        finding = {"status": values[":finding"], "verdict": values[":finding"], "verdict_at": values[":at"]}
        item = there | finding | {COUNT: values[":now"], "verdicts": {"L": history}}
        self.stored["alerts"][key] = item
        time_id = item["time_id"]["S"]
        self.sorted["status-time"][there["status"]["S"]].remove((time_id, *key))
        insort(self.sorted["status-time"][item["status"]["S"]], (time_id, *key))
        return {"Attributes": item}

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> dict[str, Any]:
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
        shown = taken
        if "FilterExpression" in asked:
            assert asked["FilterExpression"] == "#status = :status"
            shown = [item for item in taken if item["status"]["S"] == values[":status"]]
        answer: dict[str, Any] = {"Items": shown, "Count": len(shown), "ScannedCount": len(taken)}
        if len(taken) == most:  # as DynamoDB does, also when nothing follows
            names = {hash_name, range_name, *PRIMARY[table]}
            answer["LastEvaluatedKey"] = {name: taken[-1][name] for name in names}
        return answer

    def _put(self, table: str, item: Item) -> None:
        key = tuple(item[name]["S"] for name in PRIMARY[table])
        if key not in self.stored[table]:
            for index in INDEXES[table]:
                hash_name, range_name = KEYS[index]
                insort(self.sorted[index][item[hash_name]["S"]], (item[range_name]["S"], *key))
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
