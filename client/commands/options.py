"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

StageOption = Annotated[str, typer.Option(help="Target stage: local, or one deployed to AWS.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output, for programs.")]
