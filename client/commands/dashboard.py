"""`swipeline dashboard`: the analysts' page, in the browser."""

from __future__ import annotations

import signal
import webbrowser
from typing import Annotated, Any

import typer

from client import output
from client.aws import LOCAL, Stage, explained
from client.commands.options import StageOption

LOCAL_REFRESH = 10.0  # on AWS none by itself: each query wakes the warehouse, and is billed for a minute at least
KEPT_AWAKE = (
    "Refreshing every {seconds:g} s keeps the warehouse of stage {stage} awake while the page is open: each query is "
    "billed for 60 s at least, up to $3.00 an hour at 8 RPU ($12.00 at 32)."
)


def dashboard(
    stage: StageOption = LOCAL,
    port: Annotated[int | None, typer.Option(min=1024, max=65535, help="Port (default: first free from 8501).")] = None,
    refresh: Annotated[
        float | None,
        typer.Option(
            min=0, help="Auto-refresh interval in seconds (0 = off; default: 10 on stage local, 0 on others)."
        ),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
) -> None:
    """Open the analysts' dashboard, live from the warehouse. Stop with Ctrl-C.

    Pages on spend, regions, customers, merchants, fraud and open alerts.

    Example: swipeline dashboard --port 8501 --no-open
    """
    from client.dashboard import serve

    where = Stage(stage)
    if not where.local:  # locally the page itself says what to do, and waits
        with explained(where):
            where.output("WorkgroupName")
    if not serve.installed():
        output.note("fetching the dashboard's packages, once: Streamlit and Altair, 120 MB")
        serve.install()
    chosen = serve.port_for(port)
    every = refresh if refresh is not None else LOCAL_REFRESH if where.local else 0.0
    if every and not where.local:
        output.note(KEPT_AWAKE.format(stage=stage, seconds=every))
    server = serve.start(stage, chosen, every)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        serve.wait(server, chosen)
        output.note(f"The dashboard of stage {stage}: {serve.address(chosen)} (stop with Ctrl-C)")
        if open_browser:
            webbrowser.open(serve.address(chosen))
        code = server.wait()
    except KeyboardInterrupt:
        code = 0
    finally:
        server.terminate()
        server.wait()
    if code:
        raise typer.Exit(1)


def _interrupt(*_: Any) -> None:
    """SIGTERM ends the page as Ctrl-C does: its server must not outlive the command."""
    raise KeyboardInterrupt
