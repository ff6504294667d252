"""AWS/DynamoDB: consumed capacity, latency, throttles and errors, per table and operation.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
Capacity is what MiniStack computes for ReturnConsumedCapacity, which is asked for in the caller's stead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson

from local.cloudwatch.faults import Faults
from local.cloudwatch.observe.recorder import Recorder, count, milliseconds
from local.cloudwatch.replacing import replace
from local.partiql import targets

Answer = tuple[int, Any, bytes]
READS = ("get_item", "query", "batch_get_item", "transact_get_items", "scan")
WRITES = (
    "put_item",
    "update_item",
    "delete_item",
    "batch_write_item",
    "transact_write_items",
    "batch_execute_statement",
)
_THROTTLES = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")
_CONDITIONS = ("ConditionalCheckFailed", "DuplicateItem")  # of a statement in a batch


class Tables:
    """Watches the operations on items."""

    def __init__(self, dynamodb: Any, recorder: Recorder, faults: Faults) -> None:
        self._dynamodb, self._recorder, self._faults = dynamodb, recorder, faults

    def observe(self) -> None:
        """Put it in place."""
        for name in (*READS, *WRITES):
            call = getattr(self._dynamodb, f"_{name}")
            replace(self._dynamodb, f"_{name}", self._watched(call, name, name in WRITES))

    def _watched(self, call: Callable[[Any], Answer], name: str, writes: bool) -> Callable[[Any], Answer]:
        operation = "".join(part.title() for part in name.split("_"))

        def watched(data: Any) -> Answer:
            # A scan's pages are large, and reading them again to take the number out would cost more than the scan.
            hidden = name != "scan" and data.get("ReturnConsumedCapacity", "NONE") == "NONE"
            if hidden:
                data = data | {"ReturnConsumedCapacity": "TOTAL"}
            start = time.perf_counter()
            answer = self._faults.answer("dynamodb", operation) or call(data)
            took = time.perf_counter() - start
            if answer[0] != 200:
                self._failed(data, answer, operation, writes)
                return answer
            return self._succeeded(data, answer, operation, writes, took, hidden)

        return watched

    def _succeeded(self, data: Any, answer: Answer, operation: str, writes: bool, took: float, hidden: bool) -> Answer:
        for table in tables_of(data):
            self._recorder.record(
                {"SuccessfulRequestLatency": milliseconds(took)}, {"TableName": table, "Operation": operation}
            )
        if operation == "Scan":
            return answer
        body = orjson.loads(answer[2])
        for one in body.get("Responses", []) if operation == "BatchExecuteStatement" else ():
            if one.get("Error", {}).get("Code") in _CONDITIONS:
                self._recorder.record({"ConditionalCheckFailedRequests": count()}, {"TableName": one["TableName"]})
        consumed = body.pop("ConsumedCapacity", None) if hidden else body.get("ConsumedCapacity")
        kind = "ConsumedWriteCapacityUnits" if writes else "ConsumedReadCapacityUnits"
        for entry in consumed if isinstance(consumed, list) else [consumed] if consumed else []:
            units = float(entry.get("CapacityUnits") or 0)
            self._recorder.record({kind: (units, "Count")}, {"TableName": entry["TableName"]})
        if not hidden or consumed is None:
            return answer
        encoded = orjson.dumps(body)
        headers = dict(answer[1])
        for header in list(headers):
            if header.lower() in ("x-amz-crc32", "content-length"):
                del headers[header]  # of the body as it was
        return answer[0], headers, encoded

    def _failed(self, data: Any, answer: Answer, operation: str, writes: bool) -> None:
        code = str(orjson.loads(answer[2]).get("__type", "")).rsplit("#", 1)[-1]
        for table in tables_of(data):
            names = {"TableName": table, "Operation": operation}
            if code in _THROTTLES:
                self._recorder.record({"ThrottledRequests": count()}, names)
                kind = "WriteThrottleEvents" if writes else "ReadThrottleEvents"
                self._recorder.record({kind: count()}, {"TableName": table})
            elif answer[0] >= 500:
                self._recorder.record({"SystemErrors": count()}, names)
            elif code == "ConditionalCheckFailedException":
                self._recorder.record({"ConditionalCheckFailedRequests": count()}, {"TableName": table})
            else:
                self._recorder.record({"UserErrors": count()}, {})


def tables_of(data: dict[str, Any]) -> list[str]:
    """The tables that a request names."""
    if data.get("TableName"):
        return [str(data["TableName"])]
    items = data.get("RequestItems")
    if isinstance(items, dict):
        return list(items)
    if data.get("Statements"):
        return sorted({target.table for target in targets(data)})
    actions = [action for item in data.get("TransactItems") or [] for action in item.values()]
    named = {action.get("TableName") for action in actions}
    return sorted(str(name) for name in named if name)
