"""`swipeline logs`: runs a saved log query."""

from __future__ import annotations

from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption


def logs(
    question: Annotated[str, typer.Argument(help="Name of a saved query (default: list them).")] = "",
    stage: StageOption = "local",
    about: Annotated[str, typer.Option("--id", help="Transaction or request ID, for queries that need one.")] = "",
    minutes: Annotated[int, typer.Option(min=1, max=1_000_000, help="Time range in minutes.")] = 180,
    as_json: JsonOption = False,
) -> None:
    """Run a saved log query.

    Example: swipeline logs errors-by-function --minutes 60
    """
    from client.saved_queries.questions import ask, questions

    where = Stage(stage)
    with explained(where):
        if not question:
            known = sorted(questions(where))
            output.as_json(known) if as_json else typer.echo("\n".join(known))
            return
        rows = ask(where, question, minutes, about)
    if as_json:
        output.as_json(rows)
        return
    for row in rows:
        typer.echo("  ".join(f"{name}={value}" for name, value in row.items()))
    if not rows:
        output.note(f"nothing in the last {minutes} minutes")
