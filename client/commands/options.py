"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

StageOption = Annotated[str, typer.Option(help="Target stage: local, or a stage deployed to AWS.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON to standard output.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Apply changes (default: dry run).")]

ParamOption = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="Stage parameter, e.g. logLevel=DEBUG. Repeatable.")
]

BeginOption = Annotated[
    str | None, typer.Option("--from", help="Start of the event-time window, a date or time in UTC.")
]
EndOption = Annotated[
    str | None, typer.Option("--to", help="End of the event-time window, a date or time in UTC (excluded).")
]

DRY_RUN = "Dry run. Add --yes to apply."
