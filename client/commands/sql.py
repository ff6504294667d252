"""`swipeline sql`: a query to the warehouse or the lake as an analyst, who may read the marts, the lake and no more."""

from __future__ import annotations

import csv
import itertools
import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from client import output
from client.aws import LOCAL, Stage, explained
from client.commands.options import JsonOption, StageOption
from client.errors import ClientError

SCREEN = 20


def sql(
    statement: Annotated[
        str,
        typer.Argument(help="One SELECT over schema mart (--lake: over table batch); - reads it from standard input."),
    ] = "",
    stage: StageOption = LOCAL,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Maximum number of rows (default: 20 at a time on a terminal, else all)."),
    ] = None,
    lake: Annotated[
        bool, typer.Option("--lake", help="Ask the lake through Athena, in its dialect, instead of the warehouse.")
    ] = False,
    saved: Annotated[
        str, typer.Option("--saved", metavar="NAME", help="Run a saved query of the lake; an unknown NAME lists them.")
    ] = "",
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header.")] = False,
) -> None:
    """Query the warehouse or the lake, read-only.

    Uses the permissions of an analyst. On a terminal, Enter shows more rows.

    Example: swipeline sql "SELECT * FROM mart.overview" --csv
    """
    if as_json and as_csv:
        raise ClientError("Give --json or --csv, not both.")
    if saved and statement:
        raise ClientError("Give a query or --saved, not both.")
    text = (sys.stdin.read() if statement == "-" else statement).strip().rstrip(";")
    if not text and not saved:
        raise ClientError('Give a query, e.g. swipeline sql "SELECT * FROM mart.spend_by_state".')
    where = Stage(stage)
    with explained(where):
        columns, rows = _from_lake(where, text, saved) if lake or saved else _from_warehouse(where, text)
        shown = itertools.islice(rows, limit)
        if as_json:
            _write_json(columns, shown)
        elif as_csv:
            _write_csv(columns, shown)
        else:
            _show(columns, shown, paged=limit is None and sys.stdout.isatty() and sys.stdin.isatty())


def _from_warehouse(stage: Stage, text: str) -> tuple[list[str], Iterator[list[Any]]]:
    from client.warehouse import query_as_analyst

    return query_as_analyst(stage, text)


def _from_lake(stage: Stage, text: str, name: str) -> tuple[list[str], Iterator[list[Any]]]:
    from client import lake

    if name:
        known = lake.saved(stage)
        if name not in known:
            raise ClientError(f'No saved query "{name}". Available: {", ".join(known)}.')
        text = known[name]
    answer, scanned = lake.query_lake(stage, text)
    output.note(f"{scanned:,} bytes scanned")
    return answer


def _write_json(columns: list[str], rows: Iterator[list[Any]]) -> None:
    """An array of objects, a row a line, written as the rows come."""
    typer.echo("[", nl=False)
    for number, row in enumerate(rows):
        typer.echo(("," if number else "") + "\n" + json.dumps(dict(zip(columns, row, strict=True))), nl=False)
    typer.echo("\n]")


def _write_csv(columns: list[str], rows: Iterator[list[Any]]) -> None:
    from client.csv_cells import harmless_cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(map(harmless_cell, columns))
    for row in rows:
        writer.writerow(["" if cell is None else _plain(cell) for cell in row])


def _plain(cell: Any) -> Any:
    """A decimal of the Data API is a text, and its sign no formula's."""
    from client.csv_cells import harmless_cell

    number = isinstance(cell, str) and cell.lstrip("-").replace(".", "", 1).isdecimal()
    return cell if number else harmless_cell(cell)


def _show(columns: list[str], rows: Iterator[list[Any]], *, paged: bool) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    count = 0
    while page := list(itertools.islice(rows, SCREEN if paged else None)):
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for name in columns:
            table.add_column(Text(name), no_wrap=True)
        for row in page:
            table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
        output.table(table)
        count += len(page)
        if paged and len(page) == SCREEN and not typer.confirm("More?", default=True, err=True):
            return
    output.note(f"{count:,} rows")
