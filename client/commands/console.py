"""`swipeline console`: a stage's CloudWatch in the browser."""

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
        int | None, typer.Option(min=1024, max=65535, help="Of the page; else a free one from 8601.")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
) -> None:
    """Show the deployed CloudWatch dashboards, alarms with their runbook, log queries and traces, until Ctrl-C."""
    from client.console.watch import Watch

    where = Stage(stage)
    with explained(where):
        where.output("RestApiId")
    server = _server(Watch(where), port)
    signal.signal(signal.SIGTERM, _interrupt)
    output.note(f"The console of stage {stage}: {server.address} (Ctrl-C ends it)")
    if open_browser:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        output.note("The console has ended.")
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
    raise ClientError(f"{taken} taken by other programs: choose a free one with --port.")


def _interrupt(*_: Any) -> None:
    """SIGTERM ends the page as Ctrl-C does."""
    raise KeyboardInterrupt
