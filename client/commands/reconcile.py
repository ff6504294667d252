"""`swipeline reconcile`: proof that what the API acknowledged is in every store, once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption
from client.errors import ClientError


def reconcile(
    stage: StageOption = "local",
    file: Annotated[str | None, typer.Option(help="Only the transactions of this file.")] = None,
    wait: Annotated[
        float | None,
        typer.Option(help="Seconds to wait for rows in flight (default: 30 on local, 600 on AWS)."),
    ] = None,
    allow_foreign: Annotated[
        bool, typer.Option("--allow-foreign", help="Don't fail on transactions sent from other machines.")
    ] = False,
    begin: Annotated[
        str | None, typer.Option("--from", help="Start of the event-time window, a date or time in UTC.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="End of the event-time window, a date or time in UTC (excluded).")
    ] = None,
    arrived_from: Annotated[str | None, typer.Option(help="First day of arrival to read from the lake.")] = None,
    arrived_to: Annotated[str | None, typer.Option(help="Day after the last day of arrival to read.")] = None,
    scan: Annotated[bool, typer.Option("--scan", help="Scan the DynamoDB table even for a window.")] = False,
    stores_only: Annotated[
        bool,
        typer.Option("--stores-only", help="Compare the stores with each other, ignoring this machine's journals."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that API, DynamoDB, lake and warehouse hold the same transactions, each once. Exits with 0 if they balance.

    On the machine that sent, compares IDs with its journals. With a time window or --stores-only, or on another
    machine, compares the stores with each other by counts and checksums.

    Example: swipeline reconcile --file my.csv --wait 120
    """
    from client.reconcile.buckets.lake import Arrival
    from client.reconcile.buckets.run import Options, compare_stores
    from client.reconcile.buckets.window import read_day, read_window
    from client.reconcile.run import reconcile as compare  # NumPy: only for the commands that count
    from client.reconcile.table import ledger_table

    windowed = stores_only or scan or any((begin, end, arrived_from, arrived_to))
    if windowed and file:
        raise ClientError(
            "--file compares with the journal of a file: it goes with no window, and none of its options."
        )
    options = Options(
        read_window(begin, end, datetime.now(UTC)), Arrival(read_day(arrived_from), read_day(arrived_to)), scan
    )
    where = Stage(stage)
    patience = where.delivery_seconds if wait is None else wait
    with explained(where):
        if windowed or not (file or any(where.journals.glob("*.sqlite"))):
            ledger = compare_stores(where, options, patience)
        else:
            ledger = compare(where, file, patience, allow_foreign)
    if as_json:
        output.as_json(ledger.as_json())
    else:
        output.table(ledger_table(ledger))
    if not ledger.balanced:
        raise typer.Exit(1)
