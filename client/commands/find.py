"""`swipeline find`: where one transaction is."""

from __future__ import annotations

from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption


def find(
    transaction_id: Annotated[str, typer.Argument(help="The sender's trans_num, or the id that the API gave.")],
    stage: StageOption = "local",
    days: Annotated[int, typer.Option(min=1, max=90, help="How many days of logs and lake to search.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Find a transaction, accepted, rejected or quarantined: place, reason, log lines. Exits 1 if nobody knows it."""
    from client.find.run import UNKNOWN, Finder

    where = Stage(stage)
    with explained(where):
        found = Finder(where, days).find(transaction_id)
    if as_json:
        output.as_json(found.as_json())
    else:
        typer.echo(f"{found.transaction_id}: {found.outcome}")
        typer.echo(f"  {found.explanation}")
        for place in found.places:
            typer.echo(f"  {place['store']:<11} {place['place']}  {place['about']}".rstrip())
        for line in found.lines:
            typer.echo(f"  {line['at']}  {line['function']}: {line['message']}  {line['about']}".rstrip())
    if found.outcome == UNKNOWN:
        raise typer.Exit(1)
