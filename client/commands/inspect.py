"""`swipeline inspect`: what a file is, how it would be read, what would be refused, and a mapping for it."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from client import output
from client.commands.options import JsonOption
from client.commands.reading import How, reads_files
from client.errors import ClientError
from client.files.expand import Named, expand
from client.files.mapping import Reading
from client.files.table import mapping_beside
from client.inspect.report import Report, inspect, propose


@reads_files
def inspect_command(
    file: Annotated[str, typer.Argument(help="CSV, JSON, Parquet or Excel file, also compressed.")],
    suggest: Annotated[bool, typer.Option("--suggest", help="Propose a mapping for columns with other names.")] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Save the mapping as FILE.swipeline.toml, which later commands read.")
    ] = False,
    as_json: JsonOption = False,
    *,
    how: How,
) -> None:
    """Show a file's format and the rows that would be rejected. Exits with 1 if `send` would refuse the file.

    Example: swipeline inspect my.csv --suggest
    """
    named = expand([file])
    if suggest or save:
        _mapping(named[0], how.reading, suggest, save, as_json)
        return
    reports = [inspect(one, how.reading, how.flags) for one in named]
    if as_json:
        shown = [one.as_json() for one in reports]
        output.as_json(shown if len(shown) > 1 else shown[0])
    else:
        typer.echo("\n\n".join(describe(one) for one in reports))
    if any(one.refusals for one in reports):
        raise typer.Exit(1)


def _mapping(named: Named, how: Reading, suggested: bool, save: bool, as_json: bool) -> None:
    if suggested:
        found = propose(named, how)
        text, made = found.toml(Path(named.name).name), found.reading
        if found.missing:
            output.note(f"Missing columns without a substitute: {', '.join(found.missing)}.")
    else:
        text, made = how.toml(), how
    if as_json:
        output.as_json({"mapping": text})
    else:
        typer.echo(text, nl=False)
    beside = mapping_beside(Path(named.name))
    if not save:
        output.note(f"To keep it for every later command: swipeline inspect {quote(named.name)} --suggest --save")
        return
    if beside.exists():
        raise ClientError(f"{beside} exists: change it there, or remove it first.")
    if made == Reading():
        raise ClientError("Nothing to save: the file needs no mapping.")
    beside.write_text(text, encoding="utf-8")
    output.note(f"Kept as {beside}. Check it, then: swipeline inspect {quote(named.name)}")


def describe(one: Report) -> str:
    """The report for people."""
    what = ", ".join(f"{name} {value}" if name != "format" else value for name, value in one.summary.items())
    inside = " in ".join(reversed(one.container[:-1]))
    lines = [f"{one.file}: {what}{f', in {inside}' if inside else ''}; {one.rows:,} rows"]
    width = max((len(column.name) for column in one.columns), default=0)
    for column in one.columns:
        name = column.name or '""'
        arrow = "" if column.taken == column.name else f" -> {column.taken}"
        lines.append(f"  {name:<{width}}  {column.type}{arrow}")
    lines += [f"  {name} = {value!r} in every row" for name, value in one.constants.items()]
    lines += [f"Note: {text}" for text in one.notes]
    if one.checked:
        lines.append(f"Of the first {one.checked:,} rows {one.refused:,} would be refused.")
    lines += [
        f"  {reason['rows']:>7,} × {reason['field']}: {reason['reason']} (line {reason['line']})"
        for reason in one.reasons[:10]
    ]
    if one.duplicate_ids:
        lines.append(f"{one.duplicate_ids:,} rows have a transaction id that an earlier row has.")
    lines += [f"Warning: {text}" for text in one.warnings]
    lines += [f"Not sendable: {text}" for text in one.refusals]
    if one.command:
        lines.append(f"Next: {one.command}")
    return "\n".join(lines)
