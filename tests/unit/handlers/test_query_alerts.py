"""Alerts through query-transactions on moto: listed by time, card and status; one with its transaction; verdicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from fraud.serving.alert_item import COUNT
from fraud.verdict import MOST
from functions.query_transactions.alert_models import AlertOut, AlertWithTransaction
from shared.transaction.codec import encode_record
from tests.unit.fakes.api_events import READER, REVIEWER, read_event
from tests.unit.fakes.events import Context, kinesis_event, on_stream
from tests.unit.fakes.faults import client_error
from tests.unit.fakes.rows import CARD_NUMBER, transaction
from tests.unit.fakes.shapes import obeys
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import emitted
from tests.unit.handlers.test_detect_fraud import NIGHT

Load = Callable[[str], ModuleType]
Output = Callable[[], str]
Ask = Callable[..., tuple[int, Any]]
ID, CARD = NIGHT[0].transaction_id, NIGHT[0].card_id
# Alerts bear the time at which their record arrived: that of the fake events.
ARRIVED = {"from_": "2020-06-01", "to": "2020-07-01"}


@pytest.fixture
def ask(stage: Stage, function: Load) -> Ask:
    """Let detect-fraud raise some alerts, and give a way to ask for them."""
    other = [
        transaction(
            50 + n, cc_num=str(int(CARD_NUMBER) - 7), trans_date_trans_time=f"2020-06-21 23:3{n}:00",
            category="shopping_net", amt="950.00",
        )
        for n in range(2)
    ]  # fmt: skip
    event = kinesis_event(on_stream(NIGHT + other))
    assert function("detect_fraud").handler(event, Context()) == {"batchItemFailures": []}
    records = kinesis_event([("00", encode_record(NIGHT + other))])
    assert function("write_to_dynamodb").handler(records, Context()) == {"batchItemFailures": []}
    module = function("query_transactions")

    def run(*arguments: Any, **query: Any) -> tuple[int, Any]:
        response = module.handler(read_event(*arguments, **query), Context())
        return response["statusCode"], json.loads(response["body"])

    return run


def ids(page: dict[str, Any]) -> list[str]:
    return [alert["alert_id"] for alert in page["alerts"]]


def give_verdict(ask: Ask, alert_id: str = ID, key: str = REVIEWER, **said: Any) -> tuple[int, Any]:
    return ask(f"/alerts/{alert_id}/verdict", "POST", key=key, body={"verdict": "fraud", "by": "ada"} | said)


def window(stage: Stage) -> dict[str, str]:
    """The days on which the alerts were raised, which is by the fake events' clock."""
    days = sorted(item["day"]["S"] for item in stage.dynamodb.scan(TableName="alerts")["Items"])
    return {"from_": days[0], "to": f"{days[-1]}T23:59:59.999Z"}


def test_alerts_are_listed_page_by_page_each_once_the_newest_first(ask: Ask, stage: Stage) -> None:
    status, whole = ask("/alerts", **window(stage))
    assert status == 200
    assert len(whole["alerts"]) == 6
    assert whole["next_cursor"] is None
    times = [alert["alerted_at"] for alert in whole["alerts"]]
    assert times == sorted(times, reverse=True)
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        _, page = ask("/alerts", **window(stage), limit="2", **more)
        found += ids(page)
        if page["next_cursor"] is None:
            break
        more = {"cursor": page["next_cursor"]}
    assert found == ids(whole)
    for alert in whole["alerts"]:
        AlertOut.model_validate(alert, strict=True)


def test_alerts_are_found_by_card_by_status_and_by_both(ask: Ask) -> None:
    assert set(ids(ask("/alerts", card_id=CARD)[1])) == {t.transaction_id for t in NIGHT}
    assert len(ids(ask("/alerts", status="open")[1])) == 6
    assert give_verdict(ask)[0] == 200
    assert ids(ask("/alerts", status="fraud")[1]) == [ID]
    assert len(ids(ask("/alerts", status="open")[1])) == 5
    assert ids(ask("/alerts", card_id=CARD, status="fraud")[1]) == [ID]
    assert ids(ask("/alerts", card_id=CARD, status="genuine")[1]) == []


