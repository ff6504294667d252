"""write-to-kinesis on moto: what is accepted is on the stream; what goes wrong has its status and no card number."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from shared.transaction.codec import decode_record
from shared.transaction.schema import Transaction
from tests.unit.fakes.events import Context, api_event
from tests.unit.fakes.rows import CARD_NUMBER, raw_row, transaction
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import emitted, logged

Load = Callable[[str], ModuleType]
Output = Callable[[], str]


def on_the_stream(stage: Stage) -> list[Any]:
    shard = stage.kinesis.list_shards(StreamName="transactions")["Shards"][0]["ShardId"]
    position = stage.kinesis.get_shard_iterator(
        StreamName="transactions", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )
    records = stage.kinesis.get_records(ShardIterator=position["ShardIterator"])["Records"]
    return [line for record in records for line in decode_record(record["Data"])]


def test_accepted_rows_are_on_the_stream_and_counted(stage: Stage, function: Load, output: Output) -> None:
    response = function("write_to_kinesis").handler(api_event([raw_row(0), raw_row(1), raw_row(2, amt="x")]), Context())
    assert response["statusCode"] == 207
    assert response["headers"]["Content-Type"] == "application/json"
    assert json.loads(response["body"])["accepted"] == 2
    assert sorted(on_the_stream(stage)) == sorted([transaction(0), transaction(1)])

    written = output()
    metrics = emitted(written)
    assert (metrics["Received"], metrics["Accepted"], metrics["Rejected"], metrics["Written"]) == ([3], [2], [1], [2])
    assert metrics["function_name"] == "swipeline-test-function"
    assert metrics["stage"] == "test"
    line = logged(written, "answered")
    assert (line["request_id"], line["status"]) == ("request-1", 207)


def test_a_compressed_body_is_the_same_request(stage: Stage, function: Load) -> None:
    body = base64.b64encode(gzip.compress(json.dumps(raw_row(0)).encode())).decode()
    event = api_event(body, content_encoding="gzip") | {"isBase64Encoded": True}
    assert function("write_to_kinesis").handler(event, Context())["statusCode"] == 202
    assert on_the_stream(stage) == [transaction(0)]


def test_a_repeat_under_its_key_puts_nothing_more_and_another_body_is_refused(stage: Stage, function: Load) -> None:
    handler = function("write_to_kinesis").handler
    event = api_event([raw_row(0)], Idempotency_Key="upload-7.part_1")
    first = json.loads(handler(event, Context())["body"])
    again = handler(event, Context())
    assert again["statusCode"] == 202
    assert json.loads(again["body"]) == first | {"duplicate": True}
    assert len(on_the_stream(stage)) == 1
    other = api_event([raw_row(1)], Idempotency_Key="upload-7.part_1")
    assert handler(other, Context())["statusCode"] == 422


def test_the_requests_table_holds_no_card_number_and_no_plain_hash_of_one(stage: Stage, function: Load) -> None:
    function("write_to_kinesis").handler(api_event([raw_row(0)], Idempotency_Key=CARD_NUMBER), Context())
    (item,) = stage.dynamodb.scan(TableName="requests")["Items"]
    assert set(item) == {"idempotency_key", "body_fingerprint", "expires_at"}
    sender, _, key = item["idempotency_key"]["S"].partition("#")
    assert (sender, len(key)) == ("sender-1", 64)
    assert CARD_NUMBER not in str(item)
    assert key != hashlib.sha256(CARD_NUMBER.encode()).hexdigest()


def test_without_the_secret_the_answer_is_503_not_500(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARD_KEY_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:none")
    response = function("write_to_kinesis").handler(api_event([raw_row(0)]), Context())
    assert response["statusCode"] == 503
    assert response["headers"]["Retry-After"]
    assert json.loads(response["body"])["unstored"] == [0]


def test_an_unexpected_error_is_a_500_with_the_request_id_and_is_counted(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    monkeypatch.setenv("STREAM_NAME", "no-such-stream")
    response = function("write_to_kinesis").handler(api_event([raw_row(0)]), Context())
    assert response["statusCode"] == 500
    assert json.loads(response["body"])["request_id"] == "request-1"
    assert "no-such-stream" not in response["body"]
    written = output()
    assert emitted(written)["InternalErrors"] == [1]
    assert logged(written, "unexpected error")["error"] == "ResourceNotFoundException"


def test_a_function_without_its_environment_answers_500(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STREAM_NAME")
    assert function("write_to_kinesis").handler(api_event([raw_row(0)]), Context())["statusCode"] == 500


def test_no_log_line_or_answer_holds_a_card_number(
    stage: Stage,
    function: Load,
    output: Output,
) -> None:
    handler = function("write_to_kinesis").handler
    bad = [{"cc_num": CARD_NUMBER}, raw_row(1, state=CARD_NUMBER), raw_row(2, **{CARD_NUMBER: 1}), CARD_NUMBER]
    answers = [
        handler(api_event(body), Context())
        for body in ([raw_row(0)], bad, "[" + CARD_NUMBER, [raw_row(0) | {"cc_num": int(CARD_NUMBER)}])
    ]
    assert [answer["statusCode"] for answer in answers] == [202, 400, 400, 202]
    written = output()
    assert CARD_NUMBER not in json.dumps(answers) + written
    assert "Testman" not in written


def test_equal_rows_of_two_requests_are_equal_on_the_stream(stage: Stage, function: Load) -> None:
    handler = function("write_to_kinesis").handler
    handler(api_event(raw_row(0, trans_num=None)), Context())
    handler(api_event({"transactions": [raw_row(0, trans_num=None)]}), Context())
    first, second = on_the_stream(stage)
    assert first == second
    assert isinstance(first, Transaction)


@pytest.mark.parametrize("key", ["reader-1", "reviewer-1", "a-new-key"])
def test_no_key_but_the_senders_may_send(stage: Stage, function: Load, key: str) -> None:
    event = api_event([raw_row(1)])
    event["requestContext"]["identity"]["apiKeyId"] = key
    response = function("write_to_kinesis").handler(event, Context())
    assert response["statusCode"] == 403
    assert json.loads(response["body"])["message"] == "this key may not send transactions"
    shards = stage.kinesis.list_shards(StreamName="transactions")["Shards"]
    iterator = stage.kinesis.get_shard_iterator(
        StreamName="transactions", ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert stage.kinesis.get_records(ShardIterator=iterator)["Records"] == []


def test_the_log_leads_from_the_request_to_its_records_and_to_its_refused_rows(
    stage: Stage, function: Load, output: Output
) -> None:
    refused = raw_row(1, amt="a lot")
    function("write_to_kinesis").handler(api_event([raw_row(0), refused]), Context())
    written = output()
    (record,) = logged(written, "answered")["records"]
    shard, _, number = record.partition(":")
    assert shard.startswith("shardId-")
    assert number.isdecimal()
    rejected = logged(written, "rows rejected")
    assert rejected["request_id"] == "request-1"
    assert [(r["transaction_id"], r["field"]) for r in rejected["rejected_rows"]] == [(refused["trans_num"], "amt")]
    assert "a lot" not in written


def test_what_was_taken_is_counted_in_dollars(stage: Stage, function: Load, output: Output) -> None:
    rows = [raw_row(0, amt="10.25"), raw_row(1, amt="0.75"), raw_row(2, amt="x")]
    function("write_to_kinesis").handler(api_event(rows), Context())
    assert emitted(output())["Amount"] == [11.0]
