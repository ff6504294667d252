"""`swipeline generate`: simulated transactions in the data set's schema."""

from __future__ import annotations

import time
from datetime import date
from typing import Annotated

import typer

from client import output
from client.errors import ClientError
from client.files import OverwriteOption


def generate(
    rows: Annotated[int, typer.Option(help="How many transactions.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed and options give the same bytes.")] = 1,
    customers: Annotated[int | None, typer.Option(help="How many cards; default: one per 100 rows.")] = None,
    start: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")] = "2025-01-01",
    days: Annotated[int | None, typer.Option(help="How many days; default: 2.5 rows per card and day.")] = None,
    fraud_rate: Annotated[float, typer.Option(help="Share of fraudulent rows.")] = 0.005,
    out: Annotated[str, typer.Option(help="File to write, - for standard output.")] = "-",
    format: Annotated[str | None, typer.Option(help="csv or parquet; default: by the file's suffix.")] = None,
    overwrite: OverwriteOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="A summary as JSON (needs --out FILE).")] = False,
) -> None:
    """Simulated transactions with the columns of the Kaggle file, seeded, sorted by time."""
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
