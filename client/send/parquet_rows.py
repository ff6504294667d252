"""Rows of a Parquet file, every value as the text that the same CSV file would hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from client.errors import ClientError
from client.send.columns import check_columns
from client.send.source import Row

_BATCH_ROWS = 5_000


class ParquetRows:
    """A :class:`~client.send.source.Source` over a Parquet file; row groups are read piece by piece.

    Raises ClientError if the file is broken, has other columns, or a column whose values have no text.
    """

    def __init__(self, path: Path, name: str, size: int) -> None:
        self._name = name
        self._size = size
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise ClientError(f"{name} is not a Parquet file that can be read: {error}") from error
        self._columns = list(self._file.schema_arrow.names)
        self._done = 0
        check_columns(self._columns, name)

    @property
    def columns(self) -> list[str]:
        """The schema's names."""
        return self._columns

    def position(self) -> int:
        """The share of rows read, in bytes of the file."""
        return self._size * self._done // max(1, self._file.metadata.num_rows)

    def __iter__(self) -> Iterator[Row]:
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH_ROWS):
                for cells in zip(*(_as_text(column) for column in batch.columns), strict=True):
                    yield Row(self._done, self._done + 1, list(cells), None)
                    self._done += 1
        except (pa.ArrowException, OSError) as error:
            raise ClientError(f"Cannot read {self._name} past row {self._done}: {error}") from error


def _as_text(column: pa.Array) -> list[str | None]:
    """A number by its shortest decimal form that reads back the same; a dictionary's value; a null as None."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts: list[str | None] = pc.cast(column, pa.string()).to_pylist()
    return texts
