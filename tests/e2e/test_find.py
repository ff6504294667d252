"""From one transaction's id, `swipeline find` leads to its place, its reason and its log lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.stack import Stack, wait_until


def find(stack: Stack, transaction_id: str) -> dict[str, Any]:
    return dict(json.loads(stack.run("find", transaction_id, "--json", check=False).stdout))


def messages(found: dict[str, Any]) -> set[str]:
    return {line["message"] for line in found["lines"]}


def test_stored_rejected_and_quarantined_transactions_are_found_by_their_ids(
    stack: Stack, csv_file: Callable[..., Path], tmp_path: Path
) -> None:
    with csv_file(rows=3).open(newline="") as lines:
        header, good, bad, _ = list(csv.reader(lines))
    bad[header.index("amt")] = "-5"
    bad[header.index("trans_num")] = "find-rejected"
    path = tmp_path / "both.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([header, good, bad])
    stack.run("send", "--rejected", tmp_path / "rejected.csv", path, check=False)  # exits 2: a row was rejected
    stream = stack.outputs["StreamName"]
    stack.client("kinesis").put_record(StreamName=stream, Data=b'[1,"find-unreadable","x"]\n', PartitionKey="00")

    good_id = good[header.index("trans_num")]
    archived = {"answered", "batch archived", "batch written", "batch scored"}
    wait_until(lambda: archived <= messages(find(stack, good_id)), 60, "all hops have logged the stored one")
    stored = find(stack, good_id)
    wait_until(lambda: find(stack, good_id)["outcome"] == "stored", 60, "every store has it")
    stores = {one["store"]: one for one in find(stack, good_id)["stores"]}
    assert {name: one["has"] for name, one in stores.items()} == {
        "DynamoDB": "yes",
        "lake": "yes",
        "warehouse": "yes",
        "alert": "no",
    }
    amount = f"${float(good[header.index('amt')]):.2f} at"
    assert all(stores[name]["about"].startswith(amount) for name in ("DynamoDB", "warehouse"))
    assert {place["store"] for place in stored["places"]} == {"DynamoDB", "lake", "stream"}

    rejected = find(stack, "find-rejected")
    assert (rejected["outcome"], rejected["places"]) == ("rejected", [])
    assert "negative" in rejected["explanation"]
    assert {"answered", "rows rejected"} <= messages(rejected)

    wait_until(lambda: find(stack, "find-unreadable")["places"], 60, "the unreadable line is in quarantine")
    quarantined = find(stack, "find-unreadable")
    assert quarantined["outcome"] == "quarantined"
    assert "elements" in quarantined["explanation"]
    assert quarantined["places"][0]["place"].startswith("quarantine/write-to-s3/")
    assert "lines quarantined" in messages(quarantined)

    assert stack.run("find", "nobody-sent-this", check=False).returncode == 1