def test_an_alert_comes_with_its_transaction(ask: Ask, output: Output) -> None:
    output()
    status, body = ask(f"/alerts/{ID}")
    assert status == 200
    AlertWithTransaction.model_validate(body, strict=True)
    assert body["transaction"] == NIGHT[0]._asdict() | {"amount": str(NIGHT[0].amount)}
    assert body["alert"]["amount"] == body["transaction"]["amount"]
    assert body["alert"]["score"] >= body["alert"]["threshold"]
    assert any("usual in shopping_net" in reason for reason in body["alert"]["reasons"])
    assert (emitted(output())["ItemsRead"]) == [2]


def test_what_is_no_alert_is_404(ask: Ask) -> None:
    assert ask("/alerts/nothing")[0] == 404
    assert give_verdict(ask, "nothing")[0] == 404


def test_a_verdict_is_kept_the_same_again_changes_nothing_and_another_is_added(ask: Ask, stage: Stage) -> None:
    first = give_verdict(ask, note="the holder called")
    assert first[0] == 200
    assert (first[1]["status"], len(first[1]["verdicts"])) == ("fraud", 1)
    assert give_verdict(ask, note="the holder called") == first
    _, second = give_verdict(ask, verdict="genuine", by="bob")
    assert second["status"] == "genuine"
    assert [(one["verdict"], one["by"], one["note"]) for one in second["verdicts"]] == [
        ("fraud", "ada", "the holder called"),
        ("genuine", "bob", ""),
    ]
    assert ask(f"/alerts/{ID}")[1]["alert"] == second
    # The warehouse is notified each time: a repeat fixes a call that failed halfway.
    lines = [json.loads(line) for line in streamed(stage) if "verdict" in json.loads(line)]
    assert [line["verdict"] for line in lines] == ["fraud", "fraud", "genuine"]
    assert lines[0] == lines[1]
    assert lines[0] | {"verdict": "", "judged_by": "", "judged_at": ""} == next(
        json.loads(line) for line in streamed(stage) if json.loads(line)["transaction_id"] == ID
    ) | {"verdict": "", "judged_by": "", "judged_at": ""}
    assert "the holder called" not in json.dumps(lines)


def streamed(stage: Stage) -> list[bytes]:
    """The lines that were put for the warehouse, verdicts in the order of their times: Firehose keeps none."""
    keys = [one["Key"] for one in stage.s3.list_objects_v2(Bucket="delivery", Prefix="alerts/").get("Contents", [])]
    objects = [stage.s3.get_object(Bucket="delivery", Key=key)["Body"].read() for key in keys]
    lines = [line for content in objects for line in content.splitlines()]
    return sorted(lines, key=lambda line: str(json.loads(line).get("judged_at", "")))


def test_an_alert_is_assigned_and_an_empty_name_removes_that(ask: Ask, stage: Stage) -> None:
    def assign(to: object, alert_id: str = ID, key: str = REVIEWER) -> tuple[int, Any]:
        return ask(f"/alerts/{alert_id}/assignment", "POST", key=key, body={"to": to})

    status, alert = assign("Nora")
    assert (status, alert["assigned_to"], alert["status"]) == (200, "Nora", "open")
    AlertOut.model_validate(alert)
    assert ask(f"/alerts/{ID}")[1]["alert"]["assigned_to"] == "Nora"
    assert "assigned_at" in stage.dynamodb.get_item(TableName="alerts", Key={"transaction_id": {"S": ID}})["Item"]
    assert assign("")[1]["assigned_to"] is None
    assert CARD_NUMBER not in json.dumps(assign(f"card {CARD_NUMBER}"))
    assert assign("Nora", "nobody-knows-this")[0] == 404
    assert assign("Nora", key=READER)[0] == 403
    assert assign("x" * 101)[0] == 400
    assert assign(None)[0] == 400


