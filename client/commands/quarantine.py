"""`swipeline quarantine list | show | redrive`: what could not be processed."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption

app = typer.Typer(help="What could not be processed: list it, show one, send it through again.", no_args_is_help=True)
KindOption = Annotated[str | None, typer.Option("--kind", help="Only lines, batches or manifests.")]


@app.command("list")
def list_entries(
    stage: StageOption = "local",
    kind: KindOption = None,
    limit: Annotated[int, typer.Option(help="Show at most so many; all are counted.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List what is set aside, oldest key first, and count it by kind."""
    from client.quarantine.entries import Quarantine
    from client.quarantine.run import chosen_kinds

    where = Stage(stage)
    counts = dict.fromkeys(chosen_kinds(kind), 0)
    shown: list[dict[str, Any]] = []
    with explained(where):
        for entry in Quarantine(where).entries(counts):
            counts[entry.kind] += 1
            if len(shown) < limit:
                shown.append({**vars(entry), "set_aside_at": entry.set_aside_at.isoformat(timespec="seconds")})
    if as_json:
        output.as_json({"stage": stage, "counts": counts, "entries": shown})
        return
    for one in shown:
        output.people.print(
            f"{one['set_aside_at']}  {one['kind']:<9}  {one['key']}", highlight=False, soft_wrap=True, markup=False
        )
    _print_counts({"in quarantine": counts})
    if sum(counts.values()) > len(shown):
        output.people.print(f"{len(shown):,} of them are shown: --limit shows more")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="A key as `quarantine list` gives it.")],
    stage: StageOption = "local",
    raw: Annotated[bool, typer.Option("--raw", help="Only a bad line's original bytes, as they are.")] = False,
) -> None:
    """Show one: where it was on the stream, why it is here, what it holds. Digits of card numbers are masked."""
    from client.quarantine.describe import describe, original_bytes
    from client.quarantine.entries import Quarantine

    where = Stage(stage)
    with explained(where):
        quarantine = Quarantine(where)
        entry = quarantine.find(key)
        body = quarantine.read(entry)
    if raw:
        sys.stdout.buffer.write(original_bytes(entry, body))
        return
    typer.echo(json.dumps(describe(entry, body), indent=2))


@app.command()
def redrive(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys as `quarantine list` gives them; all without.")] = None,
    stage: StageOption = "local",
    kind: KindOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: without, it is only said what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send it through again. Safe to repeat. Exits with 1 when something of it stays behind."""
    from client.quarantine.run import redrive as run

    where = Stage(stage)
    with explained(where):
        done = run(where, keys or (), kind, yes, lambda one: None if as_json else _tell(one))
    if as_json:
        output.as_json(done.as_json())
    else:
        _print_counts({"before": done.before, "after": done.after})
        if done.dry_run and done.outcomes:
            output.people.print("Nothing was done: --yes does it.")
    if not done.clean:
        raise typer.Exit(1)


def _tell(one: Any) -> None:
    what = f"{one.units:,} of it" + (f", {one.stuck:,} stay" if one.stuck else "")
    text = f"{one.result}: {one.key} ({what})" + (f": {one.reason}" if one.reason else "")
    output.people.print(text, highlight=False, soft_wrap=True, markup=False)


def _print_counts(counts: dict[str, dict[str, int]]) -> None:
    table = Table(box=SIMPLE_HEAD)
    kinds = list(next(iter(counts.values())))
    for column in ("", *kinds):
        table.add_column(column, justify="right" if column else "left")
    for name, of_kind in counts.items():
        table.add_row(name, *(f"{of_kind[kind]:,}" for kind in kinds))
    output.table(table)
