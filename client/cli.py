"""The command `swipeline`: one Typer app, one file per command in `client/commands`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from typing import Annotated

import typer
from typer.exceptions import TyperException

from client import output
from client.commands import (
    alerts,
    api,
    batch,
    connect,
    console,
    correct,
    cost,
    dashboard,
    dead_letters,
    demo,
    deploy,
    doctor,
    env,
    find,
    generate,
    inspect,
    logs,
    migrate,
    model,
    quarantine,
    reconcile,
    remove,
    repair,
    repair_roles,
    replay,
    rotate,
    score,
    send,
    sql,
    stack,
    train,
    transactions,
    verify,
)
from client.errors import ClientError
from client.sections import SectionedGroup
from local.private import private_umask

USAGE_EXIT = 64  # EX_USAGE of sysexits.h: 2 means that rows were rejected


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"swipeline {metadata.version('swipeline')}")
        raise typer.Exit


app = typer.Typer(
    name="swipeline",
    help="A credit-card transaction pipeline on AWS that also runs on your laptop.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    cls=SectionedGroup,
)


@app.callback()
def _swipeline(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Makes every command a subcommand, even while there is only one."""


SECTIONS: dict[str, dict[str, Callable[..., None] | typer.Typer]] = {
    "Stage local": {
        "demo": demo.demo,
        "up": stack.up,
        "down": stack.down,
        "status": stack.status,
        "env": env.env,
    },
    "Send data": {
        "generate": generate.generate,
        "inspect": inspect.inspect_command,
        "send": send.send,
        "batch": batch.batch,
    },
    "Read data": {
        "transactions": transactions.transactions,
        "find": find.find,
        "sql": sql.sql,
        "connect": connect.connect,
        "api": api.api,
        "dashboard": dashboard.dashboard,
    },
    "Check and repair": {
        "doctor": doctor.doctor,
        "console": console.console,
        "logs": logs.logs,
        "reconcile": reconcile.reconcile,
        "repair": repair.repair,
        "replay": replay.replay,
        "correct": correct.correct,
        "quarantine": quarantine.app,
        "dead-letters": dead_letters.app,
    },
    "Fraud detection": {
        "alerts": alerts.app,
        "verdict": alerts.verdict,
        "score": score.score,
        "train": train.train,
        "model": model.app,
    },
    "Stages on AWS": {
        "cost": cost.cost,
        "deploy": deploy.deploy,
        "verify": verify.verify,
        "migrate": migrate.migrate,
        "repair-roles": repair_roles.repair_roles,
        "rotate-card-key": rotate.rotate_card_key,
        "remove": remove.remove,
    },
}
for _section, _commands in SECTIONS.items():
    for _name, _command in _commands.items():
        if isinstance(_command, typer.Typer):
            app.add_typer(_command, name=_name, rich_help_panel=_section)
        else:
            app.command(_name, rich_help_panel=_section)(_command)


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 rows were rejected, 64 wrong usage, 130 interrupted.

    An error is one line on standard error, never a traceback.
    """
    private_umask()  # journals, exports and rejected rows are the user's alone
    arguments = sys.argv[1:]
    if arguments[:1] == ["help"]:  # `swipeline help send` is `swipeline send --help`
        arguments = [*arguments[1:], "--help"]
    try:
        code = app(arguments, standalone_mode=False)
    except ClientError as error:
        output.error(str(error))
        code = 1
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # typer has no public name for it; its message is the help
            typer.echo(error.format_message())
            sys.exit(0)
        output.error(f"{error.format_message()} (swipeline COMMAND --help shows the options)")
        code = USAGE_EXIT
    except (KeyboardInterrupt, typer.Abort):
        output.error("Interrupted.")
        code = 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader closed the pipe: no message can reach it
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
