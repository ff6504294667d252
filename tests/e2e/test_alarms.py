"""Every alarm fires when its fault is real, notifies its topic, and ends when the fault does; none rings before.

One stack, all faults at once, as far as one does not hide another: what the consumers miss needs an API that accepts.
"""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from fraud.alert import to_line as alert_line
from fraud.serving.measure import LEAST_REVIEWED
from tests.e2e.alarm_watch import AlarmWatch
from tests.e2e.breakage import Breakage
from tests.e2e.stack import Stack, wait_until
from tests.template.measures import Measure, shown, watched
from tests.unit.fakes.rows import an_alert

pytestmark = [pytest.mark.slow, pytest.mark.alone]

KINDS = ("late", "backlog", "failing", "errors", "gave-up", "dropped")
CONSUMERS = {"write-to-dynamodb": "dynamodb", "write-to-s3": "s3", "detect-fraud": "dynamodb"}


class Traffic(threading.Thread):
    """A sender of a few rows a second, whatever it is answered."""

    def __init__(self, stack: Stack, rows: list[dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self._stack, self._rows, self.stopping = stack, rows, threading.Event()

    def run(self) -> None:
        at = 0
        while not self.stopping.wait(0.5):
            rows = [self._rows[(at + i) % len(self._rows)] for i in range(5)]
            at += 5
            try:
                self._stack.post(rows)
            except requests.RequestException:
                continue


# Counted when it happens; no run of the batch path succeeds or times out here.
NOT_SEEN = {"ExecutionsSucceeded", "ExecutionsTimedOut"}


def rows_of(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def traffic(stack: Stack, csv_file: Any) -> Iterator[Traffic]:
    thread = Traffic(stack, rows_of(csv_file(rows=2_000)))
    yield thread
    thread.stopping.set()


def break_consumer(stack: Stack, watch: AlarmWatch, function: str, ledger: threading.Event) -> None:
    broken = Breakage(stack)
    also = {"table-refusing"} if function == "write-to-dynamodb" else set()
    with broken.cut_off(function, CONSUMERS[function]):
        watch.wait_rung({f"{function}-late", f"{function}-backlog", f"{function}-failing", *also})
        ledger.wait(90)
    with broken.unloadable(function), broken.few_attempts(function):
        watch.wait_rung({f"{function}-errors", f"{function}-gave-up"})
        with broken.denied(broken.role_of(function), "s3:PutObject"):
            watch.wait_rung({f"{function}-dropped"})
    watch.wait_over({f"{function}-{kind}" for kind in KINDS} | also)


def break_ingest(stack: Stack, watch: AlarmWatch, ledger: threading.Event) -> None:
    broken = Breakage(stack)
    watch.wait_rung({"ledger-imbalance"})
    ledger.set()
    with broken.refused("kinesis", "PutRecords", "ProvisionedThroughputExceededException"):
        watch.wait_rung({"stream-refusing", "api-5xx", "api-slow"})
    with broken.unloadable("write-to-kinesis"):
        watch.wait_rung({"write-to-kinesis-errors"})
    watch.wait_over({"stream-refusing", "api-5xx", "api-slow", "write-to-kinesis-errors", "ledger-imbalance"})


def break_merge(stack: Stack, watch: AlarmWatch) -> None:
    broken = Breakage(stack)
    with broken.unmapped("merge-warehouse"):  # what the others send meanwhile is delivered, and waits
        with broken.unloadable("merge-warehouse"):
            broken.invoke("merge-warehouse")
        watch.wait_rung({"merge-warehouse-errors", "merge-lag"}, 150)
    watch.wait_over({"merge-warehouse-errors", "merge-lag"})


def send_two_contents(stack: Stack, row: dict[str, Any]) -> None:
    """A sender that uses one ID for two purchases."""
    for amount in ("11.10", "22.20"):
        assert stack.post([row | {"trans_num": "two-contents", "amt": amount}]).status_code == 202


def give_up_a_merge(stack: Stack, watch: AlarmWatch) -> None:
    queue = stack.queue_url("merges-given-up")
    stack.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    watch.wait_rung({"merge-gave-up"})
    stack.run("dead-letters", "discard", "merges-given-up", "--yes")
    watch.wait_over({"merge-gave-up"})


def break_delivery(stack: Stack, watch: AlarmWatch) -> None:
    broken = Breakage(stack)
    with broken.renamed_tables("to-warehouse", "alert-events"):
        name = stack.outputs["AlertDeliveryStreamName"]
        stack.client("firehose").put_record(DeliveryStreamName=name, Record={"Data": alert_line(an_alert())})
        watch.wait_rung({"copy-failed", "alert-copy-failed"})
    with broken.denied(f"swipeline-{stack.stage}-delivery", "s3:PutObject"):
        watch.wait_rung({"delivery-stale"})
    with broken.denied(f"swipeline-{stack.stage}-delivery", "kinesis:GetRecords", "kinesis:GetShardIterator"):
        watch.wait_rung({"delivery-late"})
    watch.wait_over({"copy-failed", "alert-copy-failed", "delivery-stale", "delivery-late"})


def break_the_rest(stack: Stack, watch: AlarmWatch) -> None:
    broken = Breakage(stack)
    health = stack.url.removesuffix("/transactions") + "/health"
    key = stack.client("apigateway").get_api_key(apiKey=stack.outputs["ReaderApiKeyId"], includeValue=True)["value"]

    def read() -> None:
        requests.get(health, headers={"x-api-key": key}, timeout=30)

    stack.client("stepfunctions").start_execution(stateMachineArn=stack.outputs["BatchMachineArn"], input="{}")
    queue = stack.queue_url("batch-not-started")
    stack.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")  # what EventBridge could not start a run for
    with broken.without_concurrency("query-transactions"):
        read()
        watch.wait_rung({"throttles"})
    by_hand = ("migrate-warehouse", "measure-fraud", "rotate-card-key", "check-delivery")
    with ExitStack() as stopped:
        for function in ("query-transactions", *by_hand):
            stopped.enter_context(broken.unloadable(function))
        read()
        for function in by_hand:
            broken.invoke(function)
        watch.wait_rung(f"{function}-errors" for function in ("query-transactions", *by_hand))
    watch.wait_rung({"batch-failed", "batch-not-started"})
    stack.client("sqs").purge_queue(QueueUrl=queue)
    ended = {f"{function}-errors" for function in ("query-transactions", *by_hand)}
    watch.wait_over(ended | {"throttles", "batch-failed", "batch-not-started"})


def deceive_detection(stack: Stack, rows: list[dict[str, Any]]) -> None:
    """Purchases that are thirty times what they were in training, and people who find no alert right."""
    for start in range(0, len(rows), 500):
        part = [row | {"amt": f"{float(row['amt']) * 30:.2f}"} for row in rows[start : start + 500]]
        assert stack.post(part).status_code == 202
    api = stack.url.removesuffix("/transactions")
    key = stack.client("apigateway").get_api_key(apiKey=stack.outputs["ReviewerApiKeyId"], includeValue=True)["value"]
    headers = {"x-api-key": key}

    def alerts() -> Any:
        found = requests.get(f"{api}/alerts?limit=100", headers=headers, timeout=30).json()["alerts"]
        return found if len(found) >= LEAST_REVIEWED else None

    for alert in wait_until(alerts, 60, f"{LEAST_REVIEWED} alerts"):
        verdict = {"verdict": "genuine", "by": "a test"}
        url = f"{api}/alerts/{alert['alert_id']}/verdict"
        requests.post(url, headers=headers, json=verdict, timeout=30).raise_for_status()


def measure_detection(stack: Stack, watch: AlarmWatch) -> None:
    Breakage(stack).invoke("measure-fraud", {"day": datetime.now(UTC).date().isoformat()})
    watch.wait_rung({"fraud-drift", "fraud-precision"})
    watch.wait_over({"fraud-drift", "fraud-precision"})


def emitted(stack: Stack) -> set[Measure]:
    pages = stack.client("cloudwatch").get_paginator("list_metrics").paginate()
    return {
        (metric["Namespace"], metric["MetricName"], frozenset((d["Name"], d["Value"]) for d in metric["Dimensions"]))
        for page in pages
        for metric in page["Metrics"]
    }


def looked_at(stack: Stack) -> set[Measure]:
    """Every metric of the deployed dashboards and alarms."""
    cloudwatch, prefix = stack.client("cloudwatch"), f"swipeline-{stack.stage}-"
    found: set[Measure] = set()
    for name in ("health", "detail"):
        found |= set(shown(json.loads(cloudwatch.get_dashboard(DashboardName=prefix + name)["DashboardBody"])))
    for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix):
        for alarm in page["MetricAlarms"]:
            found |= set(watched({key: value for key, value in alarm.items() if value != []}))
    return found


def test_every_alarm_rings_for_its_fault_and_ends_with_it_and_none_before(
    stack: Stack, traffic: Traffic, csv_file: Any
) -> None:
    watch = AlarmWatch(stack)
    stack.run("send", csv_file(rows=6_000))
    deceive_detection(stack, rows_of(csv_file(rows=1_500)))
    send_two_contents(stack, rows_of(csv_file(rows=1))[0])
    watch.wait_rung({"conflicts"})  # while merges are as quick as they are
    stack.client("kinesis").put_record(StreamName=stack.outputs["StreamName"], Data=b"poison\n", PartitionKey="00")
    ledger = threading.Event()
    with ThreadPoolExecutor(10) as pool:
        faults: list[Future[None]] = [pool.submit(break_merge, stack, watch)]  # the slowest: silence takes its time
        watch.wait_rung({"quarantined"})
        assert watch.rung() <= {"conflicts", "quarantined", "merge-warehouse-errors"}, "normal traffic rings nothing"
        traffic.start()
        faults += [
            *(pool.submit(break_consumer, stack, watch, function, ledger) for function in CONSUMERS),
            pool.submit(break_ingest, stack, watch, ledger),
            pool.submit(give_up_a_merge, stack, watch),
            pool.submit(break_delivery, stack, watch),
            pool.submit(break_the_rest, stack, watch),
            pool.submit(measure_detection, stack, watch),
        ]
    problems = [repr(fault.exception()) for fault in faults if fault.exception()]
    assert not problems, problems
    assert watch.rung() == set(watch.states())
    wait_until(lambda: set(watch.states().values()) == {"OK"}, 240, "all alarms are OK", lambda: str(watch.states()))
    missing = looked_at(stack) - emitted(stack)
    assert {metric for _, metric, _ in missing} <= NOT_SEEN, "dashboards and alarms look at what nothing emits"
