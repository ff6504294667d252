"""Bulk writes with a body of our own: AWS gets what botocore's serialiser would have sent, signed, and repeats too."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from shared.prepared import with_prepared_puts, with_prepared_writes
from shared.sinks.item import to_item
from tests.unit.fakes.rows import transaction


class Raw:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Any:
        yield self.content


Client = Callable[..., tuple[Any, list[AWSPreparedRequest]]]


@pytest.fixture
def client() -> Client:
    """``client(status, ...)``: a client of DynamoDB that gets these answers, and the requests it has made."""

    def make(*statuses: int, attempts: int = 1, service: str = "dynamodb") -> tuple[Any, list[AWSPreparedRequest]]:
        sent: list[AWSPreparedRequest] = []
        session = boto3.Session("AKIAEXAMPLE", "secret", region_name="us-east-1")
        made = session.client(
            service,
            config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, parameter_validation=False),
        )

        def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
            sent.append(request)
            body = (
                b'{"UnprocessedItems": {}}' if statuses[len(sent) - 1] == 200 else b'{"__type": "InternalServerError"}'
            )
            return AWSResponse(request.url, statuses[len(sent) - 1], {}, Raw(body))

        made.meta.events.register("before-send", answer)
        return made, sent

    return make


def writes(*numbers: int) -> dict[str, Any]:
    items = [
        to_item(transaction(number, merchant="Søren & Søn", is_fraud=("0", "1", None)[number % 3]))
        for number in numbers
    ]
    return {"transactions": [{"PutRequest": {"Item": item}} for item in items]}


def test_the_body_is_what_botocore_would_have_sent(client: Client) -> None:
    plain, expected = client(200)
    made, sent = client(200)
    assert with_prepared_writes(with_prepared_writes(made)) is made, "twice is as good as once"
    for one in (plain, made):
        assert one.batch_write_item(RequestItems=writes(*range(25)))["UnprocessedItems"] == {}
    assert json.loads(sent[0].body) == json.loads(expected[0].body)
    assert len(json.loads(sent[0].body)["RequestItems"]["transactions"]) == 25
    assert {k for k in sent[0].headers if not k.startswith("amz")} == {
        k for k in expected[0].headers if not k.startswith("amz")
    }
    assert int(sent[0].headers["Content-Length"]) == len(sent[0].body)


def test_the_callers_items_are_left_as_they_are(client: Client) -> None:
    made, _ = client(200, 200)
    given = writes(1, 2)
    with_prepared_writes(made).batch_write_item(RequestItems=given)
    assert given == writes(1, 2)


def test_a_repeat_of_botocores_sends_the_same_body_signed(client: Client) -> None:
    made, sent = client(500, 200, attempts=2)
    with_prepared_writes(made).batch_write_item(RequestItems=writes(7))
    assert sent[0].body == sent[1].body
    assert b"AWS4-HMAC-SHA256" in sent[1].headers["Authorization"]


def test_other_calls_are_untouched(client: Client) -> None:
    made, sent = client(200)
    with_prepared_writes(made).put_item(TableName="t", Item={"k": {"S": "v"}})
    assert json.loads(sent[0].body) == {"TableName": "t", "Item": {"k": {"S": "v"}}}


def test_records_are_put_as_botocore_would_have_put_them(client: Client) -> None:
    plain, expected = client(200, service="kinesis")
    made, sent = client(200, service="kinesis")
    assert with_prepared_puts(with_prepared_puts(made)) is made
    records = [{"Data": bytes([number, 255, 0]) * number, "PartitionKey": f"{number:02d}"} for number in range(32)]
    for one in (plain, made):
        one.put_records(StreamName="s", Records=records)
    assert json.loads(sent[0].body) == json.loads(expected[0].body)
    assert len(json.loads(sent[0].body)["Records"]) == 32
    assert records[3]["Data"] == b"\x03\xff\x00" * 3, "the caller's records are left as they are"
