"""How many transactions per second does one shard carry, with and without enhanced fan-out, as the limits say?

Method: the bytes and records that a transaction puts on the stream are counted on a deployed stack with one shard and
`fanOut=consumers`, whose limits are enforced (local/shard_limits.py: 1 MB and 1,000 records a second in; 2 MB and 5
reads a second out for all who call GetRecords, 2 MB a second for each consumer with enhanced fan-out). The model
(client/cost/shards.py, which `swipeline cost` uses) says from the counts what the limits let through. Then
`swipeline send` sends as fast as it can for longer than a bucket lasts, twice: the second file gives the sustained
rate. What is refused is sent again by write-to-kinesis and the client; afterwards all stores are reconciled. The
readers are measured without functions, whose own speed would hide the limits: records of the counted size are put for
some seconds as fast as one shard takes them, while four readers read, as on AWS: all four by GetRecords once a second,
then three by SubscribeToShard and one (Firehose) by GetRecords. A reader's share is the bytes that it has read a second
after the last put, of those that the shard took in: a ratio within one run.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.frame import Report, parser
from benchmarks.readers import shares
from benchmarks.rows import input_file
from benchmarks.stack import running
from benchmarks.usage import usage
from client.cost.moving import stream_load

RATES = (500, 1_000, 3_000, 10_000, 30_000)
FUNCTIONS = 3  # that read the stream; Firehose always reads it with GetRecords


def main() -> int:
    """Measure."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int)
    options = arguments.parse_args()
    rows = options.rows or (6_000 if options.quick else 60_000)
    seconds = 10.0 if options.quick else 60.0
    report = Report.begin(__file__, __doc__, options)
    with tempfile.TemporaryDirectory() as name:
        first, second = (input_file(options.data, rows, Path(name), seed) for seed in (1, 2))
        with running(Path(name), "fanOut=consumers", SWIPELINE_SHARD_LIMITS="1") as stack:
            since = datetime.now(UTC)
            stack.reset_counts()
            sent = json.loads(stack.run("send", first, "--json", timeout=3600).stdout)
            began = time.monotonic()
            again = json.loads(stack.run("send", second, "--json", timeout=3600).stdout) if not options.data else sent
            rate = rows / (time.monotonic() - began) if not options.data else sent["rows_per_second"]
            assert sent["accepted"] == again["accepted"] == rows
            stack.run("reconcile", "--file", first, "--wait", 600, timeout=3600)
            counted = usage(stack, "swipeline-local", rows * (1 if options.data else 2), since)
    shared, own = stream_load(counted), stream_load(counted, FUNCTIONS)
    limits = shared.per_shard() | own.per_shard()
    report.table(
        "Transactions per second that a shard carries, by limit",
        ["limit", "per s"],
        [list(one) for one in limits.items()],
    )
    report.table(
        "Shards for a rate",
        ["transactions per s", "fanOut=none", "fanOut=consumers"],
        [[rate_, shared.shards(rate_), own.shards(rate_)] for rate_ in RATES],
    )
    report.table(
        "Sent as fast as the shard takes it",
        ["rows", "per s", "bytes per row", "records per row"],
        [[rows, rate, own.bytes, own.records]],
    )
    record_bytes = round(own.bytes / own.records)
    found = {mode: shares(count, record_bytes, seconds) for mode, count in (("none", 0), ("consumers", FUNCTIONS))}
    report.table(
        "Four readers of one shard that takes in all it can",
        ["fanOut", "written, transactions per s", "read by the slowest, per s", "share of the slowest"],
        [[mode, taken / own.bytes, taken * min(read) / own.bytes, min(read)] for mode, (taken, read) in found.items()],
    )
    carried = min(value for name, value in limits.items() if name.startswith("write"))
    report.target(
        "transactions per second that one shard takes in",
        carried,
        at_least=3_000,
        says=f"A transaction is {own.bytes:.0f} bytes on the stream: 1 MB/s is the limit that binds, by a hair.",
    )
    report.target(
        "transactions per second that all consumers can read of one shard, with fanOut=consumers",
        min(own.per_shard().values()),
        at_least=3_000,
        says="Each function has 2 MB/s of its own, and Firehose the shared 2 MB/s for itself.",
    )
    report.target(
        "share of what one shard takes in that the slowest reader has read, with fanOut=consumers",
        min(found["consumers"][1]),
        at_least=0.95,
        says=f"{min(found['none'][1]):.2f} without it: four readers share 2 MB/s.",
    )
    report.note("A rate below the write limit is the laptop's own speed; one above it would be a broken model.")
    report.figures = {
        "per_shard": limits,
        "sustained": rate,
        "bytes": own.bytes,
        "records": own.records,
        "shares": {mode: read for mode, (_, read) in found.items()},
    }
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