def test_a_card_number_in_a_note_is_masked_everywhere(ask: Ask, stage: Stage, output: Output) -> None:
    _, body = give_verdict(ask, by=f"x {CARD_NUMBER}", note=f"called about {CARD_NUMBER}")
    assert body["verdicts"][0]["note"].endswith(CARD_NUMBER[-4:])
    stored = json.dumps(stage.dynamodb.scan(TableName="alerts")["Items"], default=str)
    for place in (json.dumps(body), stored, str(streamed(stage)), output()):
        assert CARD_NUMBER not in place


def test_only_reviewers_give_verdicts_and_they_may_read(ask: Ask) -> None:
    assert give_verdict(ask, key=READER)[0] == 403
    assert give_verdict(ask, key="sender-1")[0] == 403
    assert ask("/alerts", key=REVIEWER)[0] == 200
    assert ask("/alerts", key="sender-1")[0] == 403
    assert ask(f"/alerts/{ID}", key=None)[0] == 403


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": None}, "verdict"),
        ({"by": ""}, "by"),
        ({"by": "a\x00b"}, "by"),
        ({"note": "a\nb"}, "note"),
        ({"note": "x" * 501}, "note"),
        ({"more": 1}, "more"),
    ],
)
def test_a_wrong_verdict_is_named_with_a_reason_and_not_kept(ask: Ask, said: dict[str, Any], field: str) -> None:
    status, body = give_verdict(ask, **said)
    assert (status, [error["field"] for error in body["errors"]]) == (400, [field])
    assert ask(f"/alerts/{ID}")[1]["alert"]["status"] == "open"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "closed"}, "status"),
        ({"card_id": CARD_NUMBER}, "card_id"),
        ({"from_": "2020-01-01", "to": "2020-06-01"}, "from"),
        ({"from_": "0001-01-01"}, "from"),
        ({"limit": "1001"}, "limit"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"order": "oldest"}, "order"),
    ],
)
def test_a_wrong_parameter_is_named_with_a_reason(ask: Ask, query: dict[str, str], field: str) -> None:
    status, body = ask("/alerts", **query)
    assert (status, [error["field"] for error in body["errors"]]) == (400, [field])


@pytest.mark.parametrize(
    "query", [{}, {"from_": "9999-12-31"}, {"to": "0001-01-02"}, {"from_": "2020-02-02", "to": "2020-02-02"}]
)
def test_a_window_without_alerts_is_an_empty_page(ask: Ask, query: dict[str, str]) -> None:
    assert ask("/alerts", **query) == (200, {"alerts": [], "next_cursor": None})


def test_an_alert_takes_a_limited_number_of_verdicts(ask: Ask, stage: Stage) -> None:
    one = {
        "M": {"verdict": {"S": "fraud"}, "by": {"S": "x"}, "note": {"S": ""}, "at": {"S": "2026-01-01T00:00:00.000Z"}}
    }
    stage.dynamodb.update_item(
        TableName="alerts",
        Key={"transaction_id": {"S": ID}},
        UpdateExpression="SET verdicts = :v, #count = :n",
        ExpressionAttributeNames={"#count": COUNT},
        ExpressionAttributeValues={":v": {"L": [one] * MOST}, ":n": {"N": str(MOST)}},
    )
    assert give_verdict(ask)[0] == 409
    assert give_verdict(ask, by="x")[0] == 200


