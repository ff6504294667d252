"""`swipeline quarantine list | show | redrive | settle | discard`: inspect, retry, settle or discard entries."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from client import output
from client.aws import Stage, explained
from client.commands.options import DRY_RUN, JsonOption, StageOption, YesOption

app = typer.Typer(help="List, inspect, retry or discard quarantined data.", no_args_is_help=True)
KindOption = Annotated[
    str | None,
    typer.Option("--kind", help="Only entries of this kind: lines, batches, conflicts, manifests or undelivered."),
]


@app.command("list")
def list_entries(
    stage: StageOption = "local",
    kind: KindOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of entries to show (all are counted).")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List quarantined entries with a count by kind.

    The oldest key is first.

    Example: swipeline quarantine list --kind lines --limit 10
    """
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
        output.people.print(f"{len(shown):,} shown; use --limit to show more")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="Quarantine key, from `quarantine list`.")],
    stage: StageOption = "local",
    raw: Annotated[bool, typer.Option("--raw", help="Print only the original bytes of the line.")] = False,
) -> None:
    """Show one entry with its reason and content. Card numbers are masked.

    Example: swipeline quarantine show quarantine/transactions/…/shardId-000000000000-49590-0.json
    """
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
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY", help="Quarantine keys, from `quarantine list` (default: all entries)."),
    ] = None,
    stage: StageOption = "local",
    kind: KindOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Send quarantined data through the pipeline again. Safe to repeat. Exits with 1 if anything stays in quarantine.

    Example: swipeline quarantine redrive --kind lines --yes
    """
    from client.quarantine.run import redrive as run

    where = Stage(stage)
    with explained(where):
        done = run(where, keys or (), kind, yes, lambda one: None if as_json else _print_outcome(one))
    if as_json:
        output.as_json(done.as_json())
    else:
        _print_counts({"before": done.before, "after": done.after})
        if done.dry_run and done.outcomes:
            output.people.print(DRY_RUN)
    if not done.clean:
        raise typer.Exit(1)


@app.command()
def settle(
    key: Annotated[str, typer.Argument(help="Key of a conflict, from `quarantine list --kind conflicts`.")],
    keep: Annotated[
        str, typer.Option("--keep", help="Content that counts: stored (all stores have it) or other (in quarantine).")
    ],
    stage: StageOption = "local",
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Settle a conflict: choose which content counts.

    Keeps the stored one, or sends the other one to all stores as a correction.

    Example: swipeline quarantine settle conflicts/T-1001-… --keep other --yes
    """
    from client.quarantine.conflicts import settle as run

    where = Stage(stage)
    with explained(where):
        done = run(where, key, keep, yes)
    if as_json:
        output.as_json(done)
        return
    _print_line(
        f"{'settled' if yes else 'would be settled'}: {key} (keep {keep}; differs in {', '.join(done['fields'])})"
    )
    if not yes:
        output.people.print(DRY_RUN)


@app.command()
def discard(
    note: Annotated[str, typer.Option("--note", help="Why these entries are discarded. Kept with them.")],
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="Quarantine keys, from `quarantine list`.")
    ] = None,
    stage: StageOption = "local",
    kind: KindOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Discard entries that will never be processed. They move to discarded/ of their bucket, with the note.

    Example: swipeline quarantine discard --kind lines --note "test data of 2026-11-24" --yes
    """
    from client.quarantine.discard import discard as run

    where = Stage(stage)
    with explained(where):
        done = run(where, keys or (), kind, note, yes)
    if as_json:
        output.as_json(done.as_json())
        return
    for key in done.keys:
        _print_line(f"{'would be discarded' if done.dry_run else 'discarded'}: {key}")
    _print_counts({"before": done.before, "after": done.after})
    if done.dry_run and done.keys:
        output.people.print(DRY_RUN)


def _print_outcome(one: Any) -> None:
    """For example: still unreadable: KEY (2 of 5 stay in quarantine): the line is not a JSON array."""
    stay = f" ({one.stuck:,} of {one.units:,} stay in quarantine)" if one.stuck else f" ({one.units:,})"
    _print_line(f"{one.result}: {one.key}{stay}" + (f": {one.reason}" if one.reason else ""))


def _print_line(text: str) -> None:
    output.people.print(text, highlight=False, soft_wrap=True, markup=False)


def _print_counts(counts: dict[str, dict[str, int]]) -> None:
    table = Table(box=SIMPLE_HEAD)
    kinds = list(next(iter(counts.values())))
    for column in ("", *kinds):
        table.add_column(column, justify="right" if column else "left")
    for name, of_kind in counts.items():
        table.add_row(name, *(f"{of_kind[kind]:,}" for kind in kinds))
    output.table(table)
