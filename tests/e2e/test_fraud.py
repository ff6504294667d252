"""Fraud detection on the whole stack: each transaction scored once, alerts in table, warehouse and terminal."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.stack import Stack, wait_until


def scanned(stack: Stack, output: str) -> list[dict[str, Any]]:
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs[output])
    return [item for page in pages for item in page["Items"]]


def test_frauds_become_alerts_everywhere_once_and_a_verdict_is_kept(
    stack: Stack, csv_file: Callable[..., Path], reconcile: Callable[..., dict[str, Any]]
) -> None:
    path = csv_file(rows=6000)
    before = sum(int(item["scored"]["N"]) for item in scanned(stack, "ProfilesTableName"))
    sent = json.loads(stack.run("send", path, "--json").stdout)
    reconcile(path)

    def all_scored() -> bool:
        after = sum(int(item["scored"]["N"]) for item in scanned(stack, "ProfilesTableName"))
        return after - before >= sent["accepted"]

    wait_until(all_scored, 60, "every transaction is in its card's profile")
    with path.open(newline="") as file:
        frauds = {row["trans_num"] for row in csv.DictReader(file) if row["is_fraud"] == "1"}
        file.seek(0)
        ours = {row["trans_num"] for row in csv.DictReader(file)}
    alerts = {item["transaction_id"]["S"]: item for item in scanned(stack, "AlertsTableName")}
    caught = frauds & set(alerts)
    assert len(caught) >= len(frauds) / 2, "the simulator's frauds are nearly all found"
    assert all(item["reasons"]["L"] for item in alerts.values())

    def in_the_warehouse() -> bool:
        rows = stack.sql("SELECT transaction_id, reasons FROM core.alert WHERE is_alert")
        assert len({row[0] for row in rows}) == len(rows)
        return {row[0] for row in rows} >= set(alerts)

    wait_until(in_the_warehouse, 60, "every alert is in core.alert")

    one = next(iter(caught & ours))
    stack.run("verdict", one, "fraud")
    listed = [json.loads(line) for line in stack.run("alerts", "--limit", "1000", "--json").stdout.splitlines()]
    assert {alert["transaction_id"]: alert.get("verdict") for alert in listed}[one] == "fraud"
