"""`swipeline dead-letters list | redrive | discard`: messages of the dead-letter queues."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from client import output
from client.aws import Stage, explained
from client.commands.options import DRY_RUN, JsonOption, StageOption, YesOption

app = typer.Typer(help="List, redrive or discard dead-letter messages.", no_args_is_help=True)
QueueArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUEUE", help="Dead-letter queue: batch-not-started or merges-given-up (default: both)."),
]


@app.command("list")
def list_queues(stage: StageOption = "local", as_json: JsonOption = False) -> None:
    """Count the messages of each dead-letter queue.

    Example: swipeline dead-letters list
    """
    from client.dead_letters import counts

    where = Stage(stage)
    with explained(where):
        found = counts(where)
    if as_json:
        output.as_json({"stage": stage, "messages": found})
        return
    _print(found)


@app.command()
def redrive(
    queues: QueueArgument = None, stage: StageOption = "local", yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Process dead-letter messages again. Fix the cause first.

    Starts the batch runs that did not start, and returns given-up deliveries to the merge.

    Example: swipeline dead-letters redrive batch-not-started --yes
    """
    from client.dead_letters import redrive as run

    where = Stage(stage)
    with explained(where):
        done = run(where, tuple(queues or ()), yes)
    _report(done, as_json)


@app.command()
def discard(
    queues: QueueArgument = None, stage: StageOption = "local", yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Delete the messages of dead-letter queues.

    Example: swipeline dead-letters discard batch-not-started --yes
    """
    from client.dead_letters import discard as run

    where = Stage(stage)
    with explained(where):
        done = run(where, tuple(queues or ()), yes)
    _report(done, as_json)


def _report(done: Any, as_json: bool) -> None:
    if as_json:
        output.as_json(done.as_json())
    else:
        for one in done.failed:
            output.people.print(f"failed: {one}", highlight=False, soft_wrap=True, markup=False)
        _print(done.before, done.after)
        if done.dry_run and any(done.before.values()):
            output.people.print(DRY_RUN)
    if done.failed:
        raise typer.Exit(1)


def _print(before: dict[str, int], after: dict[str, int] | None = None) -> None:
    from client.dead_letters import QUEUES

    table = Table(box=SIMPLE_HEAD)
    table.add_column("queue")
    table.add_column("holds")
    for column in ("messages",) if after is None else ("before", "after"):
        table.add_column(column, justify="right")
    for name, count in before.items():
        table.add_row(name, QUEUES[name], f"{count:,}", *(() if after is None else (f"{after[name]:,}",)))
    output.table(table)
