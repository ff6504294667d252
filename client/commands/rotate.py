"""`swipeline rotate-card-key`: a new key for card ids, in force from a moment on; lookups find old and new ones."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.card_key import rotate
from client.commands.options import JsonOption, StageOption
from client.errors import ClientError


def rotate_card_key(
    stage: StageOption = "local",
    since: Annotated[
        str | None,
        typer.Option("--from", help="Event time (2027-01-01T00:00Z) of the first transactions to have the new key."),
    ] = None,
    early: Annotated[
        bool,
        typer.Option("--early", help="Also before all functions know the new key: after a leak, not as a routine."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: without, it is only said what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add a card key. Nobody sees it: the function `rotate-card-key` makes it, and alone may store it.

    Old keys stay, as lookups by card number ask under each. By default, the new key is for transactions from about an
    hour from now on: the time after which no function can still have the old keys only.
    """
    where = Stage(stage)
    moment = None if since is None else _moment(since)
    when = moment or "about an hour from now"
    if not yes:
        output.people.print(f"A new card key, for transactions from {when} on. Nothing was done: --yes does it.")
        return
    with explained(where):
        done = rotate(where, {"token": str(uuid.uuid4()), "from": moment, "early": early})
    if as_json:
        output.as_json(done)
    else:
        output.people.print(
            f"Card key {done['key_id']} of {done['keys']} is for transactions from {done['since']} on.", highlight=False
        )


def _moment(text: str) -> str:
    from shared.query.window import read_window

    try:
        return read_window(text, None).begin
    except ValueError as error:
        raise ClientError(f"--from {error.args[1]}.") from error
