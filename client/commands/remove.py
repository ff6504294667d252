"""`swipeline remove`: deletes a stage and everything that it stores, which `sls remove` alone cannot."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption
from client.errors import ClientError


def remove(
    stage: Annotated[str, typer.Option(help="Stage to delete. Required.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Apply changes (default: dry run). Asks you to type the stage name.")
    ] = False,
    orphans: Annotated[
        bool,
        typer.Option("--orphans", help="Delete leftovers of a stage without a stack, e.g. after a failed deploy."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a stage and everything that it stores.

    Empties its buckets (all versions), runs `sls remove` and deletes leftover log groups. Refuses a protected stage
    (prod). With --yes, asks you to type the stage name.

    Example: swipeline remove --stage dev --yes
    """
    from client.remove.plan import look
    from client.remove.run import remove as run

    where = Stage(stage)
    if orphans:
        _remove_orphans(where, yes, as_json)
        return
    with explained(where):
        plan = look(where)
        if as_json:
            output.as_json({"stage": stage, **asdict(plan)})
        else:
            _print(plan)
        plan.refuse_if_protected(stage)
        if not yes:
            output.note("Dry run. Add --yes to delete (asks you to type the stage name).")
            return
        _confirm(stage)
        run(where, plan, output.note)
    output.note(f"Stage {stage} is removed.")


def _confirm(stage: str) -> None:
    typed = typer.prompt(f"All of this will be deleted and cannot be restored. Type {stage} to confirm", err=True)
    if typed.strip() != stage:
        raise ClientError(f"{typed!r} is not {stage}: nothing was removed.")


def _remove_orphans(where: Stage, yes: bool, as_json: bool) -> None:
    from client.remove.leftovers import delete
    from client.remove.leftovers import orphans as find
    from client.remove.plan import exists

    with explained(where):
        if exists(where):
            raise ClientError(f"Stage {where.name} is deployed: remove it without --orphans.")
        found = find(where)
        if as_json:
            output.as_json({"stage": where.name, "orphans": [asdict(one) for one in found]})
        else:
            for one in found:
                output.people.print(f"{one.kind:<10} {one.name}", markup=False, highlight=False)
        if not found:
            output.note(f"No leftovers of stage {where.name}.")
            return
        if not yes:
            output.note("Dry run. Add --yes to delete (asks you to type the stage name).")
            return
        _confirm(where.name)
        delete(where, found, output.note)


def _print(plan: Any) -> None:
    from rich.table import Table

    table = Table(title=f"Stack {plan.stack}")
    table.add_column("bucket")
    for column in ("objects", "old versions", "delete markers", "MiB"):
        table.add_column(column, justify="right")
    for bucket in plan.buckets:
        counts = (bucket.objects, bucket.old_versions, bucket.delete_markers)
        table.add_row(bucket.name, *(f"{count:,}" for count in counts), f"{bucket.bytes / 2**20:,.1f}")
    output.table(table)
    output.people.print(f"Tables: {', '.join(plan.tables) or 'none'}", highlight=False)
    output.people.print(f"Log groups: {len(plan.log_groups)}", highlight=False)
