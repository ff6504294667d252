"""`swipeline migrate`: the warehouse's schema, after a deploy."""

from __future__ import annotations

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption


def migrate(stage: StageOption = "local", as_json: JsonOption = False) -> None:
    """Apply pending migrations to a stage's warehouse. Safe to repeat.

    Also installs the marts and sets the daily limit on compute.

    Example: swipeline migrate --stage dev
    """
    from client.migrate.limit import set_limit
    from client.migrate.run import migrate as run

    where = Stage(stage)
    report = (lambda _: None) if as_json else _show
    with explained(where):
        done = run(where, report)
        limit = set_limit(where, report)
    if as_json:
        output.as_json(done | ({"rpu_hours_per_day": limit} if limit else {}))
        return
    applied = done["migrations"]
    says = f"applied {', '.join(applied)}" if applied else "the schema was up to date"
    output.people.print(f"Migrated: {says}; {done['marts']} statements of marts.", highlight=False)


def _show(step: str) -> None:
    output.people.print(f"  {step}", highlight=False)
