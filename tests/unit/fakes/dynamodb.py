"""A DynamoDB table in memory, with BatchWriteItem's limits and unprocessed items."""

from __future__ import annotations

from threading import Lock
from typing import Any

from tests.unit.fakes.faults import Fault, Plan, client_error
from tests.unit.fakes.shapes import obeys


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
