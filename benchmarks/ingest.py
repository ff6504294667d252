"""How fast are rows acknowledged, and how long does a request take, by rows per request and by workers?

Method: on a deployed stack, requests of one size are sent by workers, each of which sends its next request when
the last was answered; a few requests before are not counted. Rows are new ones each time. A cell ends after its number
of requests. The consumers run meanwhile, on the same cores. Latency is the request's, from its first byte to the
answer. Times of one machine's HTTP server and Python workers, not of API Gateway and Lambda: compare cells, not days.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path

from benchmarks.frame import Report, parser
from benchmarks.rows import input_file, raw_rows
from benchmarks.sending import Sender, chunks, percentile
from benchmarks.stack import running


def main() -> int:
    """Measure each pair of sizes."""
    options = parser(__doc__).parse_args()
    sizes, workers = ((1, 100, 1000), (1, 4)) if options.quick else ((1, 10, 50, 100, 250, 500, 1000), (1, 2, 4, 8))
    count = 8 if options.quick else 80
    report = Report.begin(__file__, __doc__, options)
    needed = sum((count + some) * size for size in sizes for some in workers)
    table = []
    with tempfile.TemporaryDirectory() as name:
        rows = raw_rows(input_file(options.data, needed, Path(name)))
        with running(Path(name)) as stack:
            sender = Sender(stack)
            for size, some in itertools.product(sizes, workers):
                requests = chunks(list(itertools.islice(rows, (count + some) * size)), size)
                sender.closed_loop(requests[:some], some)
                began = time.monotonic()
                sent = sender.closed_loop(requests[some:], some)
                took = time.monotonic() - began
                waits = [one.seconds * 1000 for one in sent]
                table.append([size, some, count * size / took, percentile(waits, 0.5), percentile(waits, 0.99)])
    report.table("Acknowledged", ["rows per request", "workers", "rows per s", "p50 ms", "p99 ms"], table)
    for what, at in (("rows per second", 2), ("p99, ms", 4)):
        series = {f"{some} workers": [(row[0], row[at]) for row in table if row[1] == some] for some in workers}
        report.plot(f"Acknowledged: {what}", "rows per request", what, series, log_x=True, log_y=at == 2)
    full = max(row[2] for row in table if row[0] == sizes[-1])
    single = max(row[2] for row in table if row[0] == 1)
    report.note(f"Full requests carry {full / single:.0f} times the rows per second of single ones.")
    return report.publish()


if __name__ == "__main__":
    raise SystemExit(main())
