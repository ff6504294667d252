"""Run files of cases and print the table of outcomes: python -m tests.conformance.redshift.statements [FILE ...]."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from tests.conformance.redshift.statements.cases import EQUAL, REFUSED, run, warehouse

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="JSON files (default: all of this folder)")
    parser.add_argument("--quiet", action="store_true", help="print the table only")
    options = parser.parse_args()
    totals: Counter[str] = Counter()
    with warehouse() as database:
        for path in options.files or sorted(HERE.glob("*.json")):
            counts: Counter[str] = Counter()
            for case in json.loads(path.read_text()):
                outcome = run(database, case)
                counts[outcome.kind] += 1
                if outcome.kind not in (EQUAL, REFUSED) and not options.quiet:
                    print(f"{outcome.kind}: {case['sql']}\n    {outcome.detail}")
            print(f"{path.name}: {', '.join(f'{kind} {count}' for kind, count in sorted(counts.items()))}")
            totals += counts
    print(f"all {totals.total()}: {', '.join(f'{kind} {count}' for kind, count in sorted(totals.items()))}")
    return 1 if totals["other"] or totals["taken"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
