"""Labeled history in the Kaggle file's schema (CSV or Parquet), in order of time, as arrays and as events."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from client.errors import ClientError
from client.files.expand import Named, expand
from client.files.mapping import Reading
from client.files.row import Row
from client.files.stream import open_input
from client.files.table import Table
from fraud.event import Event, event_of
from fraud.labels import HistoryError, Verdicts
from shared.errors import RejectedError
from shared.transaction.engine import ONE_COLUMN
from shared.transaction.explain import contradictions, explain
from shared.transaction.ids import content_id, merchant_id
from shared.transaction.schema import SOURCES, Transaction

COLUMNS = (
    "trans_date_trans_time", "cc_num", "merchant", "category", "amt", "gender", "city_pop", "dob", "trans_num",
    "is_fraud",
)  # fmt: skip
_CHUNK = 50_000


Numbers = tuple[dict[str, int], dict[str, int]]  # of cards and merchants


class Given(NamedTuple):
    """What a file gives: its rows, the fields that it lacks and a constant fills, and its hash."""

    rows: pa.Table
    absent: frozenset[str]
    digest: str


@dataclass(frozen=True)
class History:
    """Rows in order of (time, transaction id).

    Cards and merchants are numbers in order of appearance; no card number is kept.
    """

    events: dict[str, npt.NDArray[Any]]  # field of Event -> its values
    card: npt.NDArray[np.int64]
    merchant: npt.NDArray[np.int64]
    fraud: npt.NDArray[np.int64]  # 0 or 1
    city_population: npt.NDArray[np.int64]  # for the metrics by segment
    sha256: str  # of the file

    def __len__(self) -> int:
        return len(self.card)

    def where(self, rows: npt.NDArray[np.bool_]) -> History:
        """The rows of a mask as a history of their own."""
        events = {name: values[rows] for name, values in self.events.items()}
        return History(
            events, self.card[rows], self.merchant[rows], self.fraud[rows], self.city_population[rows], self.sha256
        )

    def replay(self) -> Iterator[tuple[int, int, int, Event]]:
        """Give (card, merchant, label, event) in order of time, a chunk of rows in memory at once."""
        for start in range(0, len(self), _CHUNK):
            part = slice(start, start + _CHUNK)
            columns = [self.events[name][part].tolist() for name in Event._fields]
            yield from zip(
                self.card[part].tolist(),
                self.merchant[part].tolist(),
                self.fraud[part].tolist(),
                map(Event._make, zip(*columns, strict=True)),
                strict=True,
            )


def read(
    *paths: Path,
    verdicts: Verdicts | None = None,
    reading: Reading | None = None,
    rejected: list[str] | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> tuple[History, ...]:
    """Read files, or folders of files, so that a card has the same number in all of them, in the order given.

    ``reading`` says how, if the columns have other names or forms; a mapping beside a file counts as well. Rows that
    the API would refuse are left out, with their line and reason in ``rejected``; ``notify`` hears of what is unusual
    about a file.
    With verdicts, a reviewed row's label is its verdict; a row with neither counts as genuine, since nobody complained.

    Raises
    ------
    HistoryError
        If a column is missing, or no row is left.

    """
    numbers: Numbers = ({}, {})
    left_out = [] if rejected is None else rejected
    tables = (_tables(path, reading or Reading(), left_out, notify) for path in paths)
    return tuple(_read(path, given, numbers, verdicts) for path, given in zip(paths, tables, strict=True))


def _read(path: Path, given: Given, numbers: Numbers, verdicts: Verdicts | None) -> History:
    table = given.rows.sort_by([("trans_date_trans_time", "ascending"), ("trans_num", "ascending")])
    if verdicts is not None:
        table = verdicts.label(table)
    empty = [name for name in COLUMNS if table[name].null_count]
    if empty:
        raise HistoryError(f"{path.name} has rows without a value in {', '.join(empty)}")
    rows = table.num_rows
    if not rows:
        raise HistoryError(f"{path.name} has no rows")
    events = {name: np.zeros(rows, dtype) for name, dtype in EVENT_TYPES.items()}
    card, merchant = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    cards, merchants = numbers
    try:
        for start in range(0, rows, _CHUNK):
            chunk = table.slice(start, _CHUNK).to_pydict()
            columns = zip(*(chunk[name] for name in COLUMNS), strict=True)
            made = [event_of(_transaction(*values), given.absent) for values in columns]
            for name, values in zip(Event._fields, zip(*made, strict=True), strict=True):
                events[name][start : start + _CHUNK] = values
            card[start : start + _CHUNK] = [cards.setdefault(str(n), len(cards)) for n in chunk["cc_num"]]
            merchant[start : start + _CHUNK] = [
                merchants.setdefault(merchant_id(name), len(merchants)) for name in chunk["merchant"]
            ]
        fraud = np.asarray(pc.cast(table["is_fraud"], pa.int64()), np.int64)
        population = np.asarray(pc.cast(table["city_pop"], pa.int64()), np.int64)
    except (ValueError, ArithmeticError, TypeError) as error:
        raise HistoryError(f"{path.name}: {error}") from error
    if not np.isin(fraud, (0, 1)).all():
        raise HistoryError(f"{path.name}: is_fraud must be 0 or 1 in every row")
    return History(events, card, merchant, fraud, population, given.digest)


EVENT_TYPES: dict[str, Any] = dict.fromkeys(Event._fields, np.int64) | {"amount": float, "age": float, "male": float}


def _tables(path: Path, reading: Reading, rejected: list[str], notify: Callable[[str], None]) -> Given:
    """The rows of a file, or of the files that a folder or pattern stands for."""
    try:
        found = [_table(named, reading, rejected, notify) for named in expand([str(path)])]
    except ClientError as error:
        raise HistoryError(str(error)) from error
    hashes = [one.digest for one in found]
    whole = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    return Given(pa.concat_tables(one.rows for one in found), frozenset().union(*(one.absent for one in found)), whole)


def _table(named: Named, reading: Reading, rejected: list[str], notify: Callable[[str], None]) -> Given:
    """The columns that are learned from, in their canonical form; other columns are of no use."""
    source = open_input(named.name, named.member)
    if source.identity is None:
        raise HistoryError(f"{named.shown} is a pipe: expected a file.")
    table = Table(source, Reading(drop=("*",)).over(reading), required=())
    for text in (*table.notes, *table.warnings):
        notify(f"{named.shown}: {text}")
    names = [name for name in COLUMNS if name in table.plan.targets]
    if missing := [name for name in COLUMNS if name not in names and name != "trans_num"]:
        raise HistoryError(f"{named.shown} lacks the columns {', '.join(missing)}")
    today, before = datetime.now(UTC).date().isoformat(), len(rejected)
    batches, rows = [], iter(table)
    while chunk := list(islice(rows, _CHUNK)):
        good = []
        for row in chunk:
            try:
                good.append(_canonical(row, table, names, today))
            except RejectedError as error:
                rejected.append(f"{named.shown}, line {row.line}: {error}")
        batches.append(pa.RecordBatch.from_pylist(good, _SCHEMA))
    table.close()
    if len(rejected) > before and not any(batch.num_rows for batch in batches):
        raise HistoryError(f"no row can be learned from, {rejected[before]}")
    return Given(pa.Table.from_batches(batches, _SCHEMA), frozenset(table.reading.absent), source.identity)


_SCHEMA = pa.schema([(name, pa.int64() if name == "is_fraud" else pa.string()) for name in COLUMNS])


def _canonical(row: Row, table: Table, names: Sequence[str], today: str) -> dict[str, Any]:
    """The values of a row as the stream would have them. Raises RejectedError if the API would refuse one of them."""
    if row.problem:
        raise RejectedError("row", row.problem)
    record = table.plan.record(row)
    given = {name: record.get(name) for name in names}
    try:
        values = ONE_COLUMN.validate_python(given)
    except ValueError:
        found = [one for one in explain(given, today) if one[0] in names]
    else:
        found = contradictions(values, today)
    if found:
        raise RejectedError.of(found)
    made = {name: values.get(SOURCES[name].name) for name in COLUMNS}
    label, number = made["is_fraud"], made["trans_num"]
    made |= {"amt": str(made["amt"]), "city_pop": str(made["city_pop"])}
    made["is_fraud"] = None if label is None else int(label)
    made["trans_num"] = number or content_id(*(str(value) for name, value in made.items() if name != "is_fraud"))
    return made


def _transaction(  # the fields the features read, in their canonical form, as shared.transaction.model makes them
    time: str,
    _card: Any,
    _merchant: Any,
    category: str,
    amount: str,
    gender: str,
    _population: Any,
    born: str,
    number: str,
    _fraud: Any,
) -> Transaction:
    return _BLANK._replace(
        transaction_id=number,
        occurred_at=time,
        category=category,
        amount=Decimal(amount),
        gender=gender,
        date_of_birth=born,
    )


_BLANK = Transaction(**dict.fromkeys(Transaction._fields, ""))  # type: ignore[arg-type]
