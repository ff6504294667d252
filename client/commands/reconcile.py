"""`swipeline reconcile`: proof that what the API acknowledged is in every store, once, with the same content."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import BeginOption, EndOption, JsonOption, StageOption
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
    begin: BeginOption = None,
    end: EndOption = None,
    arrived_from: Annotated[str | None, typer.Option(help="First day of arrival to read from the lake.")] = None,
    arrived_to: Annotated[str | None, typer.Option(help="Day after the last day of arrival to read.")] = None,
    scan: Annotated[bool, typer.Option("--scan", help="Scan the DynamoDB table even for a window.")] = False,
    stores_only: Annotated[
        bool,
        typer.Option("--stores-only", help="Compare the stores with each other, ignoring this machine's journals."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that all stores hold the same transactions. Exits with 0 if they balance.

    Compares API, DynamoDB, lake and warehouse by counts and digests of contents; where those differ, names IDs, stores
    and fields. On the machine that sent, also compares with its journals, unless a time window or --stores-only is
    given.

    Example: swipeline reconcile --file my.csv --wait 120
    """
    from client.reconcile.lake import Arrival
    from client.reconcile.moving import moving
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
        if not ledger.balanced and any(hop.missing for hop in ledger.hops.values()):
            ledger.moving = moving(where)
    if as_json:
        output.as_json(ledger.as_json())
    else:
        output.table(ledger_table(ledger))
    if not ledger.balanced:
        raise typer.Exit(1)
