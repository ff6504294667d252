"""`swipeline replay`: reloads the warehouse from the lake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption


def replay(
    first: Annotated[str, typer.Option("--from", help="First day of arrival, UTC, e.g. 2026-11-24.")],
    end: Annotated[str | None, typer.Option("--to", help="Day after the last one, UTC (default: until now).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted replay of these days.")] = False,
    stage: StageOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Reload the warehouse from the lake. Rows already there stay unchanged.

    Loads everything that arrived in the lake on the given days.

    Example: swipeline replay --from 2026-11-24 --to 2026-11-25
    """
    from client.replay.plan import read_days
    from client.replay.run import replay as run

    days = read_days(first, end, datetime.now(UTC).date())
    where = Stage(stage)
    with explained(where):
        done = run(where, days, resume, report=output.note)
    if as_json:
        output.as_json(done.as_json())
        return
    output.people.print(
        f"Replayed {done.objects:,} objects of the lake ({done.bytes:,} bytes) that arrived from {done.first} until "
        f"{done.end}, in {done.parts:,} parts, {done.skipped:,} of them by an earlier run.\n"
        f"Transactions in core: {done.before:,} before, {done.after:,} after.",
        highlight=False,
    )
