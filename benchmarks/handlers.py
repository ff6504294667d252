"""How much CPU does a transaction cost in each handler, next to `json.loads` of the same bytes?

Method: each deployed handler is called in this process with events as Lambda hands them over, full batches: 1,000 rows
a request of the API; of the stream 100 records (write-to-dynamodb), 500 (write-to-s3) and 1,000 (detect-fraud), fewer
where an event would be over Lambda's 6 MB; with all of Powertools' logs and metrics (to a file that nobody reads).
boto3 is the real one; only the socket is replaced (benchmarks/answers.py), and the time that takes is subtracted. CPU
is the process's, all threads. The floor is `json.loads` of the rows' JSON as the handler is given them: the request's
body, or the lines of its records. Rounds of all handlers and floors take turns; the smallest of the rounds counts,
which other processes disturb least.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import MISSING, fields
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.answers import Answers
from benchmarks.floors import floors
from benchmarks.frame import Report, parser
from benchmarks.rows import input_file, raw_rows, transactions
from local.event_sources.event import room_for_records
from shared import config
from shared.transaction.schema import Transaction
from tests.unit.fakes.events import Context, api_event, kinesis_event, on_stream
from tests.unit.fakes.rows import CARD_KEY

REQUEST_ROWS = 1000
RECORDS = {"write-to-dynamodb": 100, "write-to-s3": 500, "detect-fraud": 1000}
LIMITS = {"write-to-kinesis": 8.0, "write-to-s3": 3.0, "write-to-dynamodb": 15.0}
_DECODED = "decoding and checking the stream's lines"
NEEDED = {  # the steps of benchmarks/floors.py without which a handler would not do its work
    "write-to-kinesis": (
        "json.loads of the request",
        "the rows' values by pydantic",
        "encoding the stream's lines",
    ),
    "write-to-s3": ("the lake's lines from the stream's", "gzip of the lines"),
    "write-to-dynamodb": (_DECODED, "items", "BatchWriteItem as it is called"),
}
ENVIRONMENT = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "STAGE": "benchmark",
    "POWERTOOLS_SERVICE_NAME": "swipeline",
    "POWERTOOLS_METRICS_NAMESPACE": "Swipeline",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "LOG_LEVEL": "INFO",
    "ALERT_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
    "CARD_KEY_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:card-key",
    "SENDER_API_KEY_ID": "sender-1",
    "READER_API_KEY_ID": "reader-1",
    "REVIEWER_API_KEY_ID": "reviewer-1",
}
Batches = list[tuple[Any, list[bytes]]]  # the event, and its JSON as `json.loads` takes it


def api_batches(rows: list[dict[str, Any]]) -> Batches:
    """Requests of the API, each with a key, as `swipeline send` makes them."""
    made = []
    for start in range(0, len(rows), REQUEST_ROWS):
        body = json.dumps(rows[start : start + REQUEST_ROWS], separators=(",", ":"))
        made.append((api_event(body, **{"Idempotency-Key": f"request-{start}"}), [body.encode()]))
    return made


def stream_batches(stored: list[Transaction], records: int) -> Batches:
    """Batches of a shard: the records that those requests put, as many per event as one holds, or `records`."""
    on_shard = [
        record
        for start in range(0, len(stored), REQUEST_ROWS)
        for record in on_stream(stored[start : start + REQUEST_ROWS])
    ]
    made: Batches = []
    start = 0
    while start < len(on_shard):
        part = _first_batch(on_shard[start : start + records])
        lines = [line for _, data in part for line in data.split(b"\n") if line]
        # Arrived after all of the history: detect-fraud takes nothing of it for dated ahead.
        made.append((kinesis_event(part, start=start, arrived=4102444800.0), lines))
        start += len(part)
    return made


def _first_batch(records: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """As many of the records, at least one, as fit into one event."""
    sizes = (len(json.dumps(kinesis_event([record])["Records"][0], separators=(",", ":"))) + 1 for record in records)
    fitting = sum(1 for size in itertools.accumulate(sizes) if size <= room_for_records())
    return records[: max(1, fitting)]


@contextmanager
def deployed(answers: Answers) -> Iterator[Callable[[str], Any]]:
    """Handlers as a container has them: their environment set, their clients made from `answers`."""
    models = (config.Ingest, config.Table, config.Lake, config.Detect)
    names = {field.name for model in models for field in fields(model) if field.default is MISSING}
    os.environ |= {name.upper(): name.replace("_", "-") for name in names} | ENVIRONMENT
    answers.install()
    with tempfile.TemporaryFile("w") as nowhere, redirect_stdout(nowhere):
        sys.path.insert(0, "")
        yield lambda name: importlib.import_module(f"handlers.{name.replace('-', '_')}").handler


def cpu_of(handler: Any, batches: Batches, answers: Answers) -> float:
    """CPU seconds of all batches."""
    answers.seconds = 0.0
    began = process_time()
    for event, _ in batches:
        answer = handler(event, Context())
        failed = answer.get("batchItemFailures") or answer.get("statusCode", 202) not in (202,)
        if failed:
            raise RuntimeError(f"the handler refused its batch: {str(answer)[:300]}")
    return process_time() - began - answers.seconds


def floor_of(batches: Batches) -> float:
    """CPU seconds of `json.loads` of the same bytes."""
    began = process_time()
    for _, documents in batches:
        for document in documents:
            json.loads(document)
    return process_time() - began


def measure(path: Path, rounds: int) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Seconds per transaction by handler, and its AWS calls per 1,000 transactions by operation."""
    stored = transactions(path)
    batches = {"write-to-kinesis": api_batches(list(raw_rows(path)))}
    batches |= {name: stream_batches(stored, records) for name, records in RECORDS.items()}
    best: dict[str, dict[str, float]] = {name: {"handler": 1e9, "floor": 1e9} for name in batches}
    calls: dict[str, dict[str, float]] = {}
    answers = Answers(CARD_KEY.decode())
    with deployed(answers) as handler_of:
        for name, of in batches.items():  # what only the first batch of a container pays is not counted
            cpu_of(handler_of(name), of[:1], answers)
        for _ in range(rounds):
            for name, of in batches.items():
                answers.clear()
                found = cpu_of(handler_of(name), of, answers)
                best[name]["handler"] = min(best[name]["handler"], found / len(stored))
                best[name]["floor"] = min(best[name]["floor"], floor_of(of) / len(stored))
                calls[name] = {operation: count * 1000 / len(stored) for operation, count in answers.calls.items()}
    for name, of in batches.items():
        size = sum(len(document) for _, documents in of for document in documents)
        best[name]["bytes"] = size / len(stored)
    return best, calls


