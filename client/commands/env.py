"""`swipeline env`: the environment that points sls, the AWS CLI and boto3 at the embedded AWS."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import typer

from client.commands.options import JsonOption


def env(as_json: JsonOption = False) -> None:
    """Print shell variables for sls, the AWS CLI and boto3. They then use the embedded AWS.

    Example: eval "$(swipeline env)"
    """
    from client import output
    from client.serverless import REPOSITORY
    from local.settings import FOREIGN_VARIABLES, Settings

    settings = Settings.from_environment()
    folders = [str(Path(sys.executable).parent), str(REPOSITORY / "node_modules" / ".bin")]
    missing = [folder for folder in folders if folder not in os.environ.get("PATH", "").split(os.pathsep)]
    variables = {name: value for name, value in settings.environment().items() if os.environ.get(name) != value} | {
        "SWIPELINE_PYTHON": sys.executable
    }
    if missing:
        variables["PATH"] = os.pathsep.join([*missing, os.environ.get("PATH", "")])
    if as_json:
        output.as_json(variables)
        return
    for name in FOREIGN_VARIABLES:
        if name in os.environ:
            typer.echo(f"unset {name}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
