"""The warehouse is unavailable for a whole send: the other stores are complete; it catches up, or a redrive does it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.outages import held, retrying_for
from tests.e2e.stack import Stack, wait_until

pytestmark = pytest.mark.slow

GIVEN_UP = "errors/manifests/"


def test_the_warehouse_catches_up_by_itself_within_firehoses_retry_time(
    stack: Stack, csv_file: Any, reconcile: Any
) -> None:
    path = csv_file(rows=20_000)
    before = given_up(stack)
    with held(stack, "redshift"):
        stack.run("send", path)
        wait_until(lambda: complete_in_table_and_lake(stack, path), 120, "table and lake have all of the file")
    hops = reconcile(path, seconds=200)["hops"]
    assert [hops[store]["written"] for store in ("dynamodb", "lake", "warehouse")] == [20_000] * 3
    assert [hops[store]["duplicates"] for store in ("dynamodb", "lake", "warehouse")] == [0] * 3
    assert given_up(stack) == before, "nothing was set aside: it was the retry that did it"


def test_after_the_retry_time_a_redrive_brings_in_what_was_set_aside(
    stack: Stack, csv_file: Any, reconcile: Any
) -> None:
    path = csv_file(rows=2_000)
    delivered = {key for key, _ in stack.objects("DeliveryBucket", "transactions/")}
    with retrying_for(stack, seconds=3), held(stack, "redshift"):
        stack.run("send", path)
        wait_until(lambda: complete_in_table_and_lake(stack, path), 120, "table and lake have all of the file")
        wait_until(lambda: delivered_since(stack, delivered) <= given_up(stack), 120, "all deliveries are given up")
    unbalanced = reconcile(path, seconds=0, check=False)
    assert not unbalanced["balanced"]
    assert {store: unbalanced["hops"][store]["missing"] for store in ("dynamodb", "lake", "warehouse")} == {
        "dynamodb": 0,
        "lake": 0,
        "warehouse": 2_000,
    }
    done = json.loads(stack.run("quarantine", "redrive", "--kind", "manifests", "--yes", "--json").stdout)
    assert done["redriven"] >= 1
    assert done["after"]["manifests"] == 0
    assert reconcile(path)["hops"]["warehouse"]["written"] == 2_000


def complete_in_table_and_lake(stack: Stack, path: Path) -> bool:
    """Whether both hold every id of the file; the warehouse is not asked."""
    with path.open(newline="") as file:
        wanted = {row["trans_num"] for row in csv.DictReader(file)}
    if not wanted <= {item["transaction_id"]["S"] for item in stack.items()}:
        return False
    lines = (line for _, body in stack.objects("LakeBucket", "transactions/") for line in body.splitlines())
    return wanted <= {json.loads(line)["transaction_id"] for line in lines}


def delivered_since(stack: Stack, before: set[str]) -> set[str]:
    """The objects that Firehose has put since; never none, while a file is on the stream."""
    return {key for key, _ in stack.objects("DeliveryBucket", "transactions/")} - before or {"not yet"}


def given_up(stack: Stack) -> set[str]:
    """The objects that manifests under errors/ name."""
    manifests = (json.loads(body) for _, body in stack.objects("DeliveryBucket", GIVEN_UP))
    return {entry["url"].split("/", 3)[3] for manifest in manifests for entry in manifest["entries"]}
