"""A file as a table of transactions: one way to read for `send`, `batch`, `score`, `train` and `inspect`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from client.files import checks, encoding
from client.files.checks import Cards, Findings
from client.files.containers import EXCEL, PARQUET, Content
from client.files.convert import CARD, DECIMALS, DOB, TIME
from client.files.mapping import SUFFIX, Reading, load
from client.files.names import KNOWN, REQUIRED, plain_name
from client.files.plan import Plan, plan_of
from client.files.row import Reader, Row
from client.files.stream import Input, open_input

SAMPLE = 20_000  # rows that are looked at before the first is given
_FORMS = 2_000  # rows that show how numbers are written


class Table:
    """Rows of a file with what is made of them. Raises ClientError if the file as a whole cannot be taken."""

    def __init__(self, source: Input, reading: Reading | None = None, required: Sequence[str] = REQUIRED) -> None:
        self._required = required
        self.input = source
        self.reading = self.asked = with_file_beside(source, reading or Reading())
        self.content = Content(source)
        self.reader = open_reader(self.content, self.reading)
        head = self.reader.head(SAMPLE)
        self.plan = plan_of(self.reader.columns, head, self.reading, source.name, required)
        self.cards = Cards()
        found = self.checked(head)
        self.plan, self.reading = self._with_dates(found, head)
        checks.refuse(found, source.name)
        self.warnings = [text for one in found for text in one.warnings]
        self.notes = [*self.reader.notes, *self._notes()]

    @property
    def columns(self) -> list[str]:
        """The header's names, as the file has them."""
        return self.reader.columns

    @property
    def identity(self) -> str | None:
        """Identifies this content under this mapping; None for a stream."""
        return identity_of(self.input.identity, self.asked)

    def position(self) -> int:
        """How far the reading has come, in bytes of the input."""
        return self.reader.position()

    def __iter__(self) -> Iterator[Row]:
        """The rows, with their values if those are not the cells. They can be read once.

        Raises ClientError where a file cannot be read any further, and in a pipe, of which only the first rows could be
        looked at, where card numbers turn out to have lost digits.
        """
        rows = self.reader.rows()
        if self.plan.makers is not None:
            rows = map(self.plan.values, rows)
        watched = not self.content.again and self._cards_matter()
        return self._watched(rows) if watched else rows

    def head(self) -> list[Row]:
        """The first rows, with their values."""
        return [self.plan.values(row) for row in self.reader.head(SAMPLE)]

    def close(self) -> None:
        """Close the file."""
        self.content.close()
        self.input.close()

    def checked(self, head: Sequence[Row]) -> list[Findings]:
        """What the sample says about the file as a whole."""
        rows = [self.plan.values(row) for row in head if row.problem is None]
        rows = [row for row in rows if row.problem is None]
        card = self.plan.getter(CARD)
        for row in self._all_rows() if self._cards_elsewhere(len(head)) else rows:
            if text := card(row):
                self.cards.add(text, row.line)
        found = [checks.check_cards(self.cards, self.reading, self.input.name)]
        if CARD in self.reading.stand_ins:
            found.clear()
        columns = {name: self._texts(rows, name) for name in (TIME, DOB)}
        columns |= {name: self._texts(rows[:_FORMS], name) for name in sorted(DECIMALS)}
        found += [checks.check_dates(name, columns[name], self.reading) for name in (TIME, DOB)]
        found += [checks.check_decimals(name, columns[name], self.reading) for name in sorted(DECIMALS)]
        plain = [plain_name(name) for name in self.columns]
        at = plain.index("unix_time") if "unix_time" in plain else -1
        unix = [row.cells[at] if at >= 0 else None for row in rows[:_FORMS]]
        return [*found, checks.check_zone(columns[TIME][:_FORMS], unix, self.reading)]

    def _cards_elsewhere(self, sample: int) -> bool:
        """Whether a file has numbers beyond the sample that seem to have lost digits: then all of it is read."""
        if sample < SAMPLE or not self.content.again or not self._cards_matter():
            return False
        column = self.plan.indexes[self.plan.targets.index(CARD)]
        return column < 0 or self.reader.suspicious(column)  # -1: put together from several columns

    def _cards_matter(self) -> bool:
        taken = CARD in self.plan.targets and CARD not in self.reading.stand_ins
        return taken and not self.reading.accept_rounded_card_numbers

    def _watched(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The rows of a pipe, until a stretch of them has card numbers that lost digits."""
        card, sample = self.plan.getter(CARD), len(self.reader.head(SAMPLE))
        for row in rows:
            if row.number >= sample and (text := card(row)):
                self.cards.add(text, row.line)
                if self.cards.dense:
                    found = checks.check_cards(self.cards, self.reading, self.input.name)
                    checks.refuse([found], self.input.name, row.line)
            yield row

    def _all_rows(self) -> Iterator[Row]:
        """All rows of the file, read beside those that this table gives."""
        content = Content(open_input(self.input.path.as_posix() if self.input.path else "", self.input.member))
        try:
            yield from map(self.plan.values, open_reader(content, self.reading).rows())
        finally:
            content.close()
            content.input.close()

    def _texts(self, rows: Sequence[Row], target: str) -> list[tuple[int, str]]:
        value = self.plan.getter(target)
        found = [(row.line, value(row)) for row in rows]
        return [(line, text.strip()) for line, text in found if text is not None and text.strip()]

    def _with_dates(self, found: Sequence[Findings], head: Sequence[Row]) -> tuple[Plan, Reading]:
        """Take the order that the dates prove. A column in which none was proven has dates of ISO 8601."""
        proven = {column: order for one in found for column, order in one.dates.items()}
        self._proven = proven
        if not proven:
            return self.plan, self.reading
        orders = set(proven.values())
        if len(orders) > 1:
            found[0].refusals.append(
                "the orders of day and month differ: "
                + ", ".join(f"{name} is {order}" for name, order in proven.items())
                + ". Name the formats in a mapping file"
            )
            return self.plan, self.reading
        reading = replace(self.reading, dates=orders.pop())
        return plan_of(self.columns, head, reading, self.input.name, self._required), reading

    def _notes(self) -> list[str]:
        return [f"the dates of {column} are {order}, as its values prove" for column, order in self._proven.items()]


def open_reader(content: Content, reading: Reading) -> Reader:
    """The reader of a content's kind. Raises ClientError."""
    wanted = frozenset({plain_name(name) for name in {*KNOWN, *reading.sources()}} - {""})
    if content.kind == PARQUET:
        from client.files.parquet_table import ParquetTable  # Arrow takes a third of a second to import

        return ParquetTable(content, {source: target for target, source in reading.columns.items()})
    if content.kind == EXCEL:
        from client.files.excel_table import ExcelTable

        return ExcelTable(content, wanted, reading.sheet)
    from client.files.csv_table import CsvTable
    from client.files.json_table import JsonTable, looks_like_json

    found = encoding.detect(content, reading.encoding)
    start = content.head[len(found.bom) :][:4096].decode(found.name, "replace")
    if looks_like_json(start):
        return JsonTable(content, found)
    return CsvTable(content, found, wanted, reading.delimiter)


def with_file_beside(source: Input, reading: Reading) -> Reading:
    """The reading on top of the mapping that lies beside the file, if there is one."""
    if source.path is None:
        return reading
    beside = mapping_beside(source.path)
    return reading.over(load(beside)) if beside.exists() else reading


def mapping_beside(path: Path) -> Path:
    """Where a file's mapping is kept."""
    return path.with_name(path.name + SUFFIX)


def identity_of(content: str | None, reading: Reading) -> str | None:
    """The identity of a content that is read in some way."""
    if content is None or reading.plain:
        return content
    return hashlib.sha256(f"{content}\x1f{reading.fingerprint()}".encode()).hexdigest()
