"""`swipeline batch`: files through the batch path, from the raw zone to the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from client import output
from client.aws import LOCAL, Stage, explained
from client.batch.run import Batch, Loaded
from client.batch.upload import check_gzip, keys
from client.commands.options import JsonOption, StageOption
from client.errors import ClientError

REJECTED_EXIT = 2


def batch(
    files: Annotated[
        list[Path] | None, typer.Argument(help="CSV files with the Kaggle columns, plain or .csv.gz.")
    ] = None,
    pending: Annotated[
        bool, typer.Option("--pending", help="Load all that is in the raw zone and not loaded yet, as the nightly run.")
    ] = False,
    stage: StageOption = LOCAL,
    wait: Annotated[float, typer.Option(help="Seconds that the run of a file may take.")] = 3600.0,
    as_json: JsonOption = False,
) -> None:
    """Load files by the batch path. Exits with 0 when every row is loaded, 2 when rows were rejected, 1 on failure."""
    if bool(files) == pending:
        raise ClientError("Which files? Name some, or give --pending for what is in the raw zone already.")
    where = Stage(stage)
    wanted = keys(files or [])
    check_gzip(wanted)
    if where.local:
        fetch_spark()
    with explained(where):
        done = load(where, wanted, wait, quiet=as_json)
    if as_json:
        output.as_json([one.as_json() for one in done])
    else:
        for one in done:
            output.note(describe(one))
    if any(one.error for one in done):
        raise typer.Exit(1)
    if any(one.rejected for one in done):
        raise typer.Exit(REJECTED_EXIT)


def fetch_spark() -> None:
    """Install Spark beside this Python when the batch path is used for the first time."""
    from local.spark import SparkError, ensure_spark, has_spark

    if not has_spark():
        output.note("fetching Spark and its Java (320 MB, once)")
    try:
        ensure_spark()
    except SparkError as error:
        raise ClientError(f"{error}.") from error


def load(stage: Stage, wanted: dict[Path, str], wait: float, quiet: bool) -> list[Loaded]:
    """Load the files, with a bar of the uploads for people; without files, what is in the raw zone."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=output.progress, disable=quiet, transient=True) as bars:
        tasks = {file: bars.add_task(file.name, total=file.stat().st_size) for file in wanted}
        runner = Batch(
            stage,
            wait,
            (lambda _: None) if quiet else bars.console.print,
            lambda file, sent: bars.advance(tasks[file], sent),
        )
        return [runner.load(file, key) for file, key in wanted.items()] or [runner.load_pending()]


def describe(one: Loaded) -> str:
    """What became of a file, for people."""
    if one.status == "failed":
        return f"{one.file}: nothing was loaded. {one.error} (run {one.run_id})"
    files = f"{one.files} files, " if one.files != 1 else ""
    head = f"{one.file}: {files}{one.rows:,} rows: {one.accepted:,} accepted, {one.rejected:,} rejected"
    if one.status == "unchanged":
        return f"{head}; loaded before by run {one.run_id}, nothing to do"
    lines = [
        f"{head}; {one.inserted:,} new in the warehouse, {one.known:,} there already"
        + (f", {one.duplicates:,} twice in the file" if one.duplicates else "")
        + f" ({one.seconds:.1f} s)"
    ]
    lines += [f"  {r['rows']:>7,} like line {r['line']}, {r['field']}: {r['reason']}" for r in one.reasons[:10]]
    if len(one.reasons) > 10:
        lines.append(f"  and {len(one.reasons) - 10} other reasons")
    if one.error:
        lines.append(f"{one.refused_files} files cannot be loaded. {one.error} (run {one.run_id})")
    if one.rejects:
        lines.append(f"Rejected lines with their reasons: {one.rejects}")
    return "\n".join(lines)
