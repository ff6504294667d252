"""The options that say how to read a file: every command that reads one takes them all."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from client.files.mapping import Reading, load, parse_pairs

PARAMETER = "how"


@dataclass(frozen=True)
class How:
    """The options as they were given: those of the command line, and the mapping file that they come on top of."""

    options: Reading
    mapping: Path | None = None

    @cached_property
    def reading(self) -> Reading:
        """How to read a file. Raises ClientError for a mapping file that cannot be read."""
        return self.options.over(load(self.mapping)) if self.mapping else self.options

    @property
    def flags(self) -> str:
        """The options again, for a command that is shown to people; each after a space."""
        how, parts = self.options, [f"--mapping {quote(str(self.mapping))}"] if self.mapping else []
        parts += [f"--map {quote(f'{target}={source}')}" for target, source in how.columns.items()]
        parts += [f"--drop {quote(name)}" for name in how.drop]
        for name in ("encoding", "delimiter", "sheet", "dates", "time_zone"):
            if value := getattr(how, name):
                parts.append(f"--{name.replace('_', '-')} {quote('tab' if value == chr(9) else value)}")
        parts += ["--decimal-comma"] if how.decimal_comma else []
        parts += ["--accept-rounded-card-numbers"] if how.accept_rounded_card_numbers else []
        return "".join(f" {part}" for part in parts)


def how_to_read(
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=NAME,...", help="Column names in the file. Repeatable.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="Mapping file in TOML (default: FILE.swipeline.toml if it exists)."),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Column of the file to ignore. Repeatable.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Text encoding, e.g. windows-1252 (default: detected).")] = None,
    delimiter: Annotated[str | None, typer.Option(help="CSV delimiter, or tab (default: detected).")] = None,
    sheet: Annotated[str | None, typer.Option(help="Excel sheet (default: the one with the rows).")] = None,
    dates: Annotated[
        str | None, typer.Option(help="Order in dates such as 3/4/2020: day-first, month-first or year-first.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Time zone of times without one, e.g. America/New_York (default: UTC).")
    ] = None,
    decimal_comma: Annotated[bool, typer.Option("--decimal-comma", help="Read numbers as 1.234,56.")] = False,
    accept_rounded: Annotated[
        bool,
        typer.Option(
            "--accept-rounded-card-numbers", help="Accept card numbers that look rounded to 15 digits by a spreadsheet."
        ),
    ] = False,
) -> How:
    """Make the options one object. Raises ClientError for a value that is none."""
    made = Reading(
        columns=parse_pairs(map_ or []),
        drop=tuple(name.strip() for text in drop or [] for name in text.split(",")),
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        dates=dates,
        time_zone=time_zone,
        decimal_comma=decimal_comma,
        accept_rounded_card_numbers=accept_rounded,
    )
    return How(made, mapping)


def reads_files(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of :func:`how_to_read` instead of its last parameter, ``how``."""
    taken = inspect.signature(how_to_read, eval_str=True).parameters
    signature = inspect.signature(command, eval_str=True)
    own = [one for one in signature.parameters.values() if one.name != PARAMETER]
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *taken.values())]

    @wraps(command)
    def run(**given: Any) -> None:
        how = how_to_read(**{name: given.pop(name) for name in taken})
        command(**given, **{PARAMETER: how})

    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": None}
    return run
