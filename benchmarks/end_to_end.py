"""How fast does the whole stream path go, compared with the naive baseline on the same embedded AWS in the same run?

Method: a stack of its own is deployed in a fresh home. The rows are sent with `swipeline send` and its defaults. Then
benchmarks/baseline is deployed beside it: one POST per transaction from as many threads as help it, put_record per
request, put_item per record, one object per batch, one INSERT per record; it gets the first rows of the same file. A
run ends when the warehouse has as many rows (COUNT), the table took as many writes (counted in the emulator), and the
lake's objects hold as many ids: asked five times a second, the cheapest first, since a stack that is looked at by
scans of its table works for the one who looks. Afterwards `swipeline reconcile`, and a scan of the baseline's table,
must find every row once in every store. Transactions per second are rows by the time from the first request to the
last row in the last store. AWS requests are counted in the emulator (local/calls.py): those of the functions and of
Firehose, and API Gateway's; not the polling of a stream, which goes with time and not with rows. Memory is the
proportional set size of all of the stack's processes, functions included, once a second; its peak. Clock: monotonic.
"""

from __future__ import annotations

import csv
import itertools
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from benchmarks.frame import Report, parser
from benchmarks.rows import input_file, raw_rows
from benchmarks.stack import CountedStack, Probe, running, wait_for_stores
from benchmarks.usage import usage

SENDERS = 8
STORES = ("dynamodb", "lake", "warehouse")


def swipeline(stack: CountedStack, path: Path, rows: int) -> dict[str, Any]:
    """Send a file, wait for all stores, and say what it took and used."""
    probe, since = Probe(stack), datetime.now(UTC)
    probe.start()
    stack.reset_counts()
    began = time.monotonic()
    sent = json.loads(stack.run("send", path, "--json", timeout=3600).stdout)
    acknowledged = time.monotonic() - began
    lake = stack.outputs["LakeBucket"]
    wait_for_stores(stack, rows, "core.transaction", stack.outputs["TableName"], lake, "transaction_id")
    complete = time.monotonic() - began
    probe.stop()
    used = usage(stack, "swipeline-local", rows, since)
    report = json.loads(stack.run("reconcile", "--file", path, "--wait", 60, "--json", timeout=3600).stdout)
    written = {store: report["hops"][store]["written"] for store in STORES}
    assert sent["accepted"] == rows, sent
    assert all(count == rows for count in written.values()), written
    return {
        "rows": rows,
        "acknowledged_seconds": acknowledged,
        "complete_seconds": complete,
        "peak_memory_mib": probe.peak / 2**20,
        "usage": used,
    }


def baseline(stack: CountedStack, path: Path, rows: int) -> dict[str, Any]:
    """The same for the naive baseline."""
    stack.deploy_baseline()
    outputs = stack.client("cloudformation").describe_stacks(StackName="swipeline-baseline-local")["Stacks"][0][
        "Outputs"
    ]
    found = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    key = stack.client("apigateway").get_api_key(apiKey=found["SenderApiKeyId"], includeValue=True)["value"]
    url = f"http://127.0.0.1:{stack.port}/restapis/{found['RestApiId']}/local/_user_request_/transactions"
    sent = list(itertools.islice(raw_rows(path), rows))

    def post(part: list[dict[str, Any]]) -> None:
        with requests.Session() as session:
            session.headers["x-api-key"] = key
            for row in part:
                answer = session.post(url, json=row, timeout=60)
                if answer.status_code != 202:
                    raise RuntimeError(f"the baseline answered {answer.status_code}: {answer.text[:200]}")

    since = datetime.now(UTC)
    stack.reset_counts()
    began = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(post, [sent[number::SENDERS] for number in range(SENDERS)]))
    acknowledged = time.monotonic() - began
    table, lake = "swipeline-baseline-local-transactions", "swipeline-baseline-local-lake"
    wait_for_stores(stack, rows, "baseline.transaction", table, lake, "trans_num")
    complete = time.monotonic() - began
    used = usage(stack, "swipeline-baseline-local", rows, since)
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=table, Select="COUNT")
    assert sum(page["Count"] for page in pages) == rows
    assert stack.sql("SELECT COUNT(DISTINCT trans_num) FROM baseline.transaction") == [[rows]]
    return {
        "rows": rows,
        "acknowledged_seconds": acknowledged,
        "complete_seconds": complete,
        "usage": used,
    }


def requests_per_thousand(run: dict[str, Any]) -> dict[str, float]:
    """AWS requests per 1,000 transactions, by service."""
    used, found = run["usage"], {"apigateway": run["usage"]["api"]["requests"]}
    for name, count in used["requests"].items():
        service = name.split(" ")[0]
        found[service] = found.get(service, 0) + count
    return {service: count * 1000 / run["rows"] for service, count in found.items()}


def main() -> int:
    """Measure both."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int)
    arguments.add_argument("--baseline-rows", type=int)
    options = arguments.parse_args()
    rows = options.rows or (5_000 if options.quick else 100_000)
    few = options.baseline_rows or (150 if options.quick else 3_000)
    report = Report.begin(__file__, __doc__, options)
    with tempfile.TemporaryDirectory() as name:
        path = input_file(options.data, rows, Path(name))
        with path.open(newline="") as file:
            assert sum(1 for _ in csv.reader(file)) == rows + 1
        with running(Path(name)) as stack:
            runs = {"Swipeline": swipeline(stack, path, rows), "baseline": baseline(stack, path, few)}
    rates = {name: run["rows"] / run["complete_seconds"] for name, run in runs.items()}
    report.table(
        "From the first request to every row in every store",
        ["", "rows", "acknowledged, s", "complete, s", "acknowledged per s", "complete per s"],
        [
            [
                name,
                run["rows"],
                run["acknowledged_seconds"],
                run["complete_seconds"],
                run["rows"] / run["acknowledged_seconds"],
                rates[name],
            ]
            for name, run in runs.items()
        ],
    )
    asked = {name: requests_per_thousand(run) for name, run in runs.items()}
    services = sorted({service for of in asked.values() for service in of})
    report.table(
        "AWS requests per 1,000 transactions",
        ["service", *runs],
        [
            *([service, *(asked[name].get(service, 0.0) for name in runs)] for service in services),
            ["all", *(sum(asked[name].values()) for name in runs)],
        ],
    )
    report.plot(
        "Transactions per second, complete", "", "per second", {"": list(rates.items())}, kind="bar", log_y=True
    )
    report.target("times the baseline's transactions per second", rates["Swipeline"] / rates["baseline"], at_least=50)
    # Merges look at staging once a second and functions read the card keys every five seconds, on stage local alone.
    by_time = sum(asked["Swipeline"].get(service, 0.0) for service in ("redshift-data", "secretsmanager"))
    report.target(
        "AWS requests per 1,000 transactions",
        sum(asked["Swipeline"].values()),
        at_most=40,
        says="BatchWriteItem takes 25 items: 40 requests per 1,000 are DynamoDB's floor alone, and conditional puts at "
        "one write unit come 25 to a call too. Right would be 50: 40, and 10 for the other hops. "
        f"{by_time:.1f} of them (merges, card keys) go with time and not with rows: a faster run has fewer, and a "
        "stage on AWS merges every 20 or 60 seconds.",
    )
    report.note(f"Peak memory of the stack: {runs['Swipeline']['peak_memory_mib']:,.0f} MiB, functions included.")
    report.figures = {"runs": runs, "requests_per_thousand": asked}
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
