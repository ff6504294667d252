"""`swipeline alerts` and `verdict` on moto: the newest first, verdicts kept, quality against the labels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from client.alerts import quality
from client.alerts.quality import Quality
from client.alerts.table import AlertsTable
from client.aws import Stage
from client.cli import app
from client.errors import ClientError
from tests.unit.handlers.conftest import make_alerts, make_table, make_transactions

NOW = datetime.now(UTC).replace(microsecond=0)


def item(number: int, alerted_at: datetime) -> dict[str, Any]:
    at = alerted_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    texts = {
        "transaction_id": f"t{number}",
        "day": at[:10],
        "time_id": f"{at}#t{number}",
        "alerted_at": at,
        "occurred_at": "2024-05-10T23:00:00.000Z",
        "card_id": "c" * 32,
        "card_last4": "1234",
        "merchant_id": "a" * 16,
        "category": "home",
        "status": "open",
        "merchant": "Oak & Sons",
        "model": "made",
    }
    numbers = {"amount": "900.1", "score": "0.987654321", "threshold": "0.5"}
    reasons = {"reasons": {"L": [{"S": "9x this card's usual in home"}, {"S": "at 23:00, in the night"}]}}
    return {n: {"S": v} for n, v in texts.items()} | {n: {"N": v} for n, v in numbers.items()} | reasons


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="delivery")
        firehose = boto3.client("firehose", region_name="us-east-1")
        firehose.create_delivery_stream(
            DeliveryStreamName="alerts",
            ExtendedS3DestinationConfiguration={
                "BucketARN": "arn:aws:s3:::delivery",
                "RoleARN": "arn:aws:iam::123456789012:role/delivery",
            },
        )
        make_alerts(dynamodb)
        for number in range(6):
            dynamodb.put_item(TableName="alerts", Item=item(number, NOW - timedelta(days=number // 2, seconds=number)))
        clients = {"dynamodb": dynamodb, "firehose": firehose}
        monkeypatch.setattr(Stage, "client", lambda _self, service: clients[service])
        make_table(dynamodb, "profiles", "card_id")
        make_table(dynamodb, "risk", "id")
        make_transactions(dynamodb)
        outputs = {"AlertsTableName": "alerts", "AlertDeliveryStreamName": "alerts"}
        outputs |= {"ProfilesTableName": "profiles", "RiskTableName": "risk", "TableName": "transactions"}
        monkeypatch.setattr(Stage, "output", lambda _self, key: outputs[key])
        yield Stage("local")


def ids(alerts: Any) -> list[str]:
    return [alert["transaction_id"] for alert in alerts]


def test_the_newest_alerts_come_first_over_the_days(stage: Stage) -> None:
    table = AlertsTable(stage)
    assert ids(table.newest(10)) == ["t0", "t1", "t2", "t3", "t4", "t5"]
    assert ids(table.newest(3)) == ["t0", "t1", "t2"]
    assert ids(table.newest(10, days=1, now=NOW)) == ids(
        a for a in table.newest(10) if a["alerted_at"][:10] == str(NOW.date())
    )


def test_following_sees_an_alert_that_was_stored_after_a_newer_one(stage: Stage) -> None:
    assert set(ids(AlertsTable(stage).since(NOW))) == {"t0", "t1"}
    assert set(ids(AlertsTable(stage).since(NOW - timedelta(days=1)))) == {"t0", "t1", "t2", "t3"}


def test_alerts_are_shown_with_their_reasons_the_newest_last(stage: Stage) -> None:
    shown = CliRunner().invoke(app, ["alerts", "--limit", "2"])
    first, last = shown.stdout.splitlines()
    assert "(t1)" in first
    assert "(t0)" in last
    assert "0.988  card ...1234  900.10 at Oak & Sons" in last
    assert "9x this card's usual in home; at 23:00, in the night" in last


def test_json_has_a_line_per_alert_with_the_amount_to_the_cent(stage: Stage) -> None:
    lines = [json.loads(line) for line in CliRunner().invoke(app, ["alerts", "--json"]).stdout.splitlines()]
    assert ids(lines) == ["t5", "t4", "t3", "t2", "t1", "t0"]
    assert (lines[0]["amount"], lines[0]["score"]) == ("900.10", 0.987654321)
    assert len(lines[0]["reasons"]) == 2


def test_a_verdict_is_kept_and_the_last_one_counts(stage: Stage) -> None:
    for finding in ("fraud", "genuine"):
        assert CliRunner().invoke(app, ["verdict", "t1", finding]).exit_code == 0
    (alert,) = [alert for alert in AlertsTable(stage).newest(9) if alert["transaction_id"] == "t1"]
    assert alert["verdict"] == "genuine"
    assert "[genuine]" in CliRunner().invoke(app, ["alerts"]).stdout
    assert [(one["verdict"], one["note"]) for one in alert["verdicts"]] == [("fraud", ""), ("genuine", "")]


def test_one_alert_is_shown_with_all_its_verdicts_card_numbers_masked(stage: Stage) -> None:
    CliRunner().invoke(app, ["verdict", "t1", "fraud", "--by", "ada", "--note", "holder of 4992346398065154048 called"])
    CliRunner().invoke(app, ["verdict", "t1", "genuine", "--by", "bob"])
    shown = CliRunner().invoke(app, ["alerts", "show", "t1"]).stdout
    assert "fraud, says ada: holder of ***************4048 called" in shown
    assert "genuine, says bob" in shown
    assert len(json.loads(CliRunner().invoke(app, ["alerts", "show", "t1", "--json"]).stdout)["verdicts"]) == 2
    assert CliRunner().invoke(app, ["alerts", "show", "t99"]).exit_code == 1


def test_precision_over_time_counts_the_last_verdict_of_each_alert(
    monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    monkeypatch.setattr(quality, "query", lambda _stage, _sql: [])
    for transaction, finding in (("t0", "fraud"), ("t1", "fraud"), ("t1", "genuine"), ("t4", "fraud")):
        CliRunner().invoke(app, ["verdict", transaction, finding])
    days = json.loads(CliRunner().invoke(app, ["alerts", "precision", "--by", "day", "--json"]).stdout)
    assert sum(day["alerts"] for day in days) == 6
    assert (sum(day["fraud"] for day in days), sum(day["reviewed"] for day in days)) == (2, 3)
    assert days[0]["precision"] == 1.0
    assert days[0]["low"] < 1.0
    assert "precision" in CliRunner().invoke(app, ["alerts", "precision"]).stdout
    assert CliRunner().invoke(app, ["alerts", "precision", "--by", "hour"]).exit_code == 1


def test_precision_over_time_counts_labels_of_alerts_without_a_verdict(
    monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    monkeypatch.setattr(quality, "query", lambda _stage, _sql: [("t0", False), ("t2", True), ("t3", False)])
    CliRunner().invoke(app, ["verdict", "t0", "fraud"])
    days = json.loads(CliRunner().invoke(app, ["alerts", "precision", "--by", "day", "--json"]).stdout)
    assert [sum(day[what] for day in days) for what in ("alerts", "fraud", "reviewed")] == [6, 2, 3]


def test_a_withdrawn_verdict_leaves_the_alert_open_with_its_history(stage: Stage) -> None:
    for finding in ("fraud", "open"):
        assert CliRunner().invoke(app, ["verdict", "t1", finding, "--by", "ada"]).exit_code == 0
    table = AlertsTable(stage)
    assert [one["verdict"] for one in table.one("t1")["verdicts"]] == ["fraud", "open"]
    assert CliRunner().invoke(app, ["alerts", "verdicts"]).stdout == "transaction_id,verdict\n"
    assert (table.reviewed().alerts, table.reviewed().reviewed) == (6, 0)
    queued = json.loads(CliRunner().invoke(app, ["alerts", "queue", "--json"]).stdout)
    assert {one["transaction_id"] for one in queued["alerts"]} == {f"t{number}" for number in range(6)}
    assert queued["reviewed"]["open"] == 6


def test_a_reviewed_alert_leaves_the_queue_and_an_assigned_one_says_whose_it_is(stage: Stage) -> None:
    CliRunner().invoke(app, ["verdict", "t1", "fraud"])
    assert CliRunner().invoke(app, ["alerts", "assign", "t2", "--to", "ada"]).exit_code == 0
    queued = json.loads(CliRunner().invoke(app, ["alerts", "queue", "--assigned-to", "ada", "--json"]).stdout)
    assert [one["transaction_id"] for one in queued["alerts"]] == ["t2"]
    assert "t1" not in CliRunner().invoke(app, ["alerts", "queue"]).stdout
    assert CliRunner().invoke(app, ["alerts", "assign", "t2", "--to", ""]).exit_code == 0
    assert "assigned_to" not in AlertsTable(stage).one("t2")
    assert CliRunner().invoke(app, ["alerts", "assign", "t99"]).exit_code == 1


def test_verdicts_are_written_for_training(stage: Stage) -> None:
    CliRunner().invoke(app, ["verdict", "t2", "genuine"])
    assert CliRunner().invoke(app, ["alerts", "verdicts"]).stdout == "transaction_id,verdict\nt2,genuine\n"


@pytest.mark.parametrize(("transaction", "finding"), [("t99", "fraud"), ("t1", "maybe")])
def test_a_verdict_on_nothing_or_of_no_meaning_is_refused(stage: Stage, transaction: str, finding: str) -> None:
    with pytest.raises(ClientError):
        AlertsTable(stage).give_verdict(transaction, finding, "me")
    assert not [alert for alert in AlertsTable(stage).newest(9) if "verdict" in alert]
    assert "t99" not in AlertsTable(stage).ids()


def test_precision_and_recall_are_of_the_labels() -> None:
    made = Quality(transactions=1000, labelled=1000, scored=1000, alerts=20, frauds=24, caught=18)
    assert (made.precision, made.recall, made.complete) == (0.9, 0.75, True)
    assert made._replace(labelled=0).precision is None
    assert made._replace(frauds=0).recall is None
    assert not made._replace(scored=999).complete


def test_quality_waits_until_all_is_scored(monkeypatch: pytest.MonkeyPatch, stage: Stage) -> None:
    counts = iter([3, 5, 6])
    monkeypatch.setattr(quality, "scored", lambda _stage: next(counts))
    monkeypatch.setattr(quality, "_POLL_SECONDS", 0.0)
    monkeypatch.setattr(
        quality, "query", lambda _stage, sql: [(6, 6)] if "COUNT" in sql else [("t0",), ("t1",), ("missed",)]
    )
    assert quality.measure(stage, wait=60) == Quality(6, 6, 6, 6, 3, 2)
