"""`swipeline score`: the batch path's fraud scores, of a file or of days of the lake."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from client import outfile, output
from client.aws import Stage, explained
from client.commands.options import StageOption
from client.commands.reading import How, reads_files
from client.errors import ClientError
from client.outfile import OverwriteOption


@reads_files
def score(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Transactions to score: files, folders or patterns (CSV, JSON, Parquet, Excel), or - for stdin.",
        ),
    ] = None,
    before: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Earlier history of the cards. Repeatable.")
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="Score the lake from this day of arrival, UTC, e.g. 2026-11-24.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Day after the last day of arrival, UTC.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model file (default: the shipped model).")] = None,
    out: Annotated[str, typer.Option(help="Output file, or - for standard output.")] = "-",
    stage: StageOption = "local",
    overwrite: OverwriteOption = False,
    *,
    how: How,
) -> None:
    """Score transactions offline. Raises no alerts.

    Writes CSV (transaction_id,score,is_alert), in order of time.

    Example: swipeline score my.csv --before history.csv --out scores.csv
    """
    from client.replay.plan import read_days
    from client.score.run import files_transactions, keys_of_this_run, lake_transactions, load_model, write_scores

    if bool(files) == (begin is not None):
        raise ClientError("Give a file, or --from a day of the lake.")
    if before and not files:
        raise ClientError("The lake has card ids and a file card numbers: --before goes with a file.")
    served, rejected, keys = load_model(model), list[str](), keys_of_this_run()
    absent: set[str] = set()
    where = Stage(stage)
    with explained(where):
        if begin is not None:
            found = lake_transactions(where, read_days(begin, end, datetime.now(UTC).date()))
        else:
            found = files_transactions(files or [], keys, rejected, how.reading, output.note, absent)
        history = files_transactions(before or [], keys, rejected, how.reading, output.note, absent)
        if out == "-":
            done = write_scores(served, found, history, sys.stdout, rejected, absent)
        else:
            inputs = [one for one in (*(files or []), model, *(before or [])) if one]
            with outfile.whole(Path(out), inputs, overwrite=overwrite) as target:
                text = io.TextIOWrapper(target, encoding="utf-8", write_through=True)
                done = write_scores(served, found, history, text, rejected, absent)
                text.detach()
    for line in rejected[:10]:
        output.note(f"not scored, {line}")
    output.note(
        f"{done.rows:,} scored by {done.model}, {done.alerts:,} at or over {done.threshold:.4f}; "
        f"{done.rejected:,} rows rejected"
    )
    if rejected:
        raise typer.Exit(2)
