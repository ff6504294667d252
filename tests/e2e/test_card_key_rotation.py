"""The card key is rotated in mid-stream: no transaction is lost, none is there twice, old and new ones are found."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e import permissions
from tests.e2e.stack import Stack, wait_until

pytestmark = pytest.mark.slow  # it waits for keys to age

KEYS_MAX_AGE = 5  # seconds: cardKeyMaxAgeSeconds of stage local
Row = dict[str, str]


@pytest.fixture(scope="module")
def rotation(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], dict[str, Any]]:
    """Send a day's transactions while a key for the days after is made, then those of that day, then all again."""
    folder = tmp_path_factory.mktemp("rotation")
    today = datetime.now(UTC).date()
    moment = f"{today + timedelta(days=2)}T00:00:00.000Z"
    made = folder / "all.csv"
    stack.run(
        "generate", "--rows", "2000", "--seed", "99", "--start", str(today + timedelta(days=1)), "--days", "2",
        "--out", made,
    )  # fmt: skip
    rows = list(csv.DictReader(made.open(newline="")))
    before = [row for row in rows if row["trans_date_trans_time"] < moment[:10]]
    assert 500 < len(before) < 1500
    files = [write(folder / "before.csv", before), write(folder / "after.csv", [r for r in rows if r not in before])]

    sending = stack.start("send", files[0])
    done = json.loads(stack.run("rotate-card-key", "--from", moment, "--yes", "--json").stdout)
    rotated_at = time.monotonic()
    assert sending.wait(60) == 0
    wait_until(lambda: time.monotonic() - rotated_at > KEYS_MAX_AGE, 30, "every function has read the keys again")
    for file in (files[1], *files):
        stack.run("send", file)
    stack.run("reconcile", "--file", files[0], "--wait", "60")
    stack.run("reconcile", "--file", files[1], "--wait", "60")
    return rows, done


def write(path: Path, rows: list[Row]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def search(stack: Stack, number: str) -> list[dict[str, Any]]:
    """Every transaction of a card number, in pages of seven."""
    key = stack.client("apigateway").get_api_key(apiKey=stack.outputs["ReaderApiKeyId"], includeValue=True)["value"]
    found: list[dict[str, Any]] = []
    body: dict[str, Any] = {"card_number": number, "limit": 7, "order": "oldest"}
    while True:
        answer = requests.post(f"{stack.url}/search", json=body, headers={"x-api-key": key}, timeout=30)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["transactions"]
        if page["next_cursor"] is None:
            return found
        body["cursor"] = page["next_cursor"]


def test_each_transaction_is_in_every_store_once_under_the_key_of_its_time(
    stack: Stack, rotation: tuple[list[Row], dict[str, Any]]
) -> None:
    rows, done = rotation
    assert done["key_id"] == "2"
    expected = {row["trans_num"]: "1" if row["trans_date_trans_time"] < done["since"][:10] else "2" for row in rows}
    items = [item for item in stack.items() if item["transaction_id"]["S"] in expected]
    assert len(items) == len(expected)
    assert {item["transaction_id"]["S"]: item["card_key_id"]["S"] for item in items} == expected
    facts = stack.sql("SELECT transaction_id, card_key_id FROM core.transaction")
    assert {one: key for one, key in facts if one in expected} == expected


def test_the_rotation_uses_all_that_its_role_is_granted(
    stack: Stack, rotation: tuple[list[Row], dict[str, Any]]
) -> None:
    assert not permissions.unused(stack, permissions.roles(stack)["rotate-card-key"])


def test_a_card_number_finds_what_came_before_and_after(
    stack: Stack, rotation: tuple[list[Row], dict[str, Any]]
) -> None:
    rows, _ = rotation
    of_card = Counter(row["cc_num"] for row in rows)
    number, count = of_card.most_common(1)[0]
    found = search(stack, number)
    assert [one["transaction_id"] for one in found] == [
        row["trans_num"]
        for row in sorted(rows, key=lambda row: (row["trans_date_trans_time"], row["trans_num"]))
        if row["cc_num"] == number
    ]
    assert count > 7
    assert {one["card_key_id"] for one in found} == {"1", "2"}
    assert len({one["card_id"] for one in found}) == 2
    assert len({one["customer_id"] for one in found}) == 1


def test_a_key_that_functions_would_learn_of_too_late_is_refused_and_nobody_sees_one(
    stack: Stack, rotation: tuple[list[Row], dict[str, Any]]
) -> None:
    refused = stack.run("rotate-card-key", "--from", "2020-01-01", "--early", "--yes", check=False)
    assert refused.returncode == 1
    assert "must come after" in refused.stderr
    dry = stack.run("rotate-card-key")
    assert "Dry run" in dry.stdout
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["CardKeySecretArn"])
    ring = json.loads(secret["SecretString"])
    assert set(ring) == {"1", "2"}
    logs = stack.client("logs")
    group = "/aws/lambda/swipeline-local-rotate-card-key"
    reported = "\n".join(event["message"] for event in logs.filter_log_events(logGroupName=group)["events"])
    assert "card key rotated" in reported
    assert ring["1"] not in reported
    assert ring["2"]["key"] not in reported
