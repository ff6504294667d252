"""An item of the alerts table that somebody changed takes no list, no page and no command down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from client.alerts.queue import load
from client.alerts.table import AlertsTable, DamagedError
from client.aws import Stage
from client.cli import app
from tests.unit.client.test_alerts import NOW, item, stage

__all__ = ["stage"]
DAMAGED = "t2"
LEFT = {"t0", "t1", "t3", "t4", "t5"}
REASON = "1 alerts of the table cannot be read and are left out: t2 (amount is not of type N)"


@pytest.fixture(autouse=True)
def damaged(stage: Stage) -> None:
    changed = item(2, NOW) | {"amount": {"S": "a lot"}}
    stage.client("dynamodb").put_item(TableName="alerts", Item=changed)


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_the_list_continues_and_says_which_alert_it_leaves_out() -> None:
    done = run("alerts", "--json")
    assert done.exit_code == 0
    assert {json.loads(line)["transaction_id"] for line in done.stdout.splitlines()} == LEFT
    assert REASON in done.stderr
    assert REASON in run("alerts").stderr


def test_a_damaged_alert_takes_no_place_of_a_limit(stage: Stage) -> None:
    stage.client("dynamodb").put_item(TableName="alerts", Item=item(0, NOW) | {"score": {"S": "high"}})
    table = AlertsTable(stage)
    assert [alert["transaction_id"] for alert in table.newest(2)] == ["t1", "t3"]
    assert set(table.damaged) == {"t0", "t2"}


@pytest.mark.parametrize("command", [("precision",), ("verdicts",), ("queue",)])
def test_every_list_continues(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.alerts.quality.labels", lambda _: {})
    done = run("alerts", *command)
    assert done.exit_code == 0
    assert REASON in done.stderr


def test_the_queue_of_command_and_page_has_the_others(stage: Stage) -> None:
    queued = json.loads(run("alerts", "queue", "--json").stdout)
    assert {one["transaction_id"] for one in queued["alerts"]} == LEFT
    assert load(stage).damaged == {DAMAGED: "amount is not of type N"}


def test_it_takes_neither_a_verdict_nor_an_assignment_and_stays_as_it_is(stage: Stage) -> None:
    dynamodb, key = stage.client("dynamodb"), {"transaction_id": {"S": DAMAGED}}
    before = dynamodb.get_item(TableName="alerts", Key=key)["Item"]
    for command in (("verdict", DAMAGED, "fraud"), ("alerts", "assign", DAMAGED), ("alerts", "show", DAMAGED)):
        done = run(*command)
        assert done.exit_code == 1, done.output
        assert f"alert {DAMAGED} cannot be read: amount is not of type N" in str(done.exception)
    with pytest.raises(DamagedError):
        AlertsTable(stage).give_verdict(DAMAGED, "fraud", "me")
    assert dynamodb.get_item(TableName="alerts", Key=key)["Item"] == before
    assert boto3.client("dynamodb", region_name="us-east-1").scan(TableName="risk")["Items"] == []


def test_labels_of_the_others_are_given(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = stage.output
    monkeypatch.setattr(Stage, "output", lambda _, key: "merchants" if key == "MerchantsTableName" else known(key))
    key = {"card_id": {"S": "c" * 32}, "time_id": {"S": "2024-05-10T23:00:00.000Z#x1"}}
    stage.client("dynamodb").put_item(TableName="transactions", Item=key | {"transaction_id": {"S": "x1"}})
    file = tmp_path / "labels.csv"
    file.write_text("transaction_id,is_fraud\nt2,1\nx1,1\nt1,1\n")
    done = run("alerts", "labels", str(file), "--by", "ada", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["verdicts"], found["unknown"]) == (2, 1, [])
    assert set(found["damaged"]) == {DAMAGED, "x1"}
    assert AlertsTable(stage).one("t1")["verdict"] == "fraud"
