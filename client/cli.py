"""The command `swipeline`: one Typer app, one file per command in `client/commands`."""

from __future__ import annotations

import sys
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
)


@app.callback()
def _swipeline(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Makes every command a subcommand, even while there is only one."""


app.command("up")(stack.up)
app.command("down")(stack.down)
app.command("status")(stack.status)
app.command("doctor")(doctor.doctor)
app.command("remove")(remove.remove)
app.command("env")(env.env)
app.command("connect")(connect.connect)
app.command("generate")(generate.generate)
app.command("inspect")(inspect.inspect_command)
app.command("send")(send.send)
app.command("sql")(sql.sql)
app.command("api")(api.api)
app.command("transactions")(transactions.transactions)
app.command("batch")(batch.batch)
app.command("reconcile")(reconcile.reconcile)
app.command("correct")(correct.correct)
app.command("repair")(repair.repair)
app.command("repair-roles")(repair_roles.repair_roles)
app.command("replay")(replay.replay)
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(alerts.app, name="alerts")
app.command("verdict")(alerts.verdict)
app.command("migrate")(migrate.migrate)
app.command("rotate-card-key")(rotate.rotate_card_key)
app.command("train")(train.train)
app.command("score")(score.score)
app.add_typer(model.app, name="model")
app.command("dashboard")(dashboard.dashboard)
app.command("cost")(cost.cost)
app.command("console")(console.console)
app.command("find")(find.find)
app.command("logs")(logs.logs)
app.command("demo")(demo.demo)
app.command("deploy")(deploy.deploy)
app.command("verify")(verify.verify)


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
