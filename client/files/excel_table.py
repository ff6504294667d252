"""Rows of an Excel worksheet, streamed: every cell as the text that the same CSV file would hold."""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, BinaryIO, cast
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from client.errors import ClientError
from client.files.containers import Content
from client.files.names import plain_name
from client.files.probe import suspicious
from client.files.row import Row

_MOST_BEFORE_HEADER = 50
_HOLDS_VALUES = re.compile(r"xl/(?:sharedStrings|worksheets/.*)\.xml")
_BROKEN = (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, ParseError, OSError, EOFError)


class ExcelTable:
    """A :class:`~client.files.row.Reader` over one worksheet. Raises ClientError if there is no such sheet."""

    def __init__(self, content: Content, wanted: frozenset[str], sheet: str | None = None) -> None:
        self._content, self._name, self._done = content, content.input.name, 0
        self.notes: list[str] = []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of styles that are missing
                self._book = openpyxl.load_workbook(content.seekable(), read_only=True, data_only=True)
        except _BROKEN as error:
            raise ClientError(
                f"{self._name} is a damaged or unsupported Excel workbook ({error}): save it as .xlsx or CSV."
            ) from error
        worksheet = self._sheet(wanted, sheet)
        self.summary = {"format": "Excel", "sheet": worksheet.title}
        self._lines = enumerate(self._values(worksheet), 1)
        self._columns, self._before = self._header(wanted)
        self._waiting: list[Row] = []
        self._rows = self._read()

    @property
    def columns(self) -> list[str]:
        """The header's names."""
        return self._columns

    def suspicious(self, column: int) -> bool:
        """Whether something in the workbook seems to be a card number that lost digits."""
        with zipfile.ZipFile(self._content.seekable()) as book:
            return any(_suspicious(book, name) for name in book.namelist() if _HOLDS_VALUES.fullmatch(name))

    def position(self) -> int:
        """Unknown while it is read: the archive is read ahead."""
        return 0

    def head(self, count: int) -> list[Row]:
        """The first rows; `rows` gives them again."""
        if not self._waiting:
            self._waiting = list(islice(self._rows, count))
        return self._waiting

    def rows(self) -> Iterator[Row]:
        """The rows, from the first."""
        waiting, self._waiting = self._waiting, []
        yield from chain(waiting, self._rows)

    def _sheet(self, wanted: frozenset[str], sheet: str | None) -> Any:
        names = self._book.sheetnames
        if sheet is not None:
            if sheet not in names:
                raise ClientError(f"{self._name} has no sheet {sheet!r}. It has: {', '.join(names)}.")
            return self._book[sheet]
        filled = [one for one in self._book.worksheets if _looks_filled(one, wanted)]
        if len(filled) > 1:
            shown = ", ".join(one.title for one in filled)
            raise ClientError(f"{self._name} has {len(filled)} sheets with rows ({shown}): choose one with --sheet.")
        return (filled or self._book.worksheets)[0]

    def _values(self, worksheet: Any) -> Iterator[Sequence[Any]]:
        worksheet.reset_dimensions()  # what some writers say of the size is wrong
        try:
            yield from worksheet.iter_rows(values_only=True)
        except _BROKEN as error:
            raise ClientError(f"Cannot read {self._name} any further ({error}): save it as CSV.") from error

    def _header(self, wanted: frozenset[str]) -> tuple[list[str], int]:
        first: tuple[list[str], int] | None = None
        skipped: list[tuple[int, Sequence[Any]]] = []
        for number, values in islice(self._lines, _MOST_BEFORE_HEADER):
            names = ["" if value is None else str(value).strip() for value in values]
            if len({plain_name(name) for name in names} & wanted) >= 2:
                while names and not names[-1]:
                    names.pop()
                if any(any(line) for _, line in skipped):
                    self.notes.append(f"the header is in line {number}; the lines before it were skipped")
                return names, number
            skipped.append((number, values))
            if first is None and any(names):
                first = names, number
        if first is None:
            raise ClientError(f"{self._name} is empty: expected a header line that names the columns.")
        self._lines = chain(  # type: ignore[assignment]
            [(number, values) for number, values in skipped if number > first[1]], self._lines
        )
        return first

    def _read(self) -> Iterator[Row]:
        width, number = len(self._columns), 0
        dates = [plain_name(name) == "dob" for name in self._columns]
        for line, values in self._lines:
            if all(value is None for value in values):
                continue
            cells = [excel_text(value, at < width and dates[at]) for at, value in enumerate(values)]
            while len(cells) > width and cells[-1] is None:
                cells.pop()
            cells += [None] * (width - len(cells))
            problem = f"the row has {len(cells)} cells, the header {width}" if len(cells) > width else None
            yield Row(number, line, cells, problem)
            number += 1
            self._done = number


def _suspicious(book: zipfile.ZipFile, name: str) -> bool:
    with book.open(name) as part:
        return suspicious(cast(BinaryIO, part))


def _looks_filled(worksheet: Any, wanted: frozenset[str]) -> bool:
    worksheet.reset_dimensions()
    for values in worksheet.iter_rows(max_row=_MOST_BEFORE_HEADER, values_only=True):
        if len({plain_name(str(value)) for value in values if value is not None} & wanted) >= 2:
            return True
    return False


def excel_text(value: Any, date: bool = False) -> str | None:
    """The text of a cell's value: whole numbers without a point, times in ISO 8601."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # 15 digits are what a sheet shows: arithmetic with doubles makes 87.69999999999999 of 87.7.
        return str(int(value)) if value.is_integer() and abs(value) < 1e19 else format(value, ".15g")
    if isinstance(value, datetime.datetime):
        # A serial number of days has microseconds of noise: a second is what a sheet shows.
        text = _rounded(value).isoformat(" ")
        return text[:10] if date and text.endswith(" 00:00:00") else text
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)


def _rounded(value: datetime.datetime) -> datetime.datetime:
    near = (value + datetime.timedelta(microseconds=500)).replace(microsecond=0)
    close = abs(near - value) <= datetime.timedelta(microseconds=1_000)
    return (
        near
        if close
        else value.replace(microsecond=value.microsecond // 1_000 * 1_000)
        if value.microsecond % 1000 == 0
        else value
    )
