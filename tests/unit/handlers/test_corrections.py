"""Corrections through query-transactions on moto: who may, what may be corrected, and the same again."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from functions.query_transactions.correction_routes import CorrectionOut
from shared.transaction.codec import decode_line, encode_record
from shared.transaction.schema import Transaction
from tests.unit.fakes.api_events import READER, REVIEWER, read_event
from tests.unit.fakes.events import Context, kinesis_event
from tests.unit.fakes.rows import CARD_NUMBER, transaction
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import json_lines

Load = Callable[[str], ModuleType]
Output = Callable[[], str]
Correct = Callable[..., tuple[int, Any]]
ONE = transaction(1, is_fraud="")


@pytest.fixture
def correct(stage: Stage, function: Load) -> Correct:
    """Store a transaction, and give a way to correct it; what is put on the stream is stored at once."""
    writer = function("write_to_dynamodb").handler
    writer(kinesis_event([("00", encode_record([ONE]))]), Context())
    module = function("query_transactions")

    def run(changes: Any, identity: str = ONE.transaction_id, key: str = REVIEWER, **more: Any) -> tuple[int, Any]:
        body = {"changes": changes, "by": "ada"} | more
        event = read_event(f"/transactions/{identity}/corrections", "POST", key=key, body=body)
        response = module.handler(event, Context())
        for one in on_the_stream(stage):
            writer(kinesis_event([("00", encode_record([one]))]), Context())
        return response["statusCode"], json.loads(response["body"])

    return run


def on_the_stream(stage: Stage) -> list[Transaction]:
    shard = stage.kinesis.list_shards(StreamName="transactions")["Shards"][0]["ShardId"]
    start = stage.kinesis.get_shard_iterator(
        StreamName="transactions", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = stage.kinesis.get_records(ShardIterator=start)["Records"]
    return [decode_line(record["Data"]) for record in records]


def test_a_correction_is_put_on_the_stream_whole_with_who_made_it_and_when(
    stage: Stage, correct: Correct, output: Output
) -> None:
    changes = {"amt": 12.5, "is_fraud": True, "merchant": "Elm & Co"}
    status, body = correct(changes, at="2026-01-02T03:04:05+01:00")
    assert (status, body["fields"]) == (200, ["merchant_id", "merchant", "amount", "is_fraud"])
    CorrectionOut.model_validate(body)
    (one,) = on_the_stream(stage)
    assert (str(one.amount), one.is_fraud, one.merchant) == ("12.50", True, "Elm & Co")
    assert (one.corrected_at, one.corrected_by) == ("2026-01-02T02:04:05.000Z", "ada")
    kept = ("amount", "is_fraud", "merchant", "merchant_id", "corrected_at", "corrected_by")
    assert one._replace(**{name: getattr(ONE, name) for name in kept}) == ONE
    (line,) = [line for line in json_lines(output()) if line.get("message") == "transaction corrected"]
    assert (line["transaction_id"], line["by"]) == (ONE.transaction_id, "ada")


def test_the_same_correction_again_changes_nothing(stage: Stage, correct: Correct) -> None:
    at = "2026-01-02T03:04:05Z"
    correct({"is_fraud": 1}, at=at)
    for again in ({"is_fraud": 1}, {"is_fraud": "1"}, {"amt": "2.86"}):
        status, body = correct(again)
        assert (status, body["fields"], body["corrected_by"]) == (200, [], "ada")
    assert len(on_the_stream(stage)) == 1


def test_an_earlier_correction_than_the_one_that_counts_is_refused(correct: Correct) -> None:
    correct({"amt": "5"}, at="2026-01-02T03:04:05Z")
    status, body = correct({"amt": "6"}, at="2026-01-02T03:04:05Z")
    assert (status, body["errors"][0]["field"]) == (400, "at")
    assert correct({"amt": "6"}, at="2026-01-02T03:04:06Z")[0] == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amt": "-5"}, "amt"),
        ({"amt": ""}, "amt"),
        ({"is_fraud": None}, "is_fraud"),
        ({"is_fraud": "  "}, "is_fraud"),
        ({"is_fraud": "maybe"}, "is_fraud"),
        ({"merch_lat": 91}, "merch_lat"),
        ({"merchant": "of 4111111111111111"}, "merchant"),
        ({"cc_num": "4111111111111111"}, "changes.cc_num"),
        ({"city": "Elsewhere"}, "changes.city"),
        ({}, "changes"),
    ],
    ids=str,
)
def test_a_wrong_change_is_refused_with_its_column(
    stage: Stage, correct: Correct, changes: dict[str, Any], field: str
) -> None:
    status, body = correct(changes)
    assert status == 400
    assert [error["field"] for error in body["errors"]] == [field]
    assert "4111111111111111" not in json.dumps(body)
    assert on_the_stream(stage) == []


def test_only_the_reviewers_key_may_correct(stage: Stage, correct: Correct) -> None:
    assert correct({"amt": "5"}, key=READER)[0] == 403
    assert correct({"amt": "5"}, identity="nobodys")[0] == 404
    assert correct({"amt": "5"}, at="2099-01-01T00:00:00Z")[1]["errors"][0]["field"] == "at"
    assert correct({"amt": "5"}, at="soon")[1]["errors"][0]["field"] == "at"
    assert on_the_stream(stage) == []


def test_a_card_number_in_who_corrects_is_masked(stage: Stage, correct: Correct) -> None:
    assert correct({"amt": "5"}, by="card 4111111111111111")[0] == 200
    assert "4111111111111111" not in str(on_the_stream(stage)[0])


def test_a_damaged_item_is_a_refusal_that_names_the_field(stage: Stage, correct: Correct) -> None:
    item = stage.dynamodb.scan(TableName="transactions")["Items"][0]
    stage.dynamodb.put_item(TableName="transactions", Item=item | {"amount": {"S": "much"}})
    status, body = correct({"is_fraud": 1})
    assert status == 409
    assert "amount" in body["message"]


def test_a_damaged_item_is_left_out_of_a_list_and_named_in_the_log(
    stage: Stage, function: Load, correct: Correct, output: Output
) -> None:
    other = transaction(2, cc_num=CARD_NUMBER, trans_date_trans_time="2020-06-22 12:00:00")
    kept = other._replace(card_id=ONE.card_id)
    function("write_to_dynamodb").handler(kinesis_event([("00", encode_record([kept]))]), Context())
    item = next(one for one in stage.dynamodb.scan(TableName="transactions")["Items"] if one["amount"]["N"] == "2.86")
    stage.dynamodb.put_item(TableName="transactions", Item=item | {"amount": {"S": "much"}})
    ask = function("query_transactions").handler
    answer = ask(read_event("/transactions", "GET", key=REVIEWER, card_id=ONE.card_id), Context())
    assert answer["statusCode"] == 200
    assert len(json.loads(answer["body"])["transactions"]) == 1
    assert "damaged item left out" in output()
    answer = ask(read_event(f"/transactions/{item['transaction_id']['S']}", "GET", key=REVIEWER), Context())
    assert answer["statusCode"] == 409
