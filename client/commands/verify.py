"""`swipeline verify`: the acceptance test of a stage; with --preflight, what an account needs before a deploy."""

from __future__ import annotations

from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption
from client.errors import ClientError


def verify(
    stage: Annotated[str, typer.Option(help="Target stage.")] = "local",
    preflight: Annotated[
        bool,
        typer.Option("--preflight", help="Check quotas, zones, region and permissions before a deploy."),
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK", help="Skip a check, e.g. batch, which needs Spark locally. Repeatable."),
    ] = None,
    rows: Annotated[int, typer.Option(help="Number of transactions to send.")] = 2000,
    as_json: JsonOption = False,
) -> None:
    """Check that a stage is complete and works. Sends transactions through every hop and cleans up afterwards.

    Prints one line per check, ok or FAILED with what to do. Exits with 0 only if no check failed.

    Example: swipeline verify --stage dev --preflight
    """
    from client.verify.checks import counts
    from client.verify.checks import verify as run_checks
    from client.verify.line import Line
    from client.verify.preflight import preflight as run_preflight
    from client.verify.rows import Sample
    from client.verify.run import Run, report
    from client.verify.spent import spent

    if not 40 <= rows <= 100_000:
        raise ClientError(f"--rows must be between 40 and 100,000, got {rows}.")
    where = Stage(stage)
    run = Run(where, Sample(count=rows))

    def show(line: Line) -> None:
        if not as_json:
            _print(line)

    with explained(where):
        if preflight:
            cost = run_preflight(run, show)
        else:
            _ = where.deployment  # a stage that is not deployed is an error of its own
            run_checks(run, show, without or [])
            cost = spent(run, "batch" not in (without or []))
    if as_json:
        output.as_json(report(run, cost))
    else:
        good, bad, skipped = counts(run)
        output.people.print(f"{good} ok, {bad} failed, {skipped} skipped", highlight=False)
        if not preflight:
            paid = "" if cost["paid"] else " if it had run on AWS"
            output.people.print(f"This run cost about ${cost['dollars']:.2f}{paid}.", highlight=False)
    if run.failed:
        raise typer.Exit(1)


def _print(line: object) -> None:
    from rich.markup import escape

    from client.verify.line import FAILED, SKIPPED, Line

    assert isinstance(line, Line)
    color = {"ok": "green", FAILED: "red", SKIPPED: "yellow"}[line.status]
    seconds = f" ({line.seconds:.1f} s)" if line.seconds >= 1 else ""
    output.people.print(
        f"[{color}]{line.status:<8}[/] {line.name:<20} {escape(line.detail)}{seconds}", highlight=False, soft_wrap=True
    )
    if line.remedy:
        output.people.print(f"{'':<29} -> {escape(line.remedy)}", highlight=False, soft_wrap=True)
