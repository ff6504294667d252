"""Input of the benchmarks: the first rows of a file in the Kaggle schema, or simulated ones."""

from __future__ import annotations

import csv
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from benchmarks.frame import REPOSITORY
from shared.errors import RejectedError
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction
from tests.unit.fakes.rows import CARD_KEYS


def input_file(data: Path | None, rows: int, folder: Path, seed: int = 1, cards: int | None = None) -> Path:
    """A CSV file of the first `rows` rows, or of simulated ones of ``cards`` cards (default: one per 100 rows).

    Raises ValueError when the data has fewer rows.
    """
    path = folder / f"input-{rows}-{seed}-{cards or 'default'}.csv"
    if data is None:
        command = [sys.executable, "-m", "client.cli", "generate", "--rows", str(rows), "--seed", str(seed)]
        command += ["--customers", str(cards)] if cards else []
        subprocess.run([*command, "--out", str(path)], cwd=REPOSITORY, check=True, capture_output=True)
    elif data.suffix == ".parquet":
        table = pa.Table.from_batches(_first(pyarrow.parquet.ParquetFile(data), rows))
        _enough(table.num_rows, rows, data)
        pyarrow.csv.write_csv(table, path)
    else:
        with data.open() as source, path.open("w") as target:
            _enough(sum(target.write(line) > 0 for line in itertools.islice(source, rows + 1)) - 1, rows, data)
    return path


def raw_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows as text, as the CSV file has them, without the columns that nobody sends."""
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            row.pop("", None)
            row.pop("Unnamed: 0", None)
            row.pop("unix_time", None)
            yield row


def transactions(path: Path) -> list[Transaction]:
    """The rows as the stream has them, under the tests' card key."""
    parsed = parse_many(raw_rows(path), CARD_KEYS)
    return [one for one in parsed if not isinstance(one, RejectedError)]


def _first(file: pyarrow.parquet.ParquetFile, rows: int) -> Iterator[pa.RecordBatch]:
    left = rows
    for batch in file.iter_batches(batch_size=50_000):
        if left <= 0:
            return
        yield batch.slice(0, left)
        left -= batch.num_rows


def _enough(found: int, wanted: int, data: Path) -> None:
    if found < wanted:
        raise ValueError(f"{data.name} has {found} rows, {wanted} are wanted")
