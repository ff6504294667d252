"""Rows of a CSV file of any dialect. A quote that never closes costs its own line and no other."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from client.errors import ClientError
from client.files.containers import Content
from client.files.dialect import detect
from client.files.encoding import Encoding
from client.files.lines import LONGEST, Lines, lines_of
from client.files.probe import suspicious
from client.files.row import Row

_MOST_LINES = 200  # that one record may run over
_MOST_CHARACTERS = 1 << 20

csv.field_size_limit(LONGEST)


class CsvTable:
    """A :class:`~client.files.row.Reader` over the text of a CSV file. Raises ClientError if it has no header."""

    def __init__(
        self, content: Content, encoding: Encoding, wanted: frozenset[str], delimiter: str | None = None
    ) -> None:
        self._content, self.encoding, self._name = content, encoding, content.input.name
        self._stream = content.open()  # kept: closing it would close the input
        self._batches = lines_of(self._stream, encoding, self._name)
        first = next(self._batches, Lines(1, []))
        self.dialect = detect(first.texts, wanted, self._name, delimiter)
        self._batches = chain([_without(first, self.dialect.before)], self._batches)
        self._here = max(1, len(first.texts) - self.dialect.before - 1)  # rows that can be had without waiting
        self._columns = [_shown(name) for name in self.dialect.columns]
        if self.dialect.shift:
            at = 0 if self.dialect.shift == "first" else len(self._columns)
            self._columns.insert(at, "")
        self._waiting: list[Row] = []
        self._rows = self._read()

    @property
    def columns(self) -> list[str]:
        """The header's names."""
        return self._columns

    @property
    def notes(self) -> list[str]:
        """What is unusual about the file."""
        return [*self.encoding.notes, *self.dialect.notes]

    @property
    def summary(self) -> dict[str, str]:
        """Encoding and dialect."""
        return {"format": "CSV", "encoding": self.encoding.label, "dialect": self.dialect.label}

    def suspicious(self, column: int) -> bool:
        """Whether something in the text seems to be a card number that lost digits."""
        if self.encoding.suspicious is None:
            with self._content.beside() as stream:
                self.encoding.suspicious = suspicious(stream)
        return self.encoding.suspicious

    def position(self) -> int:
        """Bytes read."""
        return self._content.counter.count

    def head(self, count: int) -> list[Row]:
        """The first rows; `rows` gives them again. Of a pipe, at most what has come already."""
        if not self._waiting:
            self._waiting = list(islice(self._rows, count if self._content.again else self._here))
        return self._waiting

    def rows(self) -> Iterator[Row]:
        """The rows, from the first."""
        waiting, self._waiting = self._waiting, []
        yield from waiting
        del waiting
        yield from self._rows

    def _read(self) -> Iterator[Row]:
        number, width = 0, len(self._columns)
        doubtful = self.encoding.damaged or self.encoding.name != "utf-8"
        make, options, batches = tuple.__new__, self.dialect.options(), _Batches(self._batches)
        try:
            for batch in batches:
                lines = batch.texts
                odd = doubtful and _not_text(lines)
                if odd or batch.cut or self._runs_on(lines):
                    for line, cells, problem in self._slowly(batch, batches):
                        if not cells or (problem is None and len(cells) == 1 and not cells[0].strip()):
                            continue  # an empty line
                        yield Row(number, line, cells, problem or self._problem(cells, odd))
                        number += 1
                    continue
                # A record per line: nearly all batches.
                for line, cells in enumerate(csv.reader(lines, **options), batch.first):
                    if len(cells) == width:
                        yield make(Row, (number, line, cells, None, None))
                    elif not cells or (len(cells) == 1 and not cells[0].strip()):
                        continue
                    else:
                        yield Row(number, line, cells, self._problem(cells, odd=False))
                    number += 1
        except csv.Error as error:  # a cell beyond the limit of the csv module: lines are shorter than that
            raise ClientError(f"{self._name} cannot be read as CSV: {error}.") from error
        except OSError as error:
            raise ClientError(f"Cannot read {self._name}: {error.strerror or error}.") from error

    def _problem(self, cells: list[str], odd: bool) -> str | None:
        if len(cells) != len(self._columns):
            return self._miscounted(len(cells), len(self._columns))
        if odd and _not_text(cells):
            return f"the row is not {self.encoding.label} text: save the file as UTF-8"
        return None

    def _runs_on(self, lines: list[str]) -> bool:
        """Whether some line may open a quote, or end in an escape, that continues in the next."""
        quote, escape = self.dialect.quote, self.dialect.escape
        if escape and any(line.rstrip("\r\n").endswith(escape) or (quote and escape + quote in line) for line in lines):
            return True
        return quote is not None and any(line.count(quote) & 1 for line in lines)

    def _opens(self, line: str) -> bool:
        """Whether a quote is open at the end of a line."""
        quote = self.dialect.quote
        if quote is None or quote not in line:
            return bool(self.dialect.escape and line.rstrip("\r\n").endswith(self.dialect.escape))
        try:
            return len(list(csv.reader([line.rstrip("\r\n") + "\n", "x"], **self.dialect.options()))) == 1
        except csv.Error:
            return True

    def _slowly(self, batch: Lines, batches: _Batches) -> Iterator[tuple[int, list[str], str | None]]:
        """Line by line: a record over several lines, if it is one; else the line that opens a quote on its own."""
        if batch.cut:
            yield batch.first, [batch.texts[0]], f"the line is longer than {LONGEST:,} characters; the rest is cut off"
            return
        lines = deque(enumerate(batch.texts, batch.first))
        while lines:
            number, line = lines.popleft()
            if not self._opens(line):
                yield number, self._alone(line), None
                continue
            while len(lines) < _MOST_LINES and (more := batches.pull()) is not None:
                if more.cut:
                    batches.push(more)
                    break
                lines.extend(enumerate(more.texts, more.first))
            taken = self._record(line, [text for _, text in islice(lines, _MOST_LINES)])
            if taken is None:
                yield number, self._unquoted(line), self._never_closed()
                continue
            cells, count = taken
            for _ in range(count):
                lines.popleft()
            yield number, cells, None

    def _record(self, line: str, after: Sequence[str]) -> tuple[list[str], int] | None:
        """A record that begins in a line and how many of the following it takes; None if its quote is a stray one."""
        width, count, length = len(self._columns), 0, len(line)
        texts = [line]
        for text in after:
            count, length = count + 1, length + len(text)
            texts.append(text)
            if length > _MOST_CHARACTERS:
                return None
            if text.count(self.dialect.quote or "\0") % 2 == 0 and len(self._alone(text)) == width:
                return None  # a good row on its own: the quote before it never closed
            try:
                rows = list(csv.reader([*texts, "x"], **self.dialect.options()))
            except csv.Error:
                return None
            if len(rows) == 2:  # the record is closed, and x a row of its own
                return (rows[0], count) if len(rows[0]) == width else None
        return None

    def _alone(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], **self.dialect.options()), [])
        except csv.Error:
            return self._unquoted(line)

    def _unquoted(self, line: str) -> list[str]:
        """The cells as the delimiters alone cut them: joined again they are the line."""
        return line.rstrip("\r\n").split(self.dialect.delimiter)

    def _never_closed(self) -> str:
        quote = self.dialect.quote or self.dialect.escape
        return f"a quote ({quote}) opens in this line and never closes: close it, or remove it"

    def _miscounted(self, cells: int, width: int) -> str:
        delimiter = {",": "a comma", ";": "a semicolon", "\t": "a tab"}.get(self.dialect.delimiter, "a delimiter")
        return f"the row has {cells} cells, the header {width}: is {delimiter} not quoted?"


class _Batches:
    """Batches of lines, of which a record may pull in the next."""

    def __init__(self, batches: Iterator[Lines]) -> None:
        self._batches = batches
        self._pushed: list[Lines] = []

    def __iter__(self) -> Iterator[Lines]:
        while (batch := self.pull()) is not None:
            if batch.texts:
                yield batch

    def pull(self) -> Lines | None:
        return self._pushed.pop() if self._pushed else next(self._batches, None)

    def push(self, batch: Lines) -> None:
        self._pushed.append(batch)


def _without(batch: Lines, count: int) -> Lines:
    return Lines(batch.first + count, batch.texts[count:], batch.cut)


def _shown(name: str) -> str:
    return name.strip().lstrip("\ufeff")


def _not_text(texts: Sequence[str]) -> bool:
    """Whether some text holds bytes that could not be decoded."""
    text = "".join(texts)
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
