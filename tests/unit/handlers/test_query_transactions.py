"""query-transactions on moto: what is there, who may ask, and every refusal with field and reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from functions.query_transactions import api as api_module
from functions.query_transactions.models import TransactionOut
from shared.transaction.codec import encode_record
from tests.unit.fakes.api_events import read_event
from tests.unit.fakes.events import Context, kinesis_event
from tests.unit.fakes.rows import CARD_NUMBER, transaction
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import emitted, logged

Load = Callable[[str], ModuleType]
Output = Callable[[], str]
Ask = Callable[..., tuple[int, Any]]
SAME_SECOND = [transaction(n, cc_num=CARD_NUMBER, trans_date_trans_time="2020-06-21 12:14:25") for n in range(3)]
LATER = [transaction(n, cc_num=CARD_NUMBER, trans_date_trans_time=f"2020-0{n}-01 00:00:00") for n in (7, 8, 9)]
CARD = SAME_SECOND[0].card_id


@pytest.fixture
def ask(stage: Stage, function: Load) -> Ask:
    """Write some transactions by write-to-dynamodb, and give a way to ask for them."""
    records = [("00", encode_record(SAME_SECOND + LATER + [transaction(99, merchant="Elm Café")]))]
    assert function("write_to_dynamodb").handler(kinesis_event(records), Context()) == {"batchItemFailures": []}
    module = function("query_transactions")

    def run(*arguments: Any, **query: Any) -> tuple[int, Any]:
        response = module.handler(read_event(*arguments, **query), Context())
        return response["statusCode"], json.loads(response["body"])

    return run


def ids(page: dict[str, Any]) -> list[str]:
    return [row["transaction_id"] for row in page["transactions"]]


def test_transactions_of_a_card_in_one_second_are_all_there(ask: Ask) -> None:
    status, page = ask("/transactions", card_id=CARD, from_="2020-06-21T12:14:25Z", to="2020-06-21T12:14:25.001Z")
    assert status == 200
    assert sorted(ids(page)) == [one.transaction_id for one in SAME_SECOND]
    assert page["next_cursor"] is None


def test_newest_or_oldest_first_page_by_page(ask: Ask) -> None:
    expected = [one.transaction_id for one in SAME_SECOND + LATER]
    for order, wanted in (("oldest", expected), ("newest", expected[::-1])):
        for key in ({"card_id": CARD}, {"merchant": "fraud_Oak & Sons Hardware"}):
            found: list[str] = []
            more: dict[str, str] = {}
            while True:
                status, page = ask("/transactions", **key, order=order, limit="2", **more)
                assert status == 200
                found += ids(page)
                if page["next_cursor"] is None:
                    break
                more = {"cursor": page["next_cursor"]}
            assert found == wanted


def test_a_row_is_the_transaction_with_its_amount_as_decimal_text(ask: Ask) -> None:
    _, row = ask(f"/transactions/{SAME_SECOND[1].transaction_id}")
    assert row == SAME_SECOND[1]._asdict() | {"amount": "2.86"}
    assert list(row) == list(TransactionOut.model_fields)
    TransactionOut.model_validate(row, strict=True)


def test_a_card_number_is_searched_for_in_the_body_and_is_in_no_log(ask: Ask, output: Output) -> None:
    status, page = ask("/transactions/search", "POST", body={"card_number": CARD_NUMBER, "limit": 4})
    assert (status, len(page["transactions"])) == (200, 4)
    status, rest = ask(
        "/transactions/search", "POST", body={"card_number": CARD_NUMBER, "limit": 4, "cursor": page["next_cursor"]}
    )
    assert (status, len(rest["transactions"])) == (200, 2)
    wrong = ask("/transactions/search", "POST", body={"card_number": f"x{CARD_NUMBER}", "note": CARD_NUMBER})
    assert wrong[0] == 400
    assert CARD_NUMBER not in json.dumps(wrong)
    assert CARD_NUMBER not in output()


def test_merchants_are_found_by_the_start_of_their_name(ask: Ask) -> None:
    assert ask("/merchants", prefix="ELM")[1]["merchants"] == [
        {"merchant": "Elm Café", "merchant_id": transaction(99, merchant="Elm Café").merchant_id}
    ]
    assert ask("/merchants", prefix="zz") == (200, {"merchants": [], "next_cursor": None})


def test_what_is_not_there_is_404_and_a_merchant_nobody_knows_is_an_empty_page(ask: Ask) -> None:
    assert ask("/transactions/nothing")[0] == 404
    assert ask("/transactions", merchant="nobody") == (200, {"transactions": [], "next_cursor": None})


def test_a_cursor_that_was_tampered_with_or_is_of_another_query_is_400(ask: Ask) -> None:
    query = {"card_id": CARD, "limit": "2"}
    cursor = ask("/transactions", **query)[1]["next_cursor"]
    assert ask("/transactions", **query, cursor=cursor)[0] == 200
    assert ask("/transactions", card_id=CARD, limit="3", cursor=cursor)[0] == 200
    others: list[dict[str, str]] = [
        query | {"cursor": cursor[:-1] + ("A" if cursor[-1] != "A" else "B")},
        query | {"cursor": cursor, "order": "oldest"},
        query | {"cursor": cursor, "from_": "2020-01-01"},
        {"card_id": "f" * 32, "cursor": cursor},
        {"merchant": "Elm Café", "cursor": cursor},
    ]
    for other in others:
        status, body = ask("/transactions", **other)
        assert (status, body["errors"][0]["field"]) == (400, "cursor")
    assert ask("/merchants", prefix="e", cursor=cursor)[0] == 400


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "card_id"),
        ({"card_id": CARD, "merchant": "x"}, "card_id"),
        ({"card_id": CARD_NUMBER}, "card_id"),
        ({"card_id": CARD, "limit": "0"}, "limit"),
        ({"card_id": CARD, "limit": "1001"}, "limit"),
        ({"card_id": CARD, "limit": "ten"}, "limit"),
        ({"card_id": CARD, "order": "dearest"}, "order"),
        ({"card_id": CARD, "from_": "June"}, "from"),
        ({"card_id": CARD, "to": "2020-02-30"}, "to"),
        ({"card_id": CARD, "form": "2020-02-03"}, "form"),
        ({"merchant": ""}, "merchant"),
        ({"merchant": "a\x00b"}, "merchant"),
        ({"merchant": "half \ud83d"}, "merchant"),
    ],
)
def test_a_wrong_parameter_is_named_with_a_reason(ask: Ask, query: dict[str, str], field: str) -> None:
    status, body = ask("/transactions", **query)
    assert status == 400
    assert [error["field"] for error in body["errors"]] == [field]
    assert body["errors"][0]["reason"]
    assert body["request_id"] == "request-1"
    assert CARD_NUMBER not in json.dumps(body)


@pytest.mark.parametrize(
    "body", ["", "no JSON", "[" * 100_000, "[]", "null", '"text"', '{"card_number": 4992346398065154048}', "{}",
             '{"card_number": "4992346398065154048", "limit": "5"}', '{"card_number": "4992346398065154048", "x": 1}'],
)  # fmt: skip
def test_a_wrong_body_is_400(ask: Ask, body: str) -> None:
    status, answer = ask("/transactions/search", "POST", body=body)
    assert status == 400
    assert answer["errors"]
    assert CARD_NUMBER not in json.dumps(answer)


@pytest.mark.parametrize("key", [None, "", "sender-1"])
@pytest.mark.parametrize("path", ["/transactions", "/health", "/merchants", "/transactions/1"])
def test_a_key_that_is_not_a_readers_gets_403_whatever_they_ask(ask: Ask, key: str | None, path: str) -> None:
    assert ask(path, key=key)[0] == 403


def test_another_method_is_405_and_says_what_there_is(stage: Stage, function: Load) -> None:
    response = function("query_transactions").handler(read_event("/transactions", "DELETE"), Context())
    assert (response["statusCode"], response["headers"]["Allow"]) == (405, "GET, POST")


def test_health_is_ok_when_the_table_answers_and_503_when_it_does_not(
    ask: Ask, stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask("/health") == (200, {"status": "ok"})
    module = function("query_transactions")
    reader = module.api()._queries._reader._pager

    def throttled(**_: Any) -> None:
        raise stage.dynamodb.exceptions.ProvisionedThroughputExceededException(
            {"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetItem"
        )

    monkeypatch.setattr(reader, "_client", type("Away", (), {"get_item": staticmethod(throttled)})())
    response = module.handler(read_event("/health"), Context())
    headers = response.get("headers") or {name: v[0] for name, v in response["multiValueHeaders"].items()}
    assert (response["statusCode"], headers["Retry-After"]) == (503, "2")


def test_a_fault_is_a_500_that_is_logged_without_what_was_asked(
    stage: Stage, function: Load, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError(f"choked on {CARD_NUMBER}")

    monkeypatch.setattr(api_module.Queries, "of_card_number", broken)
    event = read_event("/transactions/search", "POST", body={"card_number": CARD_NUMBER})
    response = function("query_transactions").handler(event, Context())
    written = output()
    assert response["statusCode"] == 500
    assert emitted(written)["InternalErrors"] == [1]
    assert logged(written, "unexpected error")["error"] == "RuntimeError"
    assert CARD_NUMBER not in written + response["body"]


def test_what_was_read_and_what_was_given_is_counted(ask: Ask, output: Output) -> None:
    output()
    ask("/transactions", merchant="fraud_Oak & Sons Hardware", limit="5")
    counts = emitted(output())
    assert (counts["ItemsRead"], counts["ItemsReturned"]) == ([5], [5])


def test_a_property_twice_is_refused_rather_than_read_one_way_or_the_other(stage: Stage, function: Load) -> None:
    body = '{"card_number": "4992346398065154048", "card_number": "4992346398065154047"}'
    answer = function("query_transactions").handler(read_event("/transactions/search", "POST", body=body), Context())
    assert answer["statusCode"] == 400
    assert "duplicate name" in json.loads(answer["body"])["message"]
