"""Observability overhead: what do logs, metrics and traces of every batch cost the hot path?

Method: the deployed handlers are called with the same full batches as benchmarks/handlers.py, in pairs: once as they
are, with Powertools' JSON log lines, EMF metrics and X-Ray segments (one request and one record in ten are sampled;
segments go to a UDP port, as to Lambda's daemon), and once bare: the undecorated function, whose logger, metrics and
tracer do nothing. Pairs take turns in one process, the order within a pair alternates; CPU is the process's, the
time of the socket's stand-in subtracted, garbage collected before each. The cost is the median of the pairs'
differences, next to the median of the bare calls: threads that wait for each other make single calls of
write-to-dynamodb differ by a fifth.
"""

from __future__ import annotations

import base64
import gc
import inspect
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from operator import sub
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from benchmarks import handlers
from benchmarks.answers import Answers
from benchmarks.frame import Report, parser
from benchmarks.rows import input_file, raw_rows, transactions
from shared.transaction.codec import with_trace
from tests.unit.fakes.rows import CARD_KEY

MOST = 0.05
SAMPLED_ONE_IN = 10
HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled="
TRACED = {
    "POWERTOOLS_TRACE_DISABLED": "false",
    "LAMBDA_TASK_ROOT": "/var/task",
    "AWS_LAMBDA_FUNCTION_NAME": "swipeline-benchmark",
}


def sampled(batches: handlers.Batches) -> handlers.Batches:
    """The same batches, each tenth record with the header of a trace."""
    for event, _ in batches:
        for record in event["Records"][::SAMPLED_ONE_IN]:
            data = base64.b64decode(record["kinesis"]["data"])
            end = data.index(b"\n", 1) + 1
            traced = with_trace(data[:end], HEADER + "1") + data[end:]
            record["kinesis"]["data"] = base64.b64encode(traced).decode()
    return batches


def _nothing(*_: Any, **__: Any) -> None:
    """Replaces the telemetry with nothing."""


@contextmanager
def silent() -> Iterator[None]:
    """Logger, metrics and tracer that do nothing."""
    from shared import telemetry

    nothing = {"logger": ("info", "warning", "append_keys"), "metrics": ("add_metric",), "tracer": ("put_annotation",)}
    with mock.patch.multiple(telemetry, _TRACE_DISABLED=True):
        stack = [
            mock.patch.object(getattr(telemetry, name), method, _nothing)
            for name, methods in nothing.items()
            for method in methods
        ]
        for patch in stack:
            patch.start()
        try:
            yield
        finally:
            for patch in stack:
                patch.stop()


def in_traces(handler: Any) -> Any:
    """The handler as Lambda calls it: each invocation has a trace, one in ten is sampled."""
    calls = 0

    def call(event: Any, context: Any) -> Any:
        nonlocal calls
        calls += 1
        os.environ["_X_AMZN_TRACE_ID"] = HEADER + ("1" if calls % SAMPLED_ONE_IN == 0 else "0")
        return handler(event, context)

    return call


def measure(path: Path, rounds: int) -> dict[str, dict[str, list[float]]]:
    """CPU seconds per transaction by handler, with and without telemetry, of each round."""
    stored = transactions(path)
    batches = {"write-to-kinesis": handlers.api_batches(list(raw_rows(path)))}
    batches |= {name: sampled(handlers.stream_batches(stored, many)) for name, many in handlers.RECORDS.items()}
    taken: dict[str, dict[str, list[float]]] = {name: {"instrumented": [], "bare": []} for name in batches}
    answers = Answers(CARD_KEY.decode())
    with handlers.deployed(answers) as handler_of:
        for name, of in batches.items():
            handlers.cpu_of(in_traces(handler_of(name)), of[:1], answers)
        for turn in range(rounds):
            for name, of in batches.items():
                handler = handler_of(name)
                for kind in ("instrumented", "bare") if turn % 2 else ("bare", "instrumented"):
                    answers.clear()
                    gc.collect()
                    if kind == "instrumented":
                        found = handlers.cpu_of(in_traces(handler), of, answers)
                    else:
                        with silent():
                            found = handlers.cpu_of(inspect.unwrap(handler), of, answers)
                    taken[name][kind].append(found / len(stored))
    return taken


def main() -> int:
    """Measure."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int)
    arguments.add_argument("--rounds", type=int)
    options = arguments.parse_args()
    rows = options.rows or (4_000 if options.quick else 8_000)
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.bind(("127.0.0.1", 0))
    handlers.ENVIRONMENT.update(TRACED | {"AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}"})
    report = Report.begin(__file__, __doc__, options)
    with tempfile.TemporaryDirectory() as folder:
        taken = measure(input_file(options.data, rows, Path(folder)), options.rounds or (4 if options.quick else 60))
    daemon.close()
    bare = {name: median(one["bare"]) for name, one in taken.items()}
    more = {name: median(map(sub, one["instrumented"], one["bare"])) for name, one in taken.items()}
    cost = {name: more[name] / bare[name] for name in taken}
    report.table(
        "CPU per transaction",
        ["handler", "bare, us", "overhead, us", "overhead, %"],
        [[name, bare[name] * 1e6, more[name] * 1e6, 100 * cost[name]] for name in taken],
    )
    for name in ("write-to-kinesis", "write-to-dynamodb", "write-to-s3", "detect-fraud"):
        report.target(f"observability overhead (CPU) of {name}", 100 * cost[name], at_most=100 * MOST, unit="%")
    report.figures = {"seconds_per_transaction": {n: {"bare": bare[n], "more": more[n]} for n in taken}}
    return report.publish()


if __name__ == "__main__":
    sys.exit(main())