def test_a_stream_that_is_unavailable_is_503_and_the_same_call_again_fixes_it(
    ask: Ask, stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.query_transactions import alert_service

    stream = function("query_transactions").api()._alerts._verdicts._stream
    monkeypatch.setattr(alert_service, "BUDGET_SECONDS", 0.0)
    before = len(streamed(stage))

    @obeys("firehose")
    class Throttled:
        def put_record_batch(self, **_: Any) -> None:
            raise client_error("PutRecordBatch", "ServiceUnavailableException", 503)

    with monkeypatch.context() as patch:
        patch.setattr(stream, "_client", Throttled())
        assert give_verdict(ask)[0] == 503
    assert give_verdict(ask)[0] == 200
    assert len(streamed(stage)) == before + 1


DAMAGE: dict[str, Any] = {
    "amount": [None, {"S": "12"}, {"L": []}],
    "score": [None, {"S": "high"}, {"N": "7"}],
    "threshold": [None, {"BOOL": True}],
    "reasons": [None, {"S": "night"}, {"L": [{"N": "1"}]}],
    "model": [None, {"N": "1"}],
    "merchant": [None, {"NULL": True}],
    "merchant_id": [None, {"M": {}}],
    "category": [None, {"N": "3"}],
    "card_last4": [None, {"S": "12345"}],
    "occurred_at": [None, {"S": "yesterday"}],
    "alerted_at": [None, {"S": ""}],
    "status": [{"S": "unheard of"}],
    "shadow_score": [{"S": "0.5"}],
    "plain": [{"S": "yes"}],
    "judged": [{"N": "5"}, {"N": "-1"}],
    "verdict": [{"S": "perhaps"}],
    "verdicts": [{"S": "fraud"}, {"L": [{"S": "fraud"}]}, {"L": [{"M": {"verdict": {"S": "fraud"}}}]}],
}


def change(stage: Stage, name: str, value: dict[str, Any] | None) -> None:
    """Change one attribute of the alert by hand; None removes it."""
    item = stage.dynamodb.get_item(TableName="alerts", Key={"transaction_id": {"S": ID}})["Item"]
    item.pop(name, None)
    stage.dynamodb.put_item(TableName="alerts", Item=item | ({name: value} if value else {}))


@pytest.fixture(scope="module")
def damages() -> list[tuple[str, dict[str, Any] | None]]:
    return [(name, value) for name, values in DAMAGE.items() for value in values]


def test_a_damaged_alert_is_left_out_of_lists_counted_and_logged_by_its_key(
    ask: Ask, stage: Stage, output: Output, damages: list[tuple[str, dict[str, Any] | None]]
) -> None:
    before = stage.dynamodb.get_item(TableName="alerts", Key={"transaction_id": {"S": ID}})["Item"]
    asked = window(stage)
    for name, value in damages:
        change(stage, name, value)
        output()
        status, page = ask("/alerts", **asked)
        assert (status, len(page["alerts"])) == (200, 5), name
        assert ID not in ids(page)
        printed = output()
        (line,) = [json.loads(line) for line in printed.splitlines() if "damaged item left out" in line]
        assert line["item"]["transaction_id"] == {"S": ID}
        assert name in line["reason"], (name, line)
        assert emitted(printed)["ItemsDamaged"] == [1.0]
        stage.dynamodb.put_item(TableName="alerts", Item=before)
    assert len(ask("/alerts", **asked)[1]["alerts"]) == 6


def test_a_damaged_alert_is_refused_with_what_is_wrong_and_takes_neither_verdict_nor_assignment(
    ask: Ask, stage: Stage, damages: list[tuple[str, dict[str, Any] | None]]
) -> None:
    key = {"transaction_id": {"S": ID}}
    before = stage.dynamodb.get_item(TableName="alerts", Key=key)["Item"]
    for name, value in damages:
        change(stage, name, value)
        damaged = stage.dynamodb.get_item(TableName="alerts", Key=key)["Item"]
        given = [
            ask(f"/alerts/{ID}"),
            give_verdict(ask),
            ask(f"/alerts/{ID}/assignment", "POST", key=REVIEWER, body={"to": "ada"}),
        ]
        for status, answer in given:
            assert (status, name in answer["message"]) == (409, True), (name, answer)
        assert stage.dynamodb.get_item(TableName="alerts", Key=key)["Item"] == damaged
        stage.dynamodb.put_item(TableName="alerts", Item=before)
    assert give_verdict(ask)[0] == 200


def test_an_alert_whose_transaction_is_damaged_is_shown_without_it(ask: Ask, stage: Stage) -> None:
    (item,) = [
        one for one in stage.dynamodb.scan(TableName="transactions")["Items"] if one.get("transaction_id") == {"S": ID}
    ]
    stage.dynamodb.put_item(TableName="transactions", Item=item | {"amount": {"S": "a lot"}})
    status, found = ask(f"/alerts/{ID}")
    assert (status, found["alert"]["alert_id"], found["transaction"]) == (200, ID, None)
