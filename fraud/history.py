"""Labeled history in the Kaggle file's schema (CSV or Parquet), in order of time, as arrays and as events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from client.errors import ClientError
from client.files.mapping import Reading
from client.files.stream import open_input
from client.files.table import Table
from fraud.event import Event, event_of
from fraud.labels import HistoryError, Verdicts
from shared.transaction.kinds import LABEL, utc
from shared.transaction.schema import Transaction

COLUMNS = (
    "trans_date_trans_time", "cc_num", "category", "amt", "gender", "city_pop", "dob", "trans_num", "is_fraud",
)  # fmt: skip
_CHUNK = 50_000


@dataclass(frozen=True)
class History:
    """Rows in order of (time, transaction id). Cards are numbers in order of appearance; no card number is kept."""

    events: dict[str, npt.NDArray[Any]]  # field of Event -> its values
    card: npt.NDArray[np.int64]
    fraud: npt.NDArray[np.int64]  # 0 or 1
    city_population: npt.NDArray[np.int64]  # for the metrics by segment
    sha256: str  # of the file

    def __len__(self) -> int:
        return len(self.card)

    def where(self, rows: npt.NDArray[np.bool_]) -> History:
        """The rows of a mask as a history of their own."""
        events = {name: values[rows] for name, values in self.events.items()}
        return History(events, self.card[rows], self.fraud[rows], self.city_population[rows], self.sha256)

    def replay(self) -> Iterator[tuple[int, Event]]:
        """Give (card, event) in order of time, a chunk of rows in memory at once."""
        for start in range(0, len(self), _CHUNK):
            columns = [self.events[name][start : start + _CHUNK].tolist() for name in Event._fields]
            yield from zip(
                self.card[start : start + _CHUNK].tolist(), map(Event._make, zip(*columns, strict=True)), strict=True
            )


def read(*paths: Path, verdicts: Verdicts | None = None, reading: Reading | None = None) -> tuple[History, ...]:
    """Read files so that a card has the same number in all of them, in the order given.

    ``reading`` says how, if the columns have other names or forms; a mapping beside a file counts as well.
    With verdicts, a reviewed row takes its verdict for its label; a row without either counts as genuine, as nobody
    complained of it.

    Raises
    ------
    HistoryError
        If a column is missing, or a value is not of its column's form.

    """
    numbers: dict[str, int] = {}
    return tuple(_read(path, numbers, verdicts, reading) for path in paths)


def _read(path: Path, numbers: dict[str, int], verdicts: Verdicts | None, reading: Reading | None) -> History:
    table = _table(path, reading)
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise HistoryError(f"{path.name} lacks the columns {', '.join(missing)}")
    table = table.select(COLUMNS).sort_by([("trans_date_trans_time", "ascending"), ("trans_num", "ascending")])
    if verdicts is not None:
        table = verdicts.label(table)
    empty = [name for name in COLUMNS if table[name].null_count]
    if empty:
        raise HistoryError(f"{path.name} has rows without a value in {', '.join(empty)}")
    rows = table.num_rows
    if not rows:
        raise HistoryError(f"{path.name} has no rows")
    events = {name: np.zeros(rows, dtype) for name, dtype in _DTYPES.items()}
    card = np.zeros(rows, np.int64)
    try:
        for start in range(0, rows, _CHUNK):
            chunk = table.slice(start, _CHUNK).to_pydict()
            columns = zip(*(chunk[name] for name in COLUMNS), strict=True)
            made = [event_of(_transaction(*values)) for values in columns]
            for name, values in zip(Event._fields, zip(*made, strict=True), strict=True):
                events[name][start : start + _CHUNK] = values
            card[start : start + _CHUNK] = [numbers.setdefault(str(n), len(numbers)) for n in chunk["cc_num"]]
        fraud = np.asarray(pc.cast(table["is_fraud"], pa.int64()), np.int64)
        population = np.asarray(pc.cast(table["city_pop"], pa.int64()), np.int64)
    except (ValueError, ArithmeticError, TypeError) as error:
        raise HistoryError(f"{path.name}: {error}") from error
    if not np.isin(fraud, (0, 1)).all():
        raise HistoryError(f"{path.name}: is_fraud must be 0 or 1 in every row")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return History(events, card, fraud, population, digest)


_DTYPES: dict[str, Any] = dict.fromkeys(Event._fields, np.int64) | {"amount": float, "age": float, "male": float}


def _table(path: Path, reading: Reading | None) -> pa.Table:
    """The columns that are learned from, as text and labels; other columns of the file are of no use here."""
    try:
        source = open_input(str(path))
        table = Table(source, Reading(drop=("*",)).over(reading or Reading()), required=())
        names = [name for name in COLUMNS if name in table.plan.targets]
        schema = pa.schema([(name, pa.int64() if name == "is_fraud" else pa.string()) for name in names])
        takers = [table.plan.getter(name) for name in names]
        batches, rows = [], iter(table)
        while chunk := list(islice(rows, _CHUNK)):
            if problem := next((row for row in chunk if row.problem), None):
                raise HistoryError(f"{path.name}, line {problem.line}: {problem.problem}")
            columns = [_values(name, map(take, chunk)) for name, take in zip(names, takers, strict=True)]
            batches.append(pa.RecordBatch.from_arrays(columns, schema=schema))
        table.close()
    except ClientError as error:
        raise HistoryError(str(error)) from error
    except ValueError as error:
        raise HistoryError(f"{path.name}: is_fraud must be 0 or 1 in every row") from error
    return pa.Table.from_batches(batches, schema)


def _values(name: str, texts: Iterable[str | None]) -> pa.Array:
    if name == "is_fraud":
        return pa.array([int(LABEL.read(text)) if text and text.strip() else None for text in texts], pa.int64())
    return pa.array([text or None for text in texts], pa.string())


def _transaction(  # the fields the features read, in their canonical form, as shared.transaction.model makes them
    time: str,
    _card: Any,
    category: str,
    amount: Any,
    gender: str,
    _population: Any,
    born: str,
    number: str,
    _fraud: Any,
) -> Transaction:
    dollars = Decimal(amount) if isinstance(amount, str) else Decimal(f"{amount:.2f}")
    return _BLANK._replace(
        transaction_id=number,
        occurred_at=utc(time),
        category=category,
        amount=dollars,
        gender=gender,
        date_of_birth=born,
    )


_BLANK = Transaction(**dict.fromkeys(Transaction._fields, ""))  # type: ignore[arg-type]
