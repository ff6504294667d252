"""`swipeline send`: a file through the API, every row acknowledged or given back with its reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption
from client.commands.reading import How, reads_files
from client.errors import ClientError
from client.files.expand import Named, expand
from client.files.mapping import Reading
from client.files.stream import open_input
from client.files.table import Table
from client.outfile import OverwriteOption
from client.send.progress import progress_bar
from client.send.run import Options, Summary, send_file

REJECTED_EXIT = 2


@reads_files
def send(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Files, folders or patterns: CSV, JSON, Parquet or Excel, also compressed; - for stdin.",
        ),
    ],
    stage: StageOption = "local",
    batch_size: Annotated[int, typer.Option(help="Rows per request, from 1 to 1000.")] = 1000,
    workers: Annotated[
        int, typer.Option(help="Number of concurrent requests; rows of one card always use the same worker.")
    ] = 4,
    rate: Annotated[float | None, typer.Option(help="Maximum rows per second (default: no limit).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Skip rows that an earlier run sent.")] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Put rows on the stream again, though sent before; each store keeps one."),
    ] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="Output file for rejected rows (default: FILE.rejected.csv).")
    ] = None,
    retry_deadline: Annotated[float, typer.Option(help="Give up after this many seconds without progress.")] = 60.0,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
    *,
    how: How,
) -> None:
    """Send files through the API. Exits with 0 if every row is stored, 2 if rows were rejected, 1 on failure.

    Example: swipeline send my.csv --stage dev --rate 500
    """
    where = Stage(stage)
    options = Options(batch_size, workers, rate, resume, rejected, retry_deadline, how.reading, overwrite, again)
    named = expand(files)
    if len(named) > 1 and rejected is not None and not rejected.is_dir():
        raise ClientError("--rejected must be a folder when there is more than one file.")
    if len(named) > 1:
        for one in named:  # before the first is sent
            check(one, how.reading)
    summaries = []
    for one in named:
        summaries.append(_send(where, one, options, as_json))
        if summaries[-1].error:
            break
    if as_json:
        shown = [summary.as_json() for summary in summaries]
        output.as_json(shown if len(named) > 1 else shown[0])
    elif len(summaries) > 1:
        output.note(total(summaries))
    if summaries[-1].error:
        left = f" {len(named) - len(summaries)} more files were not sent." if len(named) > len(summaries) else ""
        output.error(f"Stopped: {summaries[-1].error}. {resume_hint(named[len(summaries) - 1].name)}{left}")
        raise typer.Exit(1)
    if any(summary.rejected for summary in summaries):
        raise typer.Exit(REJECTED_EXIT)


def _send(where: Stage, one: Named, options: Options, as_json: bool) -> Summary:
    """Send one of the files, with its progress and its summary for people."""
    if options.rejected is not None and options.rejected.is_dir():
        name = Path(one.member or one.name).name
        options = replace(options, rejected=options.rejected / f"{name}.rejected.csv")
    with explained(where), progress_bar(one.shown, wanted=not as_json) as progress:
        try:
            summary = send_file(
                where, one.name, options, progress, lambda text: output.note(f"{one.shown}: {text}"), one.member
            )
        except KeyboardInterrupt:
            output.error(f"Interrupted. Acknowledged rows are recorded. {resume_hint(one.name)}")
            raise typer.Exit(130) from None
    if not as_json:
        output.note(describe(summary))
    return summary


def check(one: Named, how: Reading) -> None:
    """Raise ClientError if a file cannot be sent."""
    source = open_input(one.name, one.member)
    if source.path is not None:
        Table(source, how).close()


def total(summaries: list[Summary]) -> str:
    """All files in one line."""
    rows, accepted, rejected = (
        sum(getattr(one, name) for one in summaries) for name in ("rows", "accepted", "rejected")
    )
    return f"{len(summaries)} files, {rows:,} rows: {accepted:,} accepted, {rejected:,} rejected"


def resume_hint(file: str) -> str:
    """How to continue after a stop."""
    if file == "-":
        return "Send it again: rows that are stored are not stored twice."
    return f"To continue: swipeline send --resume {file}"


def describe(summary: Summary) -> str:
    """The summary for people, in a few lines."""
    lines = [
        f"{summary.rows:,} rows: {summary.accepted:,} accepted, {summary.rejected:,} rejected"
        + (f", {summary.not_sent:,} not sent" if summary.not_sent else "")
        + (f", {summary.skipped:,} of them by an earlier run" if summary.skipped else "")
        + f" ({summary.seconds:.1f} s, {summary.rows_per_second:,.0f} rows/s)"
    ]
    if summary.resent:
        lines.append(f"{summary.resent:,} rows were already sent (duplicate request); nothing stored twice")
    lines += [f"  {r['rows']:>7,} × {r['field'] or 'row'}: {r['reason']}" for r in summary.reasons[:10]]
    if len(summary.reasons) > 10:
        lines.append(f"  and {len(summary.reasons) - 10} other reasons")
    if summary.rejected_file:
        lines.append(
            f"Rejected rows with their reasons: {summary.rejected_file} (correct them there and send that file)"
        )
    return "\n".join(lines)
