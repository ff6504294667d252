"""An idle stage: no query reaches the warehouse and no function runs."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from tests.e2e.stack import Stack, wait_until

# Windows and periods of stage local are seconds where AWS has minutes: a minute of it is an hour.
HOUR_SECONDS = 60.0
CALM_SECONDS = 15.0  # longer than the marts may trail a merge


def statements(stack: Stack) -> int:
    """Statements that the warehouse was asked for so far, by whomever: the Data API lists each caller only its own."""
    path = stack.home / "state" / "redshift" / "statements.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT MAX(seq) FROM statement").fetchone()[0] or 0)


def invocations(stack: Stack) -> dict[str, int]:
    """Invocations of each function so far, by its log."""
    logs = stack.client("logs")
    found: dict[str, int] = {}
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/swipeline-{stack.stage}-")["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"], filterPattern="START"
        )
        found[group["logGroupName"].rpartition("/")[2]] = sum(len(page["events"]) for page in pages)
    return found


def waiting(stack: Stack) -> int:
    """Deliveries in the merge queue, seen or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = stack.client("sqs").get_queue_attributes(QueueUrl=stack.outputs["MergeQueueUrl"], AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


def calm(stack: Stack) -> tuple[int, dict[str, int]]:
    """Wait until all that came before is done; give the counts."""
    wait_until(lambda: not waiting(stack), 120, "the merge queue is empty")
    before: tuple[Any, Any] = (None, None)
    deadline = time.monotonic() + 120
    while (now := (statements(stack), invocations(stack))) != before:
        assert time.monotonic() < deadline, "something still runs"
        before = now
        time.sleep(CALM_SECONDS)  # an absence can only be waited for
    return now


def test_an_idle_hour_asks_the_warehouse_nothing_and_runs_no_function(
    stack: Stack, csv_file: Any, reconcile: Any
) -> None:
    path = csv_file(rows=200)
    stack.run("send", path)
    reconcile(path)
    asked, ran = calm(stack)
    assert asked > 0
    assert sum(ran.values()) > 0
    time.sleep(HOUR_SECONDS)
    assert statements(stack) == asked
    assert invocations(stack) == ran
