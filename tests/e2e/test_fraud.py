"""Fraud detection on the whole stack: each transaction scored once, alerts in table, warehouse and terminal."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.e2e.stack import Stack, wait_until
from tests.e2e.test_query import call, reader_key


def scanned(stack: Stack, output: str) -> list[dict[str, Any]]:
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs[output])
    return [item for page in pages for item in page["Items"]]


def test_frauds_become_alerts_everywhere_once_and_a_verdict_is_kept(
    stack: Stack, csv_file: Callable[..., Path], reconcile: Callable[..., dict[str, Any]]
) -> None:
    path = csv_file(rows=6000)
    # A test beside this one damages profiles: those are not counted.
    before = sum(int(item["scored"].get("N", 0)) for item in scanned(stack, "ProfilesTableName"))
    sent = json.loads(stack.run("send", path, "--json").stdout)
    reconcile(path)

    def all_scored() -> bool:
        after = sum(int(item["scored"].get("N", 0)) for item in scanned(stack, "ProfilesTableName"))
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

    reviewed_before = reviewed(stack)
    one, other = sorted(caught & ours)[:2]
    stack.run("verdict", one, "fraud", "--by", "ada")
    listed = [json.loads(line) for line in stack.run("alerts", "--limit", "1000", "--json").stdout.splitlines()]
    assert {alert["transaction_id"]: alert.get("verdict") for alert in listed}[one] == "fraud"
    assert "fraud, says ada" in stack.run("alerts", "show", one).stdout

    # The same through the API: only the reviewers' key gives verdicts, readers see them.
    read = partial(call, stack, reader_key(stack))
    found = read("GET", f"/alerts/{other}").json()
    assert (found["alert"]["status"], found["transaction"]["transaction_id"]) == ("open", other)
    said = {"verdict": "genuine", "by": "bob", "note": "the holder knows of it"}
    assert read("POST", f"/alerts/{other}/verdict", json=said).status_code == 403
    review = partial(call, stack, reader_key(stack, "ReviewerApiKeyId"), "POST", f"/alerts/{other}/verdict")
    first = review(json=said)
    assert (first.status_code, review(json=said).json()) == (200, first.json())
    assert other in alert_ids(read, status="genuine")
    assert {one, other}.isdisjoint(alert_ids(read, status="open"))
    assert other in alert_ids(read, card_id=found["alert"]["card_id"])
    assert set(alert_ids(read)) >= {one, other}

    def verdicts_in_the_warehouse() -> bool:
        rows = stack.sql("SELECT transaction_id, verdict, judged_by, judged_at FROM core.verdict")
        assert len({tuple(row) for row in rows}) == len(rows)
        return {(one, "fraud", "ada"), (other, "genuine", "bob")} <= {tuple(row[:3]) for row in rows}

    wait_until(verdicts_in_the_warehouse, 60, "both verdicts are in core.verdict")
    latest = {tuple(row) for row in stack.sql("SELECT transaction_id, verdict FROM mart.verdict")}
    assert {(one, "fraud"), (other, "genuine")} <= latest
    # By their labels both were frauds already: the verdict on the second one counts more.
    reviewed_before.update(fraud=-1, genuine=1)
    assert reviewed(stack) == reviewed_before


def reviewed(stack: Stack) -> Counter[str]:
    """Statuses of all alerts so far: other tests of the stack review some too."""
    months = json.loads(stack.run("alerts", "precision", "--by", "month", "--json").stdout)
    return Counter({name: sum(month[name] for month in months) for name in ("fraud", "genuine")})


def alert_ids(read: Callable[..., Any], **query: str) -> list[str]:
    """All pages of a list of alerts."""
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        answer = read("GET", "/alerts", params=query | more | {"limit": "7"})
        assert answer.status_code == 200, answer.text
        found += [alert["alert_id"] for alert in answer.json()["alerts"]]
        if answer.json()["next_cursor"] is None:
            assert len(set(found)) == len(found)
            return found
        more = {"cursor": answer.json()["next_cursor"]}
