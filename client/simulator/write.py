"""Write simulated rows to a CSV or Parquet file, or to standard output, whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from client import outfile
from client.errors import ClientError
from client.simulator.stream import SCHEMA

Format = Literal["csv", "parquet"]

_CSV = pa_csv.WriteOptions(quoting_style="needed", quoting_header="none", batch_size=8192)


def format_of(name: str, chosen: str | None) -> Format:
    """The format asked for, else the one of the file's suffix, else CSV. Raises ClientError for an unknown one."""
    value = chosen or ("parquet" if Path(name).suffix.lower() in {".parquet", ".pq"} else "csv")
    if value == "csv":
        return "csv"
    if value == "parquet":
        return "parquet"
    raise ClientError(f"--format must be csv or parquet, got {value!r}.")


def write(batches: Iterable[pa.RecordBatch], name: str, kind: Format, *, overwrite: bool = False) -> int:
    """Write all batches to the file `name` (``-``: standard output) and give back the number of rows.

    A file appears under its name only when it is complete.
    """
    if name == "-":
        return _write(batches, sys.stdout.buffer, kind)
    with outfile.whole(Path(name), overwrite=overwrite) as out:
        return _write(batches, out, kind)


def _write(batches: Iterable[pa.RecordBatch], out: IO[bytes], kind: Format) -> int:
    rows = 0
    if kind == "csv":
        with pa_csv.CSVWriter(out, SCHEMA, write_options=_CSV) as csv_writer:
            for batch in batches:
                csv_writer.write_batch(batch)
                rows += batch.num_rows
        return rows
    schema = pa.schema([f.with_name(f.name or "Unnamed: 0") for f in SCHEMA])
    with pq.ParquetWriter(out, schema) as parquet_writer:
        for batch in batches:
            parquet_writer.write_batch(batch.rename_columns(schema.names))
            rows += batch.num_rows
    return rows
