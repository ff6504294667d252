"""Counts the emulator's requests by caller and operation, where asked for: what AWS would have charged for.

With `SWIPELINE_COUNT_CALLS=1`, `GET /_swipeline/calls` answers {"calls": [{caller, service, operation, requests,
bytes_in, bytes_out}], "writes": {table: {puts, units}}}. A caller is a role's name, `root` (AWS's own services, and who
operates the laptop) or `anonymous` (API Gateway's senders). Write units are DynamoDB's: a kilobyte or the start of one,
twice that in a transaction. `DELETE` resets the counters. Counting reads DynamoDB's bodies, hence not always on.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

import orjson

from local.partiql import written_items

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CALLS_PATH = "/_swipeline/calls"
VERIFY_PATH = "/_swipeline/verify"
VARIABLE = "SWIPELINE_COUNT_CALLS"
_SERVICES = {
    "Kinesis_20131202": "kinesis",
    "DynamoDB_20120810": "dynamodb",
    "RedshiftData": "redshift-data",
}
_WRITES = frozenset({"PutItem", "BatchWriteItem", "TransactWriteItems", "BatchExecuteStatement", "UpdateItem"})


class Calls:
    """An ASGI application around another one."""

    def __init__(self, app: App, caller_of: Callable[[str], str]) -> None:
        self._app, self._caller_of = app, caller_of
        self._counts: dict[tuple[str, str, str], Counter[str]] = {}
        self._writes: dict[str, Counter[str]] = {}

    def report(self) -> dict[str, Any]:
        """What was counted since the last `DELETE`."""
        calls = [
            {"caller": caller, "service": service, "operation": operation, **count}
            for (caller, service, operation), count in sorted(self._counts.items())
        ]
        return {"calls": calls, "writes": {table: dict(count) for table, count in sorted(self._writes.items())}}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == CALLS_PATH:
            if scope["method"] == "DELETE":
                self._counts.clear()
                self._writes.clear()
            await answer(send, self.report())
        elif scope["path"] == VERIFY_PATH:  # a request to the Data API, whose server has its signature checked
            message = await receive()  # one: the door has read all of it
            inner = json.loads(message["body"])
            headers = {name.lower().encode(): value.encode() for name, value in inner["headers"]}
            await self._count(scope, _once(message), send, headers)
        else:
            await self._count(scope, receive, send, dict(scope["headers"]))

    async def _count(self, scope: Scope, receive: Receive, send: Send, headers: Mapping[bytes, bytes]) -> None:
        service, operation = identify(scope, headers)
        caller = self._caller_of(access_key_id(headers))
        called = caller, service, operation
        self._add(called, "requests", 1)
        body: list[bytes] = []

        async def counting_receive() -> MutableMapping[str, Any]:
            message = await receive()
            data = message.get("body", b"")
            self._add(called, "bytes_in", len(data))
            if service == "dynamodb" and operation in _WRITES:
                body.append(data)
                if not message.get("more_body"):
                    self._count_writes(operation, orjson.loads(b"".join(body)))
            return message

        async def counting_send(message: MutableMapping[str, Any]) -> None:
            self._add(called, "bytes_out", len(message.get("body", b"")))
            await send(message)

        await self._app(scope, counting_receive, counting_send)

    def _add(self, called: tuple[str, str, str], name: str, amount: int) -> None:
        # Looked up each time: a subscription is answered for minutes, and the counters may be reset meanwhile.
        self._counts.setdefault(called, Counter())[name] += amount

    def _count_writes(self, operation: str, request: Mapping[str, Any]) -> None:
        for table, item, factor in written(operation, request):
            count = self._writes.setdefault(table, Counter())
            count["puts"] += 1
            count["units"] += factor * math.ceil(item_bytes(item) / 1024)
            count["bytes"] += item_bytes(item)


def _once(message: MutableMapping[str, Any]) -> Receive:
    async def receive() -> MutableMapping[str, Any]:
        return message

    return receive


async def answer(send: Send, content: Any) -> None:
    """Send JSON."""
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(HTTPStatus.OK), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def identify(scope: Scope, headers: Mapping[bytes, bytes]) -> tuple[str, str]:
    """Service and operation of a request."""
    prefix, dot, operation = headers.get(b"x-amz-target", b"").decode("latin-1").partition(".")
    if dot:
        return _SERVICES.get(prefix, prefix), operation
    path, method = scope["path"], scope["method"]
    if "/_user_request_/" in path:
        return "apigateway", f"{method} /{path.rpartition('/')[2]}"
    if path.startswith("/2015-03-31/functions/") and path.endswith("/invocations"):
        return "lambda", f"Invoke {path.split('/')[3].rpartition(':')[2]}"
    signed = headers.get(b"authorization", b"").decode("latin-1")
    service = signed.split("/")[3] if signed.count("/") >= 4 else "other"
    return service, method


def access_key_id(headers: Mapping[bytes, bytes]) -> str:
    """Whose signature a request bears; empty: nobody's."""
    signed = headers.get(b"authorization", b"").decode("latin-1")
    return signed.partition("Credential=")[2].partition("/")[0]


def written(operation: str, request: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any], int]]:
    """Table, item and the factor of its write units for each item that a request writes."""
    if operation == "BatchWriteItem":
        return [
            (table, one["PutRequest"]["Item"], 1)
            for table, many in request["RequestItems"].items()
            for one in many
            if "PutRequest" in one
        ]
    if operation == "TransactWriteItems":
        puts = [one["Put"] for one in request["TransactItems"] if "Put" in one]
        return [(put["TableName"], put["Item"], 2) for put in puts]
    if operation == "BatchExecuteStatement":
        return [(table, item, 1) for table, item in written_items(request)]
    return [(request["TableName"], request.get("Item") or request["Key"], 1)]


def item_bytes(item: Mapping[str, Any]) -> int:
    """The size that DynamoDB charges for.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        digits = content.lstrip("-").replace(".", "").strip("0")
        return math.ceil(len(digits) / 2) + 1 + content.startswith("-")
    if kind == "B":
        return len(content) * 3 // 4
    if kind == "L":
        return 3 + sum(1 + _value_bytes(one) for one in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_bytes(one) for name, one in content.items())
    if kind in ("SS", "NS", "BS"):
        return sum(len(one.encode()) for one in content)
    return 1  # BOOL, NULL
