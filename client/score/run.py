"""Scores of a file in the Kaggle schema, or of days of the lake, as CSV: what the model says without a stream."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import orjson

from client.archived import opened
from client.aws import Stage
from client.errors import ClientError
from client.files.expand import Named, expand
from client.files.mapping import Reading
from client.files.stream import open_input
from client.files.table import Table
from client.replay.plan import Days, lake_objects
from fraud.batch import in_order, score
from fraud.model import Model, ModelError, load
from fraud.profile import Profile
from fraud.scoring import Known
from shared.card_keys.ring import CardKey, CardKeys
from shared.errors import RejectedError
from shared.transaction.model import parse_many
from shared.transaction.schema import FIELDS, Transaction

_CHUNK = 1_000
Report = Callable[[str], None]
HEADER = ("transaction_id", "score", "is_alert")


class Summary(NamedTuple):
    """What was scored, and how many rows were not good enough to be."""

    rows: int
    alerts: int
    rejected: int
    model: str
    threshold: float


def keys_of_this_run() -> CardKeys:
    """A key for card IDs that distinguish the cards of the files scored and are stored nowhere."""
    return CardKeys((CardKey("1", secrets.token_hex(32).encode()),))


def files_transactions(
    arguments: Iterable[str], keys: CardKeys, rejected: list[str], reading: Reading, report: Report, absent: set[str]
) -> Iterator[Transaction]:
    """Give the good rows of files, folders and patterns, as the API would take them.

    Of each bad row, line and reason go to ``rejected``; ``report`` hears of what is unusual about a file; the
    fields that a file lacks and a constant fills go into ``absent``.
    """
    for named in expand(arguments):
        yield from _file_transactions(named, keys, rejected, reading, report, absent)


def _file_transactions(
    named: Named, keys: CardKeys, rejected: list[str], reading: Reading, report: Report, absent: set[str]
) -> Iterator[Transaction]:
    source = open_input(named.name, named.member)
    try:
        rows = Table(source, reading)
        absent |= rows.reading.absent
        for text in (*rows.notes, *rows.warnings):
            report(f"{named.shown}: {text}")
        chunk: list[tuple[int, dict[str, Any]]] = []
        for row in rows:
            if row.problem:
                rejected.append(f"{named.shown}, line {row.line}: {row.problem}")
                continue
            chunk.append((row.line, rows.plan.record(row)))
            if len(chunk) == _CHUNK:
                yield from _good(chunk, named.shown, keys, rejected)
                chunk = []
        yield from _good(chunk, named.shown, keys, rejected)
    finally:
        source.close()


def lake_transactions(stage: Stage, days: Days) -> Iterator[Transaction]:
    """Give the transactions that the lake took in on some days."""
    s3, bucket = stage.client("s3"), stage.output("LakeBucket")
    for one in lake_objects(stage, days):
        with opened(s3, bucket, one.key) as lines:
            body = lines.read()
        for line in body.splitlines():
            try:
                row = orjson.loads(line)
                values = {field.name: row.get(field.name, field.default) for field in FIELDS}
                found = Transaction(**values | {"amount": Decimal(row["amount"])})
            except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
                raise ClientError(f"s3://{bucket}/{one.key} holds a line that is not a transaction.") from error
            yield found


def write_scores(
    model: Model,
    transactions: Iterable[Transaction],
    before: Iterable[Transaction],
    out: TextIO,
    rejected: list[str],
    absent: Collection[str] = (),
) -> Summary:
    """Score in order and write a line per transaction, profiles warmed by what came before.

    What is in ``absent`` once all rows are read is absent for the model.
    """
    known = Known(absent=absent)
    profiles: dict[str, Profile] = {}
    for _ in score(model, in_order(before), profiles, known=known):
        pass
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    rows = alerts = 0
    for transaction_id, result in score(model, in_order(transactions), profiles, known=known):
        writer.writerow((transaction_id, repr(result.score), int(result.alert)))
        rows += 1
        alerts += result.alert
    return Summary(rows, alerts, len(rejected), model.version, model.threshold)


def load_model(path: Path | None) -> Model:
    """Load the shipped model, or another one. Raises ClientError."""
    try:
        return load(path) if path else load()
    except (ModelError, OSError) as error:
        raise ClientError(f"{path} is not a model: {error}.") from error


def _good(
    chunk: list[tuple[int, dict[str, Any]]], file: str, keys: CardKeys, rejected: list[str]
) -> Iterator[Transaction]:
    for (line, _), parsed in zip(chunk, parse_many((row for _, row in chunk), keys), strict=True):
        if isinstance(parsed, RejectedError):
            rejected.append(f"{file}, line {line}: {parsed}")
        else:
            yield parsed
