"""Counting calls: who asked for what, how many bytes, and how many write units DynamoDB would charge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from local.calls import CALLS_PATH, Calls, item_bytes, written

Message = MutableMapping[str, Any]


async def app(scope: Message, receive: Any, send: Any) -> None:
    """Reads the body whole, as MiniStack does, and answers five bytes."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def ask(calls: Calls, method: str, path: str, body: list[bytes], **headers: str) -> bytes:
    """One request; gives the body of its answer."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }
    parts = iter([{"body": part, "more_body": number + 1 < len(body)} for number, part in enumerate(body)])
    sent = []

    async def receive() -> Message:
        return next(parts)

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    asyncio.run(calls(scope, receive, send))
    return b"".join(sent)


@pytest.fixture
def calls() -> Calls:
    return Calls(app, lambda key: {"": "anonymous", "ASIA1": "swipeline-local-writer"}.get(key, "root"))


SIGNED = "AWS4-HMAC-SHA256 Credential=ASIA1/20261124/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def counted(calls: Calls) -> Any:
    return json.loads(ask(calls, "GET", CALLS_PATH, [b""]))


def test_a_call_is_counted_by_caller_service_and_operation(calls: Calls) -> None:
    for _ in range(2):
        signed = SIGNED.format("kinesis")
        ask(calls, "POST", "/", [b"1234"], x_amz_target="Kinesis_20131202.PutRecords", authorization=signed)
    ask(calls, "PUT", "/lake/key", [b"12", b"345"], authorization=SIGNED.format("s3"))
    ask(calls, "POST", "/restapis/x/local/_user_request_/transactions", [b"[]"])
    found = {(c["caller"], c["service"], c["operation"]): c for c in counted(calls)["calls"]}
    assert set(found) == {
        ("swipeline-local-writer", "kinesis", "PutRecords"),
        ("swipeline-local-writer", "s3", "PUT"),
        ("anonymous", "apigateway", "POST /transactions"),
    }
    put = found["swipeline-local-writer", "kinesis", "PutRecords"]
    assert (put["requests"], put["bytes_in"], put["bytes_out"]) == (2, 8, 10)
    assert found["swipeline-local-writer", "s3", "PUT"]["bytes_in"] == 5
    ask(calls, "DELETE", CALLS_PATH, [b""])
    assert counted(calls) == {"calls": [], "writes": {}}


def test_write_units_are_kilobytes_rounded_up_by_table_twice_in_a_transaction(calls: Calls) -> None:
    small, large = {"k": {"S": "x" * 500}}, {"k": {"S": "x" * 1500}}
    batch = {"RequestItems": {"t": [{"PutRequest": {"Item": small}}, {"PutRequest": {"Item": large}}]}}
    transaction = {"TransactItems": [{"Put": {"TableName": "p", "Item": small}}]}
    statements = [
        {"Statement": "INSERT INTO \"s\" VALUE {'k': ?}", "Parameters": [large["k"]]},
        {
            "Statement": 'UPDATE "s" SET "v" = ? WHERE "k" = ? AND "v" = ?',
            "Parameters": [large["k"], *[small["k"]] * 2],
        },
        {"Statement": "no statement"},
    ]
    for operation, request in (
        ("BatchWriteItem", batch),
        ("TransactWriteItems", transaction),
        ("BatchExecuteStatement", {"Statements": statements}),
    ):
        body = json.dumps(request).encode()
        ask(calls, "POST", "/", [body[:20], body[20:]], x_amz_target=f"DynamoDB_20120810.{operation}")
    writes = counted(calls)["writes"]
    assert writes["t"] == {"puts": 2, "units": 3, "bytes": 2002}
    assert (writes["p"]["puts"], writes["p"]["units"]) == (1, 2)
    assert writes["s"] == {"puts": 2, "units": 4, "bytes": 1501 + 2002}


def test_an_items_size_is_names_and_values_as_dynamodb_counts_them() -> None:
    item = {"ab": {"S": "é"}, "n": {"N": "-12.50"}, "t": {"BOOL": True}, "l": {"L": [{"S": "xy"}]}, "b": {"B": "AAAA"}}
    assert item_bytes(item) == (2 + 2) + (1 + 4) + (1 + 1) + (1 + 3 + 1 + 2) + (1 + 3)


def test_other_writes_count_too() -> None:
    assert written("PutItem", {"TableName": "t", "Item": {"k": {"S": "v"}}}) == [("t", {"k": {"S": "v"}}, 1)]
    assert written("UpdateItem", {"TableName": "t", "Key": {"k": {"S": "v"}}})[0][0] == "t"
