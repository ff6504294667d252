"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client.files.mapping import Reading, load, parse_pairs

StageOption = Annotated[str, typer.Option(help="Target stage: local, or a stage deployed to AWS.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON to standard output.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Apply changes (default: dry run).")]

DRY_RUN = "Dry run. Add --yes to apply."

# How a file is read; `send`, `batch`, `score`, `train` and `inspect` take them all.
MapOption = Annotated[
    list[str] | None, typer.Option("--map", help="Column names in the file, as COLUMN=NAME,... Repeatable.")
]
MappingOption = Annotated[
    Path | None,
    typer.Option(help="Mapping file in TOML (default: FILE.swipeline.toml if it exists)."),
]
DropOption = Annotated[list[str] | None, typer.Option(help="Column to ignore. Repeatable.")]
EncodingOption = Annotated[str | None, typer.Option(help="Text encoding, e.g. windows-1252 (default: detected).")]
DelimiterOption = Annotated[str | None, typer.Option(help="CSV delimiter, or tab (default: detected).")]
SheetOption = Annotated[str | None, typer.Option(help="Excel sheet (default: the one with the rows).")]
DatesOption = Annotated[
    str | None, typer.Option(help="Order in dates such as 3/4/2020: day-first, month-first or year-first.")
]
TimeZoneOption = Annotated[
    str | None, typer.Option(help="Time zone of times without one, e.g. America/New_York (default: UTC).")
]
DecimalCommaOption = Annotated[bool, typer.Option("--decimal-comma", help="Read numbers as 1.234,56.")]
RoundedOption = Annotated[
    bool,
    typer.Option(
        "--accept-rounded-card-numbers", help="Send card numbers that look rounded to 15 digits by a spreadsheet."
    ),
]


def reading(
    mapped: list[str] | None = None,
    mapping: Path | None = None,
    drop: list[str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    dates: str | None = None,
    time_zone: str | None = None,
    decimal_comma: bool = False,
    accept_rounded: bool = False,
) -> Reading:
    """How to read a file, from the options. Raises ClientError for an invalid value."""
    made = Reading(
        columns=parse_pairs(mapped or []),
        drop=tuple(name.strip() for text in drop or [] for name in text.split(",")),
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        dates=dates,
        time_zone=time_zone,
        decimal_comma=decimal_comma,
        accept_rounded_card_numbers=accept_rounded,
    )
    return made.over(load(mapping)) if mapping else made
