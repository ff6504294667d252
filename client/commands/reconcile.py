"""`swipeline reconcile`: proof that what the API acknowledged is in every store, once."""

from __future__ import annotations

from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption


def reconcile(
    stage: StageOption = "local",
    file: Annotated[str | None, typer.Option(help="Only the transactions of this file.")] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for what is still on its way.")] = 0.0,
    allow_foreign: Annotated[
        bool, typer.Option("--allow-foreign", help="Ids that another machine has sent are no fault.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare API, DynamoDB, lake and warehouse id by id. Exits with 0 only when they balance."""
    from client.reconcile.run import reconcile as compare  # NumPy: only for the commands that count
    from client.reconcile.table import ledger_table

    where = Stage(stage)
    with explained(where):
        ledger = compare(where, file, wait, allow_foreign)
    if as_json:
        output.as_json(ledger.as_json())
    else:
        output.people.print(ledger_table(ledger))
    if not ledger.balanced:
        raise typer.Exit(1)
