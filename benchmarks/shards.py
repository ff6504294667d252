"""How many transactions per second does one shard carry, and does the model of the limits agree with what is counted?

Method: the bytes and records that a transaction puts on the stream are counted on a deployed stack with one shard,
whose limits are enforced (local/shard_limits.py: 1 MB and 1,000 records a second in; 2 MB and 5 reads a second out,
for all consumers). The model (client/cost/shards.py, which `swipeline cost` uses) says from the counts what the
limits let through. Then `swipeline send` sends as fast as it can for longer than a bucket lasts, twice: the second
file gives the sustained rate. What is refused is sent again by write-to-kinesis and the client; afterwards all stores
are reconciled.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.frame import Report, parser
from benchmarks.rows import input_file
from benchmarks.stack import running
from benchmarks.usage import usage
from client.cost.moving import stream_load

RATES = (500, 1_000, 3_000, 10_000, 30_000)


def main() -> int:
    """Measure."""
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int)
    options = arguments.parse_args()
    rows = options.rows or (6_000 if options.quick else 60_000)
    report = Report.begin(__file__, __doc__, options)
    with tempfile.TemporaryDirectory() as name:
        first, second = (input_file(options.data, rows, Path(name), seed) for seed in (1, 2))
        with running(Path(name), SWIPELINE_SHARD_LIMITS="1") as stack:
            since = datetime.now(UTC)
            stack.reset_counts()
            sent = json.loads(stack.run("send", first, "--json", timeout=3600).stdout)
            began = time.monotonic()
            again = json.loads(stack.run("send", second, "--json", timeout=3600).stdout) if not options.data else sent
            rate = rows / (time.monotonic() - began) if not options.data else sent["rows_per_second"]
            assert sent["accepted"] == again["accepted"] == rows
            stack.run("reconcile", "--file", first, "--wait", 600, timeout=3600)
            load = stream_load(usage(stack, "swipeline-local", rows * (1 if options.data else 2), since))
    limits = load.per_shard()
    report.table(
        "Transactions per second that a shard carries, by limit",
        ["limit", "per s"],
        [list(one) for one in limits.items()],
    )
    report.table(
        "Shards for a rate", ["transactions per s", "shards"], [[rate_, load.shards(rate_)] for rate_ in RATES]
    )
    report.table(
        "Sent as fast as the shard takes it",
        ["rows", "per s", "bytes per row", "records per row"],
        [[rows, rate, load.bytes, load.records]],
    )
    carried = min(value for name, value in limits.items() if name.startswith("write"))
    report.target(
        "transactions per second that one shard takes in",
        carried,
        at_least=3_000,
        says=f"A transaction is {load.bytes:.0f} bytes on the stream: 1 MB/s is the limit that binds, by a hair.",
    )
    report.target(
        "transactions per second that all consumers can read of one shard",
        min(limits.values()),
        at_least=3_000,
        says="Four consumers share 2 MB/s of reading: half a shard's writing. Right would be to count with this limit, "
        "or to pay for enhanced fan-out ($0.015 an hour for a shard and consumer, and $0.013 a GB).",
    )
    report.note("A rate below the write limit is the laptop's own speed; one above it would be a broken model.")
    report.figures = {"per_shard": limits, "sustained": rate, "bytes": load.bytes, "records": load.records}
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
