"""Rows of a Parquet file, every value as the text that a CSV file would hold; amounts without rounding errors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from client.errors import ClientError
from client.files.checks import card_kind
from client.files.containers import Content
from client.files.names import plain_name
from client.files.row import Row

_BATCH_ROWS = 5_000
_BATCH_CARDS = 65_536
_BUFFER = 1 << 18  # bytes that are read of a column at once; without, all of its part of a row group
_LOST_DIGITS = r"^\s*\d{15}0{1,4}\s*$|[eE]"  # to look at more closely
_DATES = frozenset({"dob"})
_WHOLE = frozenset({"zip", "city_pop", "is_fraud"})  # an engine that has no integer with nulls makes them 28654.0
_MONEY = frozenset({"amt"})
_LONG = 16  # characters of a number with more digits than a double is good for, its point included
_MOST_EXACT = 2**53  # beyond it a double skips integers


class ParquetTable:
    """A :class:`~client.files.row.Reader` over a Parquet file; row groups are read piece by piece.

    ``roles`` has the API's name of a column of the file, where it has one. Raises ClientError if the file is broken,
    or has a column whose values have no text.
    """

    def __init__(self, content: Content, roles: dict[str, str]) -> None:
        self._content, self._name = content, content.input.name
        try:
            # INT96 in microseconds: nanoseconds overflow silently in 2262.
            self._file = pq.ParquetFile(
                content.seekable(), coerce_int96_timestamp_unit="us", pre_buffer=False, buffer_size=1 << 18
            )
        except (pa.ArrowException, OSError) as error:
            raise ClientError(
                f"{self._name} is a damaged or incomplete Parquet file ({error}): download or create it again."
            ) from error
        self._columns = [str(name) for name in self._file.schema_arrow.names]
        self._roles = [roles.get(name, plain_name(name)) for name in self._columns]
        self.notes: list[str] = []
        self._done = 0
        for field, role in zip(self._file.schema_arrow, self._roles, strict=True):
            _check(field, role, self._name)
        self._waiting: list[Row] = []
        self._rows = self._read()

    @property
    def columns(self) -> list[str]:
        """The schema's names."""
        return self._columns

    @property
    def summary(self) -> dict[str, str]:
        """Format and size."""
        return {"format": "Parquet", "rows": f"{self._file.metadata.num_rows:,}"}

    @property
    def types(self) -> list[str]:
        """The columns' types."""
        return [str(field.type) for field in self._file.schema_arrow]

    def suspicious(self, column: int) -> bool:
        """Whether a column holds what seems to be card numbers that lost digits."""
        name = [self._columns[column]]
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH_CARDS, columns=name, use_threads=False):
                texts = pa.array(as_text(pc.unique(batch.column(0))), pa.string())
                found = texts.filter(pc.match_substring_regex(texts, _LOST_DIGITS)).to_pylist()
                if any(card_kind(text) in ("rounded", "exponent") for text in found):
                    return True
        except (pa.ArrowException, OSError) as error:
            raise ClientError(f"Cannot read {self._name}: {error}") from error
        return False

    def position(self) -> int:
        """The share of rows read, in bytes of the file."""
        return (self._content.input.size or 0) * self._done // max(1, self._file.metadata.num_rows)

    def head(self, count: int) -> list[Row]:
        """The first rows; `rows` gives them again."""
        if not self._waiting:
            self._waiting = list(islice(self._rows, count))
        return self._waiting

    def rows(self) -> Iterator[Row]:
        """The rows, from the first."""
        waiting, self._waiting = self._waiting, []
        yield from waiting
        del waiting
        yield from self._rows

    def _read(self) -> Iterator[Row]:
        done = 0
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
                columns = [as_text(column, role) for column, role in zip(batch.columns, self._roles, strict=True)]
                for cells in zip(*columns, strict=True):
                    yield Row(done, done + 1, cells, None)
                    done += 1
                self._done = done
        except (pa.ArrowException, OSError) as error:
            raise ClientError(f"Cannot read {self._name} past row {done}: {error}") from error


def _check(field: Any, role: str, name: str) -> None:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if role == "cc_num" and (pa.types.is_floating(kind)):
        raise ClientError(
            f"{name}: {field.name} is a floating-point column, which cannot hold card numbers of 16 digits and more "
            "exactly: write it as text or as a 64-bit integer. Nothing was sent."
        )
    if pa.types.is_nested(kind) and role:
        raise ClientError(f"{name}: column {field.name!r} is nested ({kind}): expected one value a row.")


def as_text(column: Any, role: str = "") -> list[str | None]:
    """The texts of a column: numbers in their shortest form, times in ISO 8601 without zeros behind; null is None."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _times(column, role in _DATES)
    if pa.types.is_decimal(kind):
        return [None if value is None else _decimal(value) for value in column.to_pylist()]
    if pa.types.is_floating(kind) and role in _WHOLE:
        return [_whole(value, text) for value, text in zip(column.to_pylist(), _cast(column), strict=True)]
    if pa.types.is_floating(kind) and role in _MONEY:
        return [_without_rounding_error(text) for text in _cast(column)]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return [None if value is None else value.decode("utf-8", "surrogateescape") for value in column.to_pylist()]
    if pa.types.is_nested(kind):
        return [None] * len(column)
    return _cast(column)


def _cast(column: Any) -> list[str | None]:
    texts: list[str | None] = pc.cast(column, pa.string()).to_pylist()
    return texts


def _times(column: Any, dates: bool) -> list[str | None]:
    zone = column.type.tz
    if dates and zone:  # a day is the one of its own zone
        column = pc.local_timestamp(column)
        zone = None
    text = pc.strftime(column.cast(pa.timestamp(column.type.unit, "UTC")) if zone else column, "%Y-%m-%d %H:%M:%S")
    found: list[str | None] = []
    for value in text.to_pylist():
        if value is None:
            found.append(None)
            continue
        if "." in value:
            value = value.rstrip("0").rstrip(".")
        if dates and value.endswith(" 00:00:00"):
            value = value[:-9]
        found.append(value + "Z" if zone else value)
    return found


def _decimal(value: Any) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _without_rounding_error(text: str | None) -> str | None:
    """87.69999999999999, which arithmetic with doubles makes of 87.7, as that: its 15 digits that a double is good for.

    Only where they are whole cents: an amount that has more decimals of its own stays, to be refused.
    """
    if text is None or len(text) < _LONG:
        return text
    near = format(float(text), ".15g")
    return near if len(near.partition(".")[2]) <= 2 and near.replace(".", "").isdecimal() else text


def _whole(value: float | None, text: str | None) -> str | None:
    if value is not None and value == value and abs(value) < _MOST_EXACT and value == int(value):
        return str(int(value))
    return text
