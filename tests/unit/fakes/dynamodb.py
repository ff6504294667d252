"""A DynamoDB table in memory, with the limits of its bulk calls, unprocessed items and statements that are refused."""

from __future__ import annotations

import re
from threading import Lock
from typing import Any

from tests.unit.fakes.faults import Fault, Plan, client_error
from tests.unit.fakes.shapes import obeys

_INSERT = re.compile(r"INSERT INTO \"[\w-]+\" VALUE \{(.*)\}")
_TERM = re.compile(r"(attribute_not_exists\((#?\w+)\))|(#\w+) = (:\w+)")


@obeys("dynamodb")
class FakeTable:
    """Holds items by (card_id, time_id); counts the puts, so that needless ones are seen."""

    def __init__(self, faults: list[Fault] | None = None, always: Fault | None = None) -> None:
        self.plan = Plan(faults or [], always)
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls: list[int] = []
        self.puts = 0
        self._lock = Lock()

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        ((table, requests),) = RequestItems.items()
        items = [request["PutRequest"]["Item"] for request in requests]
        keys = [(item["card_id"]["S"], item["time_id"]["S"]) for item in items]
        if not 1 <= len(items) <= 25 or len(set(keys)) < len(keys) or not all(card and time for card, time in keys):
            raise client_error("BatchWriteItem", "ValidationException", 400)
        with self._lock:
            self.calls.append(len(items))
        fault = self.plan.next("BatchWriteItem")
        refused = [request for index, request in enumerate(requests) if fault.refuses(index)]
        if len(refused) == len(requests):
            # "If none of the items can be processed due to insufficient throughput, then BatchWriteItem throws."
            raise client_error("BatchWriteItem", "ProvisionedThroughputExceededException", 400)
        with self._lock:
            for index, (key, item) in enumerate(zip(keys, items, strict=True)):
                if not fault.refuses(index):
                    self.items[key] = item
                    self.puts += 1
        self.plan.end(fault)
        return {"UnprocessedItems": {table: refused} if refused else {}}

    def batch_execute_statement(self, *, Statements: list[dict[str, Any]]) -> dict[str, Any]:
        """INSERTs alone: each fails by itself where its key has an item, or by plan."""
        items = [inserted(one["Statement"], one["Parameters"]) for one in Statements]
        if not 1 <= len(items) <= 25:
            raise client_error("BatchExecuteStatement", "ValidationException", 400)
        with self._lock:
            self.calls.append(len(items))
        fault = self.plan.next("BatchExecuteStatement")
        responses: list[dict[str, Any]] = []
        with self._lock:
            for index, item in enumerate(items):
                key = (item["card_id"]["S"], item["time_id"]["S"])
                if fault.refuses(index):
                    responses.append({"Error": {"Code": "ThrottlingError"}})
                elif key in self.items:
                    responses.append({"Error": {"Code": "DuplicateItem"}})
                else:
                    self.items[key] = item
                    self.puts += 1
                    responses.append({})
        self.plan.end(fault)
        return {"Responses": responses}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        ((table, asked),) = RequestItems.items()
        fault = self.plan.next("BatchGetItem")
        left = [key for index, key in enumerate(asked["Keys"]) if fault.refuses(index)]
        keys = [(key["card_id"]["S"], key["time_id"]["S"]) for key in asked["Keys"] if key not in left]
        self.plan.end(fault)
        found = {table: [dict(self.items[key]) for key in keys if key in self.items]}
        return {"Responses": found, "UnprocessedKeys": {table: {"Keys": left}} if left else {}}

    def put_item(
        self,
        *,
        TableName: str,
        Item: dict[str, Any],
        ConditionExpression: str,
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        fault = self.plan.next("PutItem")
        names, values = ExpressionAttributeNames or {}, ExpressionAttributeValues or {}
        key = (Item["card_id"]["S"], Item["time_id"]["S"])
        with self._lock:
            there = self.items.get(key, {})
            for term in ConditionExpression.split(" AND "):
                match = _TERM.fullmatch(term)
                assert match, term
                if match[1]:
                    holds = names.get(match[2], match[2]) not in there
                else:
                    holds = there.get(names[match[3]]) == values[match[4]]
                if not holds:
                    raise client_error("PutItem", "ConditionalCheckFailedException", 400)
            self.items[key] = Item
            self.puts += 1
        self.plan.end(fault)
        return {}


def inserted(statement: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """The item of an INSERT with parameters."""
    match = _INSERT.fullmatch(statement)
    assert match, statement
    names = [part.split(":")[0].strip().strip("'") for part in match[1].split(",")]
    return dict(zip(names, parameters, strict=True))
