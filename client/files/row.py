"""A row of a file, and what every kind of table gives: the circle of readers and their users ends here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol


class Row(NamedTuple):
    """One row of the input."""

    number: int  # from 0, counting data rows
    line: int  # where the row starts in the file, from 1, header included; for Parquet the row's number from 1
    cells: Sequence[str | None]  # as they stand in the file, one per column of the table; None: no value
    problem: str | None  # why it cannot be put into a request at all
    values: Sequence[str | None] | None = None  # one per target of the table's plan; None: the cells themselves


class Reader(Protocol):
    """Rows of one container, before any mapping of columns."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns as the file has them."""

    @property
    def notes(self) -> list[str]:
        """What is unusual about the file, in short sentences."""

    @property
    def summary(self) -> dict[str, str]:
        """What the file is: format, encoding, delimiter and so on, for `swipeline inspect`."""

    def rows(self) -> Iterator[Row]:
        """The rows, read as they are asked for. May be called once; `head` does not count."""

    def head(self, count: int) -> list[Row]:
        """The first rows; `rows` gives them again."""

    def suspicious(self, column: int) -> bool:
        """Whether a column, or anything in the file, seems to hold card numbers that lost digits. Of files only."""

    def position(self) -> int:
        """How far the reading has come, in bytes of the input."""
