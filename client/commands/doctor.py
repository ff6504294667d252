"""`swipeline doctor`: what is wrong now, and how to fix it."""

from __future__ import annotations

from typing import Any

import typer

from client import output
from client.aws import LOCAL, Stage, explained
from client.commands.options import JsonOption, StageOption

COLORS = {"ok": "green", "warning": "yellow", "problem": "red", "unknown": "magenta"}


def doctor(stage: StageOption = LOCAL, as_json: JsonOption = False) -> None:
    """Show what is wrong now and how to fix it. Exits with 0 only if everything is known to be healthy.

    Checks alarms, backlog, event source mappings, deliveries, quarantine, ledger, last deploy and cost. What cannot be
    checked is unknown, and exits with 1 as well.

    Example: swipeline doctor --stage dev
    """
    from client.doctor.finding import OK
    from client.doctor.run import diagnose

    where = Stage(stage)
    with explained(where):
        report = diagnose(where)
    if as_json:
        output.as_json(report.as_json())
    else:
        _print(report)
    if report.state != OK:
        raise typer.Exit(1)


def _print(report: Any) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"Stage {report.stage}, {report.at:%Y-%m-%d %H:%M:%S} UTC", box=SIMPLE_HEAD)
    for column in ("", "state", "", "how to fix it"):
        table.add_column(column, overflow="fold")
    for area, findings in report.by_area().items():
        table.add_section()
        table.add_row(Text(area, style="bold"), "", "", "")
        for one in findings:
            runbook = f"docs/runbook.md#{one.runbook}" if one.runbook and one.state != "ok" else ""
            cells = (f"  {one.name}", Text(one.state, style=COLORS[one.state]), Text(one.text))
            table.add_row(*cells, Text("\n".join(filter(None, (one.help if one.state != "ok" else "", runbook)))))
    output.people.print(table)
    counts = ", ".join(f"{count} {state}" for state, count in report.counts().items() if count)
    output.people.print(f"{counts}.", highlight=False)
