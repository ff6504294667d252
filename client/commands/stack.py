"""`swipeline up, down, status`: the embedded AWS on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from client import output
from client.aws import LOCAL
from client.commands.options import JsonOption, ParamOption, StageOption
from client.errors import ClientError


def up(
    stage: StageOption = LOCAL,
    param: ParamOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start the embedded AWS and deploy the service into it. Skips what is already running and deployed.

    Example: swipeline up
    """
    _only_local(stage, "deploy it")
    status = bring_up(output.note, param or [])
    if as_json:
        output.as_json(asdict(status))
    else:
        output.note(f"The embedded AWS is up: {status.endpoint} (swipeline status shows its parts)")


def down(
    stage: StageOption = LOCAL,
    reset: Annotated[bool, typer.Option("--reset", help="Delete all local data as well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Stop the embedded AWS. Keeps its data unless --reset is given.

    Example: swipeline down --reset
    """
    from local import stack

    _only_local(stage, "remove it")
    with _explained():
        stopped = stack.down()
        if reset:
            stack.reset()
    if as_json:
        output.as_json({"stopped": stopped, "reset": reset})
    else:
        output.note("Stopped." if stopped else "Nothing was running.")
        if reset:
            output.note("All local data deleted.")


def status(stage: StageOption = LOCAL, as_json: JsonOption = False) -> None:
    """Show what runs where. Exits with 0 only when everything is healthy.

    Example: swipeline status --json
    """
    from local import stack

    _only_local(stage, "look at it", command="npx sls info")
    with _explained():
        found = stack.status()
    aside = _quarantined() if found.deployed else None
    if as_json:
        output.as_json(asdict(found) | {"running": found.running, "quarantine": aside})
    else:
        _print(found)
        if aside is not None:
            kinds = ", ".join(f"{count:,} {kind}" for kind, count in aside.items() if count)
            more = ": see `swipeline quarantine list`" if kinds else ""
            output.people.print(f"In quarantine: {kinds or 'nothing'}{more}", markup=False)
    if not (found.running and found.deployed) or found.disk:
        raise typer.Exit(1)


def _quarantined() -> dict[str, int] | None:
    """Entries of the quarantine by kind; None where they cannot be counted."""
    from client.aws import Stage, explained
    from client.quarantine.entries import Quarantine

    where = Stage(LOCAL)
    try:
        with explained(where):
            return Quarantine(where).counts()
    except ClientError:
        return None


def bring_up(report: Callable[[str], None], parameters: Sequence[str] = ()) -> Any:
    """Start and deploy what is not yet; gives local.stack's status. Raises ClientError."""
    from local import stack

    with _explained():
        found = stack.up(report=report, parameters=parameters)
    _repair_roles(report)
    return found


def _repair_roles(report: Callable[[str], None]) -> None:
    """A deploy with nothing to change does not restore a role that was changed by hand."""
    from client.aws import Stage, explained
    from client.repair.roles import drifts, repair
    from client.verify.deployed import Deployed

    where = Stage(LOCAL)
    with explained(where):
        deployed = Deployed(where)
        if found := drifts(deployed):
            repair(deployed, found)
            report(f"repaired {len(found)} policies of roles: {', '.join(sorted({one.role for one in found}))}")


def _print(found: Any) -> None:
    from rich.table import Table

    table = Table(title=f"Embedded AWS in {found.home}")
    for column in ("process", "state", "pid", "port", "memory", "restarts"):
        table.add_column(column, justify="left" if column in ("process", "state") else "right")
    for process in found.processes:
        state = "healthy" if process.healthy else "not healthy" if process.pid else "stopped"
        memory = f"{process.memory_bytes / 2**20:,.0f} MiB" if process.pid else ""
        cells = (process.pid or "", process.port or "", memory, process.restarts)
        table.add_row(process.name, state, *map(str, cells))
    for part in (*found.event_source_mappings, *found.delivery_streams):
        table.add_row(part.name, f"{part.state} {part.reason}".strip(), "", "", "", "")
    output.table(table)
    if found.disk:
        output.people.print(f"Writes have stopped: {found.disk}", markup=False)
    if found.deployed:
        output.people.print(f"Stage local is deployed: {found.endpoint}", markup=False)
    elif not found.processes[0].healthy:
        output.people.print("The embedded AWS is stopped, its data is kept: run `swipeline up`", markup=False)
    else:
        output.people.print("Stage local is not deployed: run `swipeline up`", markup=False)


def _only_local(stage: str, what: str, command: str | None = None) -> None:
    if stage != LOCAL:
        verb = {"deploy it": "swipeline deploy", "remove it": "swipeline remove"}.get(what, command)
        raise ClientError(f"This command works for stage {LOCAL} only: {what} with `{verb} --stage {stage}`.")


@contextmanager
def _explained() -> Iterator[None]:
    """The embedded AWS's own errors, as the client's."""
    from local.stack import StackError

    try:
        yield
    except (StackError, ValueError) as error:
        raise ClientError(str(error)) from error
