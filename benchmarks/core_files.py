"""Source files as what the warehouse loads: Parquet of the batch path's schema, and lines of the alert stream.

Rows go through the model that the API and the Glue job use, and through the fraud model's own code; two processes share
the work, and what was made once is kept under build/core.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.frame import REPOSITORY
from fraud.alert import Alert, alerts, to_line
from fraud.model import SHIPPED, load
from fraud.profile import Profile
from fraud.scoring import score_batch
from glue.table import TRANSACTION_ARROW
from shared.errors import RejectedError
from shared.transaction.model import parse_many
from shared.transaction.schema import FIELDS, Transaction
from tests.unit.fakes.rows import CARD_KEYS

ROWS_PER_PIECE = 100_000
SCORED_AT_ONCE = 1_000
WORKERS = min(2, os.cpu_count() or 1)
DROPPED = ("", "Unnamed: 0", "unix_time")
ALERT_COLUMNS = ",".join(Alert._fields)
CARDS_BY = "0123456789abcdef"  # first digits of card ids: a card's purchases are scored together


def folder_of(files: Sequence[Path], rows: int | None) -> Path:
    """Where what is made of these files is kept: by their names, sizes and times, and what they become."""
    stamps = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    name = hashlib.sha256(repr((stamps, rows, TRANSACTION_ARROW.names, SHIPPED.name)).encode()).hexdigest()[:16]
    return REPOSITORY / "build" / "core" / name


def transactions(files: Sequence[Path], rows: int | None = None, folder: Path | None = None) -> list[Path]:
    """Make Parquet files of the first ``rows`` rows of Parquet files in the Kaggle schema; their paths, in order.

    Raises ValueError if a row is rejected: these files are for measuring.
    """
    folder = folder or folder_of(files, rows)
    if not (folder / "parsed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(WORKERS) as pool:
            list(pool.map(_parse, *zip(*_pieces(files, rows, folder), strict=True)))
        (folder / "parsed").touch()
    return sorted(folder.glob("part-*.parquet"))


def alert_lines(parquet: Sequence[Path]) -> list[Path]:
    """Score the transactions of :func:`transactions` in order of time; paths of the alerts' lines, gzip."""
    folder = parquet[0].parent
    if not (folder / "scored").exists():
        with ProcessPoolExecutor(WORKERS) as pool:
            list(pool.map(_score, [folder] * len(CARDS_BY), CARDS_BY))
        (folder / "scored").touch()
    return [path for path in sorted(folder.glob("alerts-*.json.gz")) if path.stat().st_size > 40]


def _pieces(files: Sequence[Path], rows: int | None, folder: Path) -> Iterator[tuple[Path, int, int, Path]]:
    left = rows
    number = 0
    for path in files:
        there = pq.ParquetFile(path).metadata.num_rows
        there = there if left is None else min(there, left)
        for start in range(0, there, ROWS_PER_PIECE):
            yield path, start, min(ROWS_PER_PIECE, there - start), folder / f"part-{number:04}.parquet"
            number += 1
        left = None if left is None else left - there


def _parse(source: Path, start: int, count: int, target: Path) -> None:
    names = [name for name in pq.read_schema(source).names if name not in DROPPED]
    columns = ", ".join(f'"{name}"' for name in names)
    with duckdb.connect(config={"threads": "1"}) as database:
        table = database.execute(
            f"SELECT {columns} FROM read_parquet('{source}', file_row_number = true)"
            " WHERE file_row_number >= ? AND file_row_number < ? ORDER BY file_row_number",
            [start, start + count],
        ).to_arrow_table()
    cells = [pc.cast(table.column(name).combine_chunks(), pa.string()).to_pylist() for name in names]
    parsed = parse_many((dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)), CARD_KEYS)
    good = [one for one in parsed if not isinstance(one, RejectedError)]
    if len(good) < len(parsed):
        raise ValueError(f"{len(parsed) - len(good)} rows of {source.name} are rejected")
    arrays = [
        _column(values, field.type) for values, field in zip(zip(*good, strict=True), TRANSACTION_ARROW, strict=True)
    ]
    partial = target.with_suffix(".partial")
    pq.write_table(pa.Table.from_arrays(arrays, schema=TRANSACTION_ARROW), partial, compression="snappy")
    partial.rename(target)


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pa.array(values, pa.string()).cast(kind)
    if pa.types.is_decimal(kind) and isinstance(values[0], float):
        return pa.array(values, pa.float64()).cast(kind)
    return pa.array(values, kind)


def _score(folder: Path, first_digit: str) -> None:
    """Score the cards whose id begins with a digit, as if each purchase arrived when it was made."""
    read = {
        "occurred_at": "strftime(occurred_at, '%Y-%m-%dT%H:%M:%S.%g') || 'Z'",
        "date_of_birth": "date_of_birth::TEXT",
    }
    read |= {f.name: f"{f.name}::DOUBLE" for f in FIELDS if f.kind.redshift == "DECIMAL(9,6)"}
    columns = ", ".join(read.get(field.name, field.name) for field in FIELDS)
    model, profiles = load(), dict[str, Profile]()
    target = folder / f"alerts-{first_digit}.json.gz"
    with duckdb.connect(config={"threads": "1", "memory_limit": "2GB"}) as database, gzip.open(target, "wb") as out:
        database.execute("SET TimeZone = 'UTC'")
        cursor = database.execute(
            f"SELECT {columns} FROM read_parquet('{folder}/part-*.parquet') WHERE card_id[1] = ?"
            " ORDER BY read_parquet.occurred_at, transaction_id",
            [first_digit],
        )
        while found := cursor.fetchmany(SCORED_AT_ONCE):
            batch = [Transaction(*row) for row in found]
            scored = score_batch(model, profiles, batch)
            for one in alerts(model, None, scored, batch, [of.occurred_at for of in batch]):
                out.write(to_line(one.alert))
