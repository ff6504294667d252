"""What the search for card numbers costs per row, and how many rows of a file it would refuse.

`python -m benchmarks.card_numbers [--data FILE.parquet]`; without a file, of simulated rows.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from shared.card_numbers.search import holds_card_number, holds_number
from shared.transaction.schema import SOURCES

ROWS = 100_000
TEXT_COLUMNS = tuple(source for source, field in SOURCES.items() if field.kind.is_free_text)


def rows_of(data: Path | None) -> list[dict[str, Any]]:
    """Give the rows of a Parquet file, or simulated ones."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from client import simulator

    if data:
        return pq.read_table(data, columns=[*TEXT_COLUMNS, "cc_num", "trans_num"]).to_pylist()
    settings = simulator.Settings.of(ROWS, 1)
    return pa.Table.from_batches(simulator.batches(settings)).to_pylist()


def main() -> None:
    """Print rows, false alarms and the time per row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    rows = [
        ("\n".join(row[column] for column in TEXT_COLUMNS), row["trans_num"], str(row["cc_num"]))
        for row in rows_of(parser.parse_args().data)
    ]
    began = time.perf_counter()
    alarms = sum(holds_card_number(text, own) or holds_number(identifier, own) for text, identifier, own in rows)
    spent = time.perf_counter() - began
    print(f"{len(rows):,} rows, {alarms} false alarms, {spent / len(rows) * 1e6:.2f} us per row")


if __name__ == "__main__":
    main()
