"""`swipeline find`: where one transaction is."""

from __future__ import annotations

from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption


def find(
    transaction_id: Annotated[
        str, typer.Argument(help="Transaction ID: the sender's trans_num, or the ID that the API returned.")
    ],
    stage: StageOption = "local",
    days: Annotated[int, typer.Option(min=1, max=90, help="Days of logs and lake to search.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Find a transaction in stores, quarantine and logs. Exits with 1 if it is unknown.

    Shows a line per store, the reason if it was rejected or quarantined, and its log lines.

    Example: swipeline find 2da90c7d74bd46a0caf3777415b3ebd3
    """
    from client.find.run import UNKNOWN, Finder

    where = Stage(stage)
    with explained(where):
        found = Finder(where, days).find(transaction_id)
    if as_json:
        output.as_json(found.as_json())
    else:
        typer.echo(f"{found.transaction_id}: {found.outcome}")
        typer.echo(f"  {found.explanation}")
        for store in found.stores:
            typer.echo(f"  {store['store']:<11} {store['has']:<8} {store['about']}".rstrip())
        for place in found.places:
            typer.echo(f"  {place['store']:<11} {place['place']}  {place['about']}".rstrip())
        for line in found.lines:
            typer.echo(f"  {line['at']}  {line['function']}: {line['message']}  {line['about']}".rstrip())
    if found.outcome == UNKNOWN:
        raise typer.Exit(1)
