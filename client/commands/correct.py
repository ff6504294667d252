"""`swipeline correct`: a later label, a chargeback, a corrected amount, in all stores."""

from __future__ import annotations

from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import DRY_RUN, JsonOption, StageOption, YesOption
from client.errors import ClientError


def correct(
    transaction_id: Annotated[str, typer.Argument(help="Transaction ID.")],
    changes: Annotated[
        list[str],
        typer.Option("--set", metavar="COLUMN=VALUE", help="New value, e.g. amt=12.50 or is_fraud=1. Repeatable."),
    ],
    by: Annotated[str | None, typer.Option("--by", help="Name to record (default: your AWS identity).")] = None,
    stage: StageOption = "local",
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Correct a transaction in all stores. The latest correction counts; what it replaces is kept.

    Example: swipeline correct T-1001 --set amt=12.50 --yes
    """
    from client.correct import caller, changed, corrected, send, stored
    from shared.transaction.correction import differing

    pairs = [one.partition("=") for one in changes]
    if not all(equals for _, equals, _ in pairs):
        raise ClientError("--set: expected COLUMN=VALUE, e.g. amt=12.50.")
    where = Stage(stage)
    with explained(where):
        before = stored(where, transaction_id)
        after = changed(before, {column: value for column, _, value in pairs})
        fields = differing(before, after)
        if fields and yes:
            send(where, corrected(after, by or caller(where)))
    if as_json:
        output.as_json({"transaction_id": transaction_id, "fields": fields, "sent": bool(fields) and yes})
        return
    if not fields:
        output.people.print(f"{transaction_id} has these values already")
        return
    for name in fields:
        output.people.print(f"{name}: {getattr(before, name)} -> {getattr(after, name)}", highlight=False, markup=False)
    if not yes:
        output.people.print(DRY_RUN)
