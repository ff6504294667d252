"""`swipeline batch`: files through the batch path, from the raw zone to the warehouse."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from client import output
from client.aws import LOCAL, Stage, explained
from client.batch.prepare import PREFIX, Prepared, prepare
from client.batch.run import Batch, Loaded
from client.commands.options import JsonOption, StageOption
from client.commands.reading import How, reads_files
from client.errors import ClientError
from client.files.expand import expand
from client.send.run import check_place

REJECTED_EXIT = 2


@reads_files
def batch(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE", help="Files, folders or patterns: CSV, JSON, Parquet or Excel, also compressed."
        ),
    ] = None,
    pending: Annotated[
        bool,
        typer.Option(
            "--pending", help="Load everything in the raw zone that is not loaded yet, as the nightly run does."
        ),
    ] = False,
    stage: StageOption = LOCAL,
    wait: Annotated[float, typer.Option(help="Timeout per file in seconds.")] = 3600.0,
    rejected: Annotated[
        Path | None, typer.Option(help="Output file for rejected rows (default: FILE.rejected.csv).")
    ] = None,
    as_json: JsonOption = False,
    *,
    how: How,
) -> None:
    """Load files by the batch path. Exits with 0 if every row is loaded, 2 if rows were rejected, 1 on failure.

    Example: swipeline batch big.csv.gz --wait 7200
    """
    if bool(files) == pending:
        raise ClientError("No files given. Name files, or use --pending to load the raw zone.")
    where = Stage(stage)
    with tempfile.TemporaryDirectory(prefix="swipeline-batch-") as folder:
        wanted = [prepare(one, how.reading, Path(folder)) for one in expand(files or [])]
        check_keys(wanted)
        places = {one.key: _place(one, rejected, len(wanted)) for one in wanted}
        if where.local:
            fetch_spark()
        with explained(where):
            done = load(where, wanted, places, wait, quiet=as_json)
    if as_json:
        output.as_json([one.as_json() for one in done])
    else:
        for one in done:
            output.note(describe(one))
    if any(one.error for one in done):
        raise typer.Exit(1)
    if any(one.rejected for one in done):
        raise typer.Exit(REJECTED_EXIT)


def check_keys(wanted: list[Prepared]) -> None:
    """Raise ClientError if two files would be one object."""
    keys = [one.key for one in wanted]
    if twice := [one for one in wanted if keys.count(one.key) > 1]:
        name = twice[0].key.removeprefix(PREFIX)
        raise ClientError(f"Two files are named {name}. Rename one of them.")


def _place(one: Prepared, rejected: Path | None, files: int) -> Path:
    """Where a file's rejected rows go. Raises ClientError if they could not be written there."""
    name = f"{Path(one.named.member or one.named.name).name}.rejected.csv"
    if rejected is not None and files > 1 and not rejected.is_dir():
        raise ClientError("--rejected must be a folder when there is more than one file.")
    place = Path(name) if rejected is None else rejected / name if rejected.is_dir() else rejected
    check_place(place)
    return place


def fetch_spark() -> None:
    """Install Spark beside this Python when the batch path is used for the first time."""
    from local.spark import SparkError, ensure_spark, has_spark

    if not has_spark():
        output.note("fetching Spark and its Java (320 MB, once)")
    try:
        ensure_spark()
    except SparkError as error:
        raise ClientError(f"{error}.") from error


def load(stage: Stage, wanted: list[Prepared], places: dict[str, Path], wait: float, quiet: bool) -> list[Loaded]:
    """Load the files, with a bar of the uploads for people; without files, what is in the raw zone."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=output.progress, disable=quiet, transient=True) as bars:
        tasks = {one.path: bars.add_task(one.path.name, total=one.path.stat().st_size) for one in wanted}
        runner = Batch(
            stage,
            wait,
            (lambda _: None) if quiet else bars.console.print,
            lambda file, sent: bars.advance(tasks[file], sent),
        )
        return [runner.load_prepared(one, places[one.key]) for one in wanted] or [runner.load_pending()]


def describe(one: Loaded) -> str:
    """The outcome of a file, for people."""
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
    if one.rejected_file:
        lines.append(f"Rejected rows with their reasons: {one.rejected_file} (correct them there and load that file)")
    if one.rejects:
        lines.append(f"Reasons as the run noted them: {one.rejects}")
    return "\n".join(lines)
