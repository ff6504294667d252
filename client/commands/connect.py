"""`swipeline connect`: how psql, a BI tool or dbt connects to the warehouse, with a temporary password."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import Annotated

import typer

from client.commands.options import JsonOption, StageOption


class User(StrEnum):
    """Whom to connect as."""

    analyst = "analyst"
    me = "me"


UserOption = Annotated[
    User,
    typer.Option("--as", help="Log in as analyst (reads the marts) or me (your AWS identity; on local: the owner)."),
]
SecondsOption = Annotated[
    int, typer.Option("--seconds", min=900, max=3600, help="Lifetime of the password in seconds.")
]


def connect(
    stage: StageOption = "local",
    user: UserOption = User.analyst,
    seconds: SecondsOption = 3600,
    as_json: JsonOption = False,
) -> None:
    """Print connection settings for psql, BI tools and dbt.

    Host, port, database, user and a temporary password.

    Example: swipeline connect --seconds 900
    """
    from client import output
    from client.connect import connection

    found = connection(stage, analyst=user is User.analyst, seconds=seconds)
    if as_json:
        output.as_json(found.as_dict())
        return
    for name, value in found.as_dict().items():
        if name not in ("psql", "url"):
            typer.echo(f"{name + ':':13}{value}")
    typer.echo(f"\nPGPASSWORD={shlex.quote(found.password)} {found.psql}")
