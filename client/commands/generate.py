"""`swipeline generate`: writes simulated transactions in the data set's schema."""

from __future__ import annotations

import time
from datetime import date
from typing import Annotated

import typer

from client import output
from client.errors import ClientError
from client.outfile import OverwriteOption


def generate(
    rows: Annotated[int, typer.Option(help="Number of transactions.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Random seed. The same seed and options produce the same bytes.")] = 1,
    customers: Annotated[int | None, typer.Option(help="Number of cards (default: one per 100 rows).")] = None,
    start: Annotated[str, typer.Option(help="First day, e.g. 2025-01-01.")] = "2025-01-01",
    days: Annotated[int | None, typer.Option(help="Number of days (default: 2.5 rows per card and day).")] = None,
    fraud_rate: Annotated[float, typer.Option(help="Share of fraudulent rows, from 0 to 1.")] = 0.005,
    out: Annotated[str, typer.Option(help="Output file, or - for standard output.")] = "-",
    format: Annotated[
        str | None, typer.Option(help="Output format: csv or parquet (default: from the file name).")
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON (requires --out FILE).")] = False,
) -> None:
    """Generate simulated transactions as CSV or Parquet.

    The columns are those of the Kaggle file; rows are sorted by time.

    Example: swipeline generate --rows 100000 --seed 7 --out transactions.csv
    """
    from client import simulator  # NumPy, Arrow and Faker take half a second: only this command pays for them
    from client.simulator.write import format_of

    if as_json and out == "-":
        raise ClientError("--json and the rows would both go to standard output: add --out FILE.")
    try:
        first_day = date.fromisoformat(start)
    except ValueError as error:
        raise ClientError(f"--start must be a date like 2025-01-01, got {start!r}.") from error
    settings = simulator.Settings.of(rows, seed, customers, first_day, days, fraud_rate)
    began = time.monotonic()
    written = simulator.write(simulator.batches(settings), out, format_of(out, format), overwrite=overwrite)
    seconds = time.monotonic() - began
    if as_json:
        summary = {"rows": written, "customers": settings.customers, "days": settings.days, "file": out}
        output.as_json(summary | {"seconds": round(seconds, 3)})
    elif out != "-":
        output.note(f"{written:,} transactions of {settings.customers:,} cards in {out} ({seconds:.1f} s)")
