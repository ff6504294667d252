"""A verdict changes what the next transactions of the card and the merchant get; a decision changes what is raised."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import ModuleType

import pytest

from fraud.judgment import SETTLE_SECONDS, judgment, seconds
from fraud.policy import SCORE, Decision, PolicyError
from fraud.profile import Profile
from fraud.risk import Risk
from fraud.serving.risks import POLICY, RiskKeeper
from shared.transaction.codec import encode_record
from shared.transaction.schema import Transaction
from tests.unit.fakes.events import Context, kinesis_event, on_stream
from tests.unit.fakes.rows import CARD_NUMBER, transaction
from tests.unit.handlers.conftest import Stage

Load = Callable[[str], ModuleType]
DAYS = [
    transaction(number, cc_num=CARD_NUMBER, trans_date_trans_time=f"2020-06-{1 + number:02d} 12:00:00", amt="20.00")
    for number in range(20)
]
ONE = DAYS[3]


def keeper(stage: Stage) -> RiskKeeper:
    return RiskKeeper(stage.dynamodb, "profiles", "risk", "transactions")


def run(function: Load, transactions: list[Transaction]) -> None:
    assert function("detect_fraud").handler(kinesis_event(on_stream(transactions)), Context()) == {
        "batchItemFailures": []
    }
    records = kinesis_event([("00", encode_record(transactions))])
    assert function("write_to_dynamodb").handler(records, Context()) == {"batchItemFailures": []}


def of_card(stage: Stage) -> Risk:
    item = stage.dynamodb.get_item(TableName="profiles", Key={"card_id": {"S": ONE.card_id}})["Item"]
    return Risk.unpack(bytes(item["risk"]["B"]))


def of_merchant(stage: Stage) -> Risk:
    item = stage.dynamodb.get_item(TableName="risk", Key={"id": {"S": ONE.merchant_id}})["Item"]
    return Risk.unpack(bytes(item["risk"]["B"]))


def review(stage: Stage, *, is_fraud: bool = True, known: int = 0) -> None:
    found = judgment(
        ONE.transaction_id, ONE.card_id, ONE.merchant_id, ONE.occurred_at, known, is_fraud=is_fraud, plain=True
    )
    keeper(stage).record(found)


def test_a_verdict_is_kept_with_card_and_merchant_once_and_can_be_taken_back(stage: Stage, function: Load) -> None:
    run(function, DAYS)
    review(stage)
    review(stage)
    assert [one.at for one in of_card(stage).frauds] == [seconds(ONE.occurred_at)]
    assert of_merchant(stage).frauds == of_card(stage).frauds
    review(stage, is_fraud=False)
    assert of_card(stage).frauds == of_merchant(stage).frauds == []


def test_a_merchants_purchases_are_counted_when_it_is_named_and_again_later(stage: Stage, function: Load) -> None:
    run(function, DAYS[:10])
    review(stage)
    day = seconds(ONE.occurred_at) // 86_400
    assert of_merchant(stage).days == {day - 3: 1, day - 2: 1, day - 1: 1, day: 1}
    run(function, DAYS)
    assert keeper(stage).recount(day + 100) == 1
    assert sum((of_merchant(stage).days or {}).values()) == len(DAYS), "a resend is counted once"


def test_the_detector_keeps_what_a_verdict_said_and_a_verdict_keeps_the_profile(stage: Stage, function: Load) -> None:
    run(function, DAYS[:10])
    review(stage)
    run(function, DAYS[:12])
    item = stage.dynamodb.get_item(TableName="profiles", Key={"card_id": {"S": ONE.card_id}})["Item"]
    assert Profile.unpack(bytes(item["profile"]["B"])).recent
    assert len(of_card(stage).frauds) == 1


def test_a_card_that_was_never_scored_gets_no_item(stage: Stage) -> None:
    review(stage)
    assert stage.dynamodb.scan(TableName="profiles")["Count"] == 0


@pytest.mark.parametrize(("later", "alerts"), [(-1, 0), (SETTLE_SECONDS + 86_400, 20)])
def test_a_decision_counts_for_records_that_arrive_after_it(
    stage: Stage, function: Load, later: int, alerts: int
) -> None:
    event = kinesis_event(on_stream(DAYS))
    arrived = event["Records"][0]["kinesis"]["approximateArrivalTimestamp"]
    decision = Decision(int(arrived) - later, SCORE, 0.0, "score 0", "ann")
    keeper(stage).decide(lambda policy: policy.with_decision(decision))
    assert function("detect_fraud").handler(event, Context()) == {"batchItemFailures": []}
    assert stage.dynamodb.scan(TableName="alerts")["Count"] == alerts
    item = stage.dynamodb.get_item(TableName="risk", Key={"id": {"S": POLICY}})["Item"]
    assert '"ann"' in item["decisions"]["S"]
    assert datetime.fromisoformat(ONE.occurred_at).year == 2020


def test_a_verdict_and_the_daily_count_replace_damaged_frauds_and_keep_what_was_there(
    stage: Stage, function: Load
) -> None:
    run(function, DAYS[:10])
    review(stage)
    damaged = {"id": {"S": ONE.merchant_id}, "risk": {"S": "by hand"}, "risk_version": {"S": "x"}}
    stage.dynamodb.put_item(TableName="risk", Item=damaged)
    keeper(stage).recount(seconds(ONE.occurred_at) // 86_400)
    assert of_merchant(stage).frauds == []
    kept = stage.dynamodb.get_item(TableName="risk", Key={"id": {"S": ONE.merchant_id}})["Item"]
    assert kept["damaged"] == {"S": "by hand"}

    stage.dynamodb.put_item(TableName="risk", Item=damaged)
    review(stage)
    assert [one.at for one in of_merchant(stage).frauds] == [seconds(ONE.occurred_at)]


@pytest.mark.parametrize("decisions", [{"decisions": {"S": "by hand"}}, {"decisions": {"N": "1"}}, {}], ids=str)
def test_a_decision_replaces_decisions_that_cannot_be_read(stage: Stage, decisions: dict[str, dict[str, str]]) -> None:
    stage.dynamodb.put_item(TableName="risk", Item={"id": {"S": POLICY}, **decisions})
    with pytest.raises(PolicyError):
        keeper(stage).policy()
    one = Decision(7, SCORE, 0.5, "50 alerts a day", "ada")
    assert keeper(stage).decide(lambda policy: policy.with_decision(one)).decisions == [one]
    assert keeper(stage).policy().decisions == [one]
