"""`swipeline deploy`: a stage onto AWS, and its warehouse up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import ParamOption
from client.errors import ClientError


def deploy(
    stage: Annotated[str, typer.Option(help="Stage to deploy. Required.")],
    param: ParamOption = None,
) -> None:
    """Deploy a stage to AWS, then migrate its warehouse.

    Example: swipeline deploy --stage dev --param alarmEmail=ops@example.com
    """
    from client.deploy.run import deploy as run

    where = Stage(stage)
    if where.local:
        raise ClientError("Stage local is deployed with `swipeline up`.")
    _ = where.region  # one that the template cannot serve is an error before anything is made
    with explained(where):
        run(where, param or [], output.note)
