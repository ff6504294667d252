"""`swipeline score`: the batch path's fraud scores, of a file or of days of the lake."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from client import outfile, output
from client.aws import Stage, explained
from client.commands.options import (
    DatesOption,
    DecimalCommaOption,
    DelimiterOption,
    DropOption,
    EncodingOption,
    MapOption,
    MappingOption,
    RoundedOption,
    SheetOption,
    StageOption,
    TimeZoneOption,
    reading,
)
from client.errors import ClientError
from client.outfile import OverwriteOption


def score(
    file: Annotated[
        str | None, typer.Argument(help="File of transactions: CSV, JSON, Parquet or Excel; or --from.")
    ] = None,
    before: Annotated[list[Path] | None, typer.Option(help="Earlier history of the cards; may be repeated.")] = None,
    begin: Annotated[str | None, typer.Option("--from", help="Of the lake, from this day of arrival on, UTC.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Until before this day.")] = None,
    model: Annotated[Path | None, typer.Option(help="Another model than the shipped one.")] = None,
    out: Annotated[str, typer.Option(help="Output file, or - for standard output.")] = "-",
    map_: MapOption = None,
    mapping: MappingOption = None,
    drop: DropOption = None,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
    sheet: SheetOption = None,
    dates: DatesOption = None,
    time_zone: TimeZoneOption = None,
    decimal_comma: DecimalCommaOption = False,
    accept_rounded: RoundedOption = False,
    stage: StageOption = "local",
    overwrite: OverwriteOption = False,
) -> None:
    """Score transactions without a stream, in order of time: transaction_id,score,is_alert. No alert is raised."""
    from client.replay.plan import read_days
    from client.score.run import file_transactions, keys_of_this_run, lake_transactions, load_model, write_scores

    if (file is None) == (begin is None):
        raise ClientError("Give a file, or --from a day of the lake.")
    if before and file is None:
        raise ClientError("The lake has card ids and a file card numbers: --before goes with a file.")
    how = reading(map_, mapping, drop, encoding, delimiter, sheet, dates, time_zone, decimal_comma, accept_rounded)
    served, rejected, keys = load_model(model), list[str](), keys_of_this_run()
    absent: set[str] = set()
    where = Stage(stage)
    with explained(where):
        if begin is not None:
            found = lake_transactions(where, read_days(begin, end, datetime.now(UTC).date()))
        else:
            found = file_transactions(file or "", keys, rejected, how, absent=absent)
        history = chain.from_iterable(
            file_transactions(str(path), keys, rejected, how, absent=absent) for path in before or []
        )
        if out == "-":
            done = write_scores(served, found, history, sys.stdout, rejected, absent)
        else:
            inputs = [one for one in (file, model, *(before or [])) if one]
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
