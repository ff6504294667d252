"""What the commands print: results on standard output, everything for people's eyes on standard error or as tables."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer
from rich.console import Console, RenderableType
from rich.measure import Measurement

people = Console(width=None if sys.stdout.isatty() else 120)  # a pipe or a log has no width of its own
progress = Console(stderr=True)
_WIDEST = 1000


def as_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, indent=2))


def table(made: RenderableType) -> None:
    """A table for people. One that is wider than the terminal is wrapped by it: no digit and no id is ever cut."""
    wide = people.options.update(width=_WIDEST, max_width=_WIDEST)
    needed = Measurement.get(people, wide, made).maximum
    if needed <= people.width:
        people.print(made)
    else:
        Console(width=needed).print(made)


def error(text: str) -> None:
    """One line on standard error."""
    typer.secho(f"swipeline: {' '.join(text.split())}", fg="red", err=True)


def note(text: str) -> None:
    """One line for people on standard error."""
    typer.echo(text, err=True)
