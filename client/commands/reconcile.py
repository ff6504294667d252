"""`swipeline reconcile`: proof that what the API acknowledged is in every store, once, with the same content."""

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
        typer.Option(help="Seconds to wait for what is still on its way (default: 30 for local, 600 on AWS)."),
    ] = None,
    allow_foreign: Annotated[
        bool, typer.Option("--allow-foreign", help="Don't fail on transactions sent from other machines.")
    ] = False,
    begin: Annotated[str | None, typer.Option("--from", help="Event times from: a day or a time, UTC.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Event times until just before: a day or a time.")] = None,
    arrived_from: Annotated[str | None, typer.Option(help="Read the lake from this day of arrival on.")] = None,
    arrived_to: Annotated[str | None, typer.Option(help="Read the lake until the day before this one.")] = None,
    scan: Annotated[bool, typer.Option("--scan", help="Scan the table, also for a window.")] = False,
    stores_only: Annotated[
        bool,
        typer.Option("--stores-only", help="Compare the stores with each other, not with this machine's journals."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Prove that API, DynamoDB, lake and warehouse hold the same content, once. Exits with 0 only when they balance.

    Compares counts and digests of contents; where those differ, names ids, stores and fields. On a machine that has
    sent anything, also against what the API acknowledged, unless a window or --stores-only is given.
    """
    from client.reconcile.lake import Arrival
    from client.reconcile.run import Options  # NumPy: only for the commands that count
    from client.reconcile.run import reconcile as compare
    from client.reconcile.show import ledger_table
    from client.reconcile.window import read_day, read_window

    if file and (stores_only or scan or any((begin, end, arrived_from, arrived_to))):
        raise ClientError("--file cannot be combined with a window, --scan or --stores-only.")
    options = Options(
        read_window(begin, end, datetime.now(UTC)),
        Arrival(read_day(arrived_from), read_day(arrived_to)),
        scan,
        file,
        stores_only,
        allow_foreign,
    )
    where = Stage(stage)
    with explained(where):
        ledger = compare(where, options, where.delivery_seconds if wait is None else wait)
    if as_json:
        output.as_json(ledger.as_json())
    else:
        output.table(ledger_table(ledger))
    if not ledger.balanced:
        raise typer.Exit(1)
