"""`swipeline rotate-card-key`: adds a key for card IDs, in force from a given time; lookups use all keys."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from client import output
from client.aws import Stage, explained
from client.card_key import rotate
from client.commands.options import DRY_RUN, JsonOption, StageOption, YesOption
from client.errors import ClientError


def rotate_card_key(
    stage: StageOption = "local",
    since: Annotated[
        str | None,
        typer.Option("--from", help="Event time from which the new key applies, e.g. 2027-01-01T00:00Z."),
    ] = None,
    early: Annotated[
        bool,
        typer.Option(
            "--early",
            help="Allow a time before every function has the new key. For a leaked key, not for routine rotation.",
        ),
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Add a card key. The function `rotate-card-key` generates and stores it; nobody sees it.

    Old keys stay valid for lookups by card number. By default the new key applies to transactions from about one hour
    from now, when no function can still have only the old keys.

    Example: swipeline rotate-card-key --stage dev --yes
    """
    where = Stage(stage)
    moment = None if since is None else _moment(since)
    when = moment or "about an hour from now"
    if not yes:
        output.people.print(f"A new card key, for transactions from {when} on. {DRY_RUN}")
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
    from shared.window import read_window

    try:
        return read_window(text, None).begin
    except ValueError as error:
        raise ClientError(f"--from {error.args[1]}.") from error
