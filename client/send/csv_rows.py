"""Rows of a CSV file: UTF-8 with or without a byte order mark, quoted or not, with any line ends, of any length."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from client.errors import ClientError
from client.send.columns import check_columns
from client.send.source import HashingStream, Row

_LONGEST_CELL = 1 << 20  # characters; a cell beyond it means a quote that was never closed

csv.field_size_limit(_LONGEST_CELL)


class CsvRows:
    """A :class:`~client.send.source.Source` over the bytes of a CSV file. Raises ClientError at a wrong header."""

    def __init__(self, stream: BinaryIO | io.BufferedReader, counter: HashingStream, name: str) -> None:
        # Bytes that are not UTF-8 become lone surrogates, which mark their row: the others are sent.
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._reader = csv.reader(text)
        self._counter = counter
        self._name = name
        self._text = text  # kept: closing it would close the input
        header = self._next()
        if header is None:
            raise ClientError(f"{name} is empty: its first line must name the columns.")
        check_columns(header, name)
        self._columns = header

    @property
    def columns(self) -> list[str]:
        """The header's names."""
        return self._columns

    def position(self) -> int:
        """Bytes read."""
        return self._counter.count

    def __iter__(self) -> Iterator[Row]:
        number = 0
        while (cells := self._next()) is not None:
            if not cells:
                continue  # an empty line
            yield Row(number, self._reader.line_num, list(cells), self._problem(cells))
            number += 1

    def _problem(self, cells: list[str]) -> str | None:
        if len(cells) != len(self._columns):
            return f"the row has {len(cells)} cells, the header {len(self._columns)}: is a comma not quoted?"
        if any(not cell.isascii() and _not_utf8(cell) for cell in cells):
            return "the row is not UTF-8 text: save the file as UTF-8"
        return None

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            line = self._reader.line_num
            raise ClientError(
                f"{self._name} is not CSV at line {line}: {error} (a quote that is not closed?)."
            ) from error
        except OSError as error:
            raise ClientError(f"Cannot read {self._name}: {error.strerror or error}.") from error


def _not_utf8(cell: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in cell)