def main() -> int:
    """Measure."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int)
    arguments.add_argument("--rounds", type=int)
    options = arguments.parse_args()
    rows = options.rows or (4_000 if options.quick else 32_000)
    report = Report.begin(__file__, __doc__, options)
    rounds = options.rounds or (3 if options.quick else 9)
    with tempfile.TemporaryDirectory() as folder:
        path = input_file(options.data, rows, Path(folder))
        best, calls = measure(path, rounds)
        part = list(itertools.islice(raw_rows(path), 4_000))
        steps = floors(part, transactions(path)[: len(part)], rounds)
    ratio = {name: found["handler"] / found["floor"] for name, found in best.items()}
    report.table(
        "CPU per transaction",
        ["handler", "us", "json.loads, us", "times the floor", "bytes of JSON", "AWS calls per 1,000"],
        [
            [name, one["handler"] * 1e6, one["floor"] * 1e6, ratio[name], one["bytes"], sum(calls[name].values())]
            for name, one in best.items()
        ],
    )
    report.table(
        "Steps that a handler cannot leave out, each alone",
        ["handler", "step", "us", "times json.loads"],
        [
            [name, step, seconds * 1e6, seconds / best[name if name in best else "write-to-s3"]["floor"]]
            for name, step, seconds in steps
        ],
    )
    report.table(
        "AWS calls per 1,000 transactions, full batches",
        ["handler", "call", "per 1,000"],
        [[name, call, count] for name, of in calls.items() for call, count in sorted(of.items())],
    )
    report.plot(
        "CPU per transaction",
        "",
        "us",
        {
            "handler": [(name, one["handler"] * 1e6) for name, one in best.items()],
            "json.loads of the same bytes": [(name, one["floor"] * 1e6) for name, one in best.items()],
        },
        kind="bar",
    )
    alone = {step: seconds for _, step, seconds in steps}
    for name, limit in LIMITS.items():
        of = sum(alone[step] for step in NEEDED[name]) / best[name]["floor"]
        says = f"Its floor is {of:.1f}: nothing but {', '.join(NEEDED[name])}."
        report.target(f"CPU of {name}", ratio[name], at_most=limit, unit="times json.loads", says=says)
    report.figures = {"seconds_per_transaction": best, "calls_per_thousand": calls}
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
