"""`swipeline transactions`: those of a card or a merchant, by time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption
from client.errors import ClientError

if TYPE_CHECKING:  # requests and the tables are imported only when the command runs
    from client.query.api import Question, ReadApi

SCREEN, SUGGESTED = 20, 10


def transactions(
    card_number: Annotated[
        str | None,
        typer.Option(help="Card number; use - to be prompted (kept out of shell history)."),
    ] = None,
    card_id: Annotated[str | None, typer.Option(help="Card ID, 32 hex digits.")] = None,
    merchant: Annotated[str | None, typer.Option(help="Full merchant name, with or without fraud_.")] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="Start, a date or time in UTC, e.g. 2020-06-21 (included).")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="End, a date or time in UTC (excluded).")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Maximum number of rows (default: 20 at a time on a terminal, else 100).")
    ] = None,
    oldest: Annotated[bool, typer.Option("--oldest", help="Oldest first instead of newest first.")] = False,
    stage: StageOption = "local",
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header.")] = False,
) -> None:
    """Find transactions of a card or merchant, by time. On a terminal, Enter shows the next ones.

    Example: swipeline transactions --merchant "Kirlin and Sons" --from 2020-06-21
    """
    from client.query.api import Question, ReadApi
    from client.query.show import table, write_csv

    if sum(value is not None for value in (card_number, card_id, merchant)) != 1:
        raise ClientError("Give exactly one of --card-number, --card-id and --merchant.")
    if as_json and as_csv:
        raise ClientError("Give --json or --csv, not both.")
    if card_number == "-":
        card_number = ask_card_number()
    where = Stage(stage)
    question = Question(card_id, card_number, merchant, begin, end, not oldest)
    with explained(where):
        api = ReadApi(where.api_url, where.reader_api_key, trust_environment=not where.local, auth=where.api_auth)
    if as_json:
        output.as_json({"stage": stage, "transactions": list(api.transactions(question, limit or 100))})
    elif as_csv:
        write_csv(api.transactions(question, limit or 100), sys.stdout)
    elif limit is not None or not (sys.stdout.isatty() and sys.stdin.isatty()):
        rows = list(api.transactions(question, limit or 100))
        if not rows:
            nothing(api, question)
        output.table(table(rows))
    else:
        browse(api, question)


def nothing(api: ReadApi, question: Question) -> NoReturn:
    """Says so, and which merchants begin like the one that was asked for. Exits with 1."""
    typer.echo("no transactions")
    if question.merchant is not None:
        named = question.merchant.removeprefix("fraud_").strip()
        names = api.merchants(named, SUGGESTED) if named else []
        if names and names != [named]:
            output.note(f"Merchants that begin with {named!r}: {'; '.join(names)}")
    raise typer.Exit(1)


def ask_card_number() -> str:
    """Read a card number without showing it, or from standard input where nobody types."""
    text = typer.prompt("Card number", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    number = text.strip().replace(" ", "").replace("-", "")
    if not (number.isascii() and number.isdigit()):
        raise ClientError("A card number is 11 to 19 digits.")
    return number


def browse(api: ReadApi, question: Question) -> None:
    """Show one screen after the other, for as long as the person wants more."""
    from client.query.show import table

    cursor, shown = None, 0
    while True:
        page = api.page(question, SCREEN, cursor)
        shown += len(page.transactions)
        if page.transactions:
            output.table(table(page.transactions))
        cursor = page.cursor
        if cursor is None:
            if not shown:
                nothing(api, question)
            output.note(f"{shown:,} transactions")
            return
        if not typer.confirm("More?", default=True, err=True):
            return
