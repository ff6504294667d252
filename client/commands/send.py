"""`swipeline send`: a file through the API, every row acknowledged or given back with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption
from client.files import OverwriteOption
from client.send.progress import progress_bar
from client.send.run import Options, Summary, send_file

REJECTED_EXIT = 2


def send(
    file: Annotated[str, typer.Argument(help="A CSV or Parquet file with the Kaggle columns; - for standard input.")],
    stage: StageOption = "local",
    batch_size: Annotated[int, typer.Option(help="Rows per request, at most 1000.")] = 1000,
    workers: Annotated[int, typer.Option(help="Requests at the same time; a card keeps to one.")] = 4,
    rate: Annotated[float | None, typer.Option(help="At most this many rows per second.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Skip what an earlier run had acknowledged.")] = False,
    rejected: Annotated[Path | None, typer.Option(help="Where rejected rows go; default FILE.rejected.csv.")] = None,
    patience: Annotated[float, typer.Option(help="Seconds to go on trying when nothing gets through.")] = 60.0,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Send a file through the API. Exits with 0 when every row is stored, 2 when rows were rejected, 1 on failure."""
    where = Stage(stage)
    options = Options(batch_size, workers, rate, resume, rejected, patience, overwrite)
    with explained(where), progress_bar(file, wanted=not as_json) as progress:
        try:
            summary = send_file(where, file, options, progress)
        except KeyboardInterrupt:
            output.error(f"Interrupted: what was acknowledged is noted. {resume_hint(file)}")
            raise typer.Exit(130) from None
    if as_json:
        output.as_json(summary.as_json())
    else:
        output.note(describe(summary))
    if summary.error:
        output.error(f"Stopped: {summary.error}. {resume_hint(file)}")
        raise typer.Exit(1)
    if summary.rejected:
        raise typer.Exit(REJECTED_EXIT)


def resume_hint(file: str) -> str:
    """How to go on after a stop."""
    if file == "-":
        return "Send it again: rows that are stored are not stored twice."
    return f"To go on from there: swipeline send --resume {file}"


def describe(summary: Summary) -> str:
    """The summary for people, in a few lines."""
    lines = [
        f"{summary.rows:,} rows: {summary.accepted:,} accepted, {summary.rejected:,} rejected"
        + (f", {summary.skipped:,} of them by an earlier run" if summary.skipped else "")
        + f" ({summary.seconds:.1f} s, {summary.rows_per_second:,.0f} rows/s)"
    ]
    if summary.resent:
        lines.append(f"{summary.resent:,} rows were known to the API already, from the same request before")
    lines += [f"  {r['rows']:>7,} like {r['field'] or 'row'}: {r['reason']}" for r in summary.reasons[:10]]
    if len(summary.reasons) > 10:
        lines.append(f"  and {len(summary.reasons) - 10} other reasons")
    if summary.rejected_file:
        lines.append(
            f"Rejected rows with their reasons: {summary.rejected_file} (correct them there and send that file)"
        )
    return "\n".join(lines)
