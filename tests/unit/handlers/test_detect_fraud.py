"""detect-fraud on moto, with the shipped model: alerts with reasons, nothing twice, what cannot be read is counted."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from botocore.exceptions import ClientError

from tests.unit.fakes.events import Context, kinesis_event, on_stream
from tests.unit.fakes.rows import CARD_NUMBER, transaction
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import emitted, logged

Load = Callable[[str], ModuleType]
Output = Callable[[], str]
NIGHT = [
    transaction(
        number,
        cc_num=CARD_NUMBER,
        trans_date_trans_time=f"2020-06-21 23:{10 + number}:00",
        category="shopping_net",
        amt=f"{900 + number}.10",
    )
    for number in range(4)
]
DAY = [transaction(number) for number in range(4, 40)]
EVENT = kinesis_event(on_stream(NIGHT + DAY))


def test_large_purchases_at_night_are_alerts_with_reasons(stage: Stage, function: Load, output: Output) -> None:
    answer = function("detect_fraud").handler(EVENT, Context())
    assert answer == {"batchItemFailures": []}
    alerts = stage.dynamodb.scan(TableName="alerts")["Items"]
    assert {alert["transaction_id"]["S"] for alert in alerts} == {t.transaction_id for t in NIGHT}
    assert any("usual in shopping_net" in reason["S"] for alert in alerts for reason in alert["reasons"]["L"])
    assert stage.dynamodb.scan(TableName="profiles")["Count"] == 37
    written = output()
    assert (emitted(written)["Received"], emitted(written)["Written"], emitted(written)["Alerts"]) == ([40], [40], [4])
    assert logged(written, "batch scored")["written"] == 40
    assert "Testman" not in written


def test_a_replay_changes_nothing(stage: Stage, function: Load) -> None:
    handler = function("detect_fraud").handler
    handler(EVENT, Context())
    before = [stage.dynamodb.scan(TableName=name)["Items"] for name in ("profiles", "alerts")]
    assert handler(EVENT, Context()) == {"batchItemFailures": []}
    assert [stage.dynamodb.scan(TableName=name)["Items"] for name in ("profiles", "alerts")] == before


def test_without_its_table_the_batch_fails_and_stays_on_the_stream(stage: Stage, function: Load) -> None:
    stage.dynamodb.delete_table(TableName="profiles")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        function("detect_fraud").handler(EVENT, Context())
    assert stage.dynamodb.scan(TableName="alerts")["Count"] == 0


def test_a_line_that_cannot_be_read_stops_nobody(stage: Stage, function: Load, output: Output) -> None:
    records = [("00", b"not json\n"), *on_stream(NIGHT)]
    assert function("detect_fraud").handler(kinesis_event(records), Context()) == {"batchItemFailures": []}
    assert stage.dynamodb.scan(TableName="alerts")["Count"] == 4
    assert emitted(output())["Rejected"] == [1]


def test_a_model_in_shadow_mode_gives_its_score_beside(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHADOW_MODEL", "swipeline")
    function("detect_fraud").handler(EVENT, Context())
    for alert in stage.dynamodb.scan(TableName="alerts")["Items"]:
        assert alert["shadow_score"] == alert["score"]
