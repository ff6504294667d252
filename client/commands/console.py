"""`swipeline console`: shows a stage's CloudWatch in the browser."""

from __future__ import annotations

import signal
import webbrowser
from typing import Annotated, Any

import typer

from client import output
from client.aws import LOCAL, Stage, explained
from client.commands.options import StageOption
from client.errors import ClientError

PORT, TRIED = 8601, 20


def console(
    stage: StageOption = LOCAL,
    port: Annotated[
        int | None, typer.Option(min=1024, max=65535, help="Port to serve on (default: first free from 8601).")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
) -> None:
    """Open a stage's metrics, alarms, logs and traces. Stop with Ctrl-C.

    CloudWatch's dashboards, each alarm with its runbook entry, saved log queries, and X-Ray traces.

    Example: swipeline console --stage dev
    """
    from client.console.watch import Watch

    where = Stage(stage)
    with explained(where):
        where.output("RestApiId")
    server = _server(Watch(where), port)
    signal.signal(signal.SIGTERM, _interrupt)
    output.note(f"Console of stage {stage}: {server.address} (stop with Ctrl-C)")
    if open_browser:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        output.note("Console stopped.")
    finally:
        server.server_close()


def _server(watch: Any, port: int | None) -> Any:
    from client.console.server import Server

    candidates = range(PORT, PORT + TRIED) if port is None else (port,)
    for candidate in candidates:
        try:
            return Server(watch, candidate)
        except OSError:
            continue
    taken = f"Port {port} is" if port else f"The ports {PORT} to {PORT + TRIED - 1} are"
    raise ClientError(f"{taken} in use: choose a free port with --port.")


def _interrupt(*_: Any) -> None:
    """Treat SIGTERM like Ctrl-C."""
    raise KeyboardInterrupt
