"""python -m tests.fuzz.warehouse --cases 20000 [--seed N]: fails on other rows and on what only the warehouse takes."""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter

from tests.fuzz.warehouse.compare import fuzz
from tests.fuzz.warehouse.postgres import server


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, help="default: a new one, which is printed")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(2**32)
    print(f"seed {seed}")
    with server() as postgres:
        report = fuzz(postgres, seed, options.cases)
    for sql, found, expected in report.other[:20]:
        print(f"other rows: {sql}\n  warehouse  {found}\n  PostgreSQL {expected}")
    for sql in report.taken[:20]:
        print(f"taken: {sql}")
    for reason, count in Counter(reason[:100] for _, reason in report.refused).most_common(10):
        print(f"refused {count} times: {reason}")
    print(
        f"{report.cases} expressions: {report.equal} equal, {report.both_refused} refused by both,"
        f" {len(report.refused)} refused by the warehouse alone, {len(report.taken)} taken by it alone,"
        f" {len(report.other)} with other rows"
    )
    return 1 if report.other or report.taken else 0


if __name__ == "__main__":
    sys.exit(main())
