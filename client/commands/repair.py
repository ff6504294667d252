"""`swipeline repair`: fixes what `swipeline reconcile` finds."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import DRY_RUN, BeginOption, EndOption, JsonOption, StageOption, YesOption


def repair(
    stage: StageOption = "local",
    begin: BeginOption = None,
    end: EndOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fix what differs between table, lake and warehouse. Safe to repeat; run again to resume.

    What two stores agree on counts, else what the lake has. Exits with 1 if anything is left, or would be done.

    Example: swipeline repair --stage dev --from 2026-07-01 --to 2026-07-02 --yes
    """
    from client.reconcile.run import Options  # NumPy: only for the commands that count
    from client.reconcile.window import read_window
    from client.repair.run import repair as run

    where = Stage(stage)
    with explained(where):
        done = run(where, Options(read_window(begin, end, datetime.now(UTC)), allow_foreign=True), yes)
    if as_json:
        output.as_json(done.as_json())
    else:
        verb = "repaired" if yes else "would be repaired"
        for store, count in done.stores.items():
            output.people.print(f"{store}: {count:,} transactions {verb}", highlight=False)
        if done.dimensions:
            output.people.print(f"warehouse: {done.dimensions:,} customers and merchants {verb}", highlight=False)
        for key in done.damaged:
            output.people.print(f"lake: damaged object {key}", highlight=False, soft_wrap=True)
        if done.unreadable:
            output.people.print(f"{done.unreadable:,} cannot be repaired: no store has a readable content")
        if done.disputed:
            names = ", ".join(done.disputed_ids)
            output.people.print(
                f"{done.disputed:,} differ between table and warehouse, and the lake has none of them: decide with "
                f"`swipeline correct`: {names}",
                highlight=False,
                soft_wrap=True,
            )
        if done.ledger is not None:
            from client.reconcile.show import ledger_table

            output.table(ledger_table(done.ledger))
        elif done.needed:
            output.people.print(DRY_RUN)
    if not done.clean:
        raise typer.Exit(1)
