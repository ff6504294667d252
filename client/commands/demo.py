"""`swipeline demo`: the whole pipeline in one command."""

from __future__ import annotations

from typing import Annotated

import typer

from client import output
from client.aws import LOCAL, Stage, explained
from client.commands import stack
from client.commands.options import JsonOption, StageOption
from client.send.progress import progress_bar


def demo(
    rows: Annotated[int, typer.Option(help="Number of simulated transactions.")] = 20_000,
    file: Annotated[str | None, typer.Option(help="Send this file instead of simulated rows.")] = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 1,
    wait: Annotated[
        float | None, typer.Option(help="Seconds to wait for the stores (default: 120 on local, 900 on AWS).")
    ] = None,
    stage: StageOption = LOCAL,
    as_json: JsonOption = False,
) -> None:
    """Run the pipeline on simulated transactions, end to end.

    Starts the embedded AWS, sends the transactions, and checks that every store has each of them once.

    Example: swipeline demo --rows 5000
    """
    from client.demo.run import run_demo
    from client.demo.show import demo_report

    where = Stage(stage)
    if where.local:
        stack.bring_up(output.note)
    with explained(where), progress_bar("sending", wanted=not as_json) as progress:
        wait_seconds = wait if wait is not None else 120.0 if where.local else 900.0
        done = run_demo(where, rows, seed, file, wait_seconds, output.note, progress)
    if as_json:
        output.as_json(done.as_json())
    else:
        output.people.print(demo_report(done))
    if not done.proven:
        raise typer.Exit(1)
