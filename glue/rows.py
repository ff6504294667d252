"""Lines of CSV become Arrow batches of transactions, by the model that the stream has: one code, hence one result.

Runs in Spark's Python workers, a partition at a time; nothing here knows Spark. Why Python and not Spark's expressions:
each rule would exist twice, and this costs about 12 microseconds a row and core.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa

from glue.header import WANTED
from glue.storage import address_of
from glue.table import OUTCOME_COLUMNS, PARSED_ARROW, TRANSACTION_ARROW
from shared.card_keys.ring import CardKeys
from shared.errors import RejectedError
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction

Reasons = list[tuple[str, str]]

csv.field_size_limit(1 << 20)


class Parser:
    """Turns batches of (line: binary, file: string, block: int64) into batches of glue.table's PARSED_ARROW.

    ``headers`` has the columns of each file, by its s3:// address; ``mount`` is glue.storage's. A file's first line,
    that of its block 0, is the header and not a row. A block is a stretch of a file that one task reads in one
    go, named by its first byte.
    """

    def __init__(self, headers: Mapping[str, Sequence[str]], card_keys: CardKeys, mount: str = "") -> None:
        self._headers = {file: tuple(columns) for file, columns in headers.items()}
        self._card_keys = card_keys
        self._mount = mount

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Parse a partition. Raises KeyError for a file without a header."""
        at: tuple[str, int] | None = None
        lines = 0
        for batch in batches:
            for start, stop, (path, block) in _stretches(batch):
                place = (address_of(path, self._mount), block)
                if place != at:
                    if at is not None:
                        yield _outcomes([(*at, None, None, lines)])
                    at, lines = place, 0
                    self._rows = _row_maker(self._headers[place[0]])
                content = batch.column(0)[start:stop].to_pylist()
                is_first = lines == 0 and place[1] == 0
                yield from self._parse(content[1:] if is_first else content, place, lines + is_first)
                lines += len(content)
        if at is not None:
            yield _outcomes([(*at, None, None, lines)])

    def _parse(self, lines: list[bytes], place: tuple[str, int], before: int) -> Iterator[pa.RecordBatch]:
        numbers, rows, refused = self._rows(lines)
        good: list[Transaction] = []
        for number, parsed in zip(numbers, parse_many(rows, self._card_keys), strict=True):
            if isinstance(parsed, RejectedError):
                refused.append((number, parsed.errors))
            else:
                good.append(parsed)
        if good:
            yield _transactions(good)
        if refused:
            yield _outcomes([(*place, before + number + 1, json.dumps(why), None) for number, why in sorted(refused)])


RowMaker = Callable[[list[bytes]], tuple[list[int], list[dict[str, str]], list[tuple[int, Reasons]]]]


def _row_maker(columns: Sequence[str]) -> RowMaker:
    """Make the function that turns lines into (their indexes, rows as dictionaries, refused lines by index)."""
    wanted = [index for index, name in enumerate(columns) if name in WANTED]
    names = [columns[index] for index in wanted]
    take, width = itemgetter(*wanted), len(columns)

    def rows(lines: list[bytes]) -> tuple[list[int], list[dict[str, str]], list[tuple[int, Reasons]]]:
        numbers: list[int] = []
        found: list[dict[str, str]] = []
        refused: list[tuple[int, Reasons]] = []
        for number, cells in enumerate(_cells(lines)):
            if len(cells) == width:
                numbers.append(number)
                found.append(dict(zip(names, take(cells), strict=True)))
            elif cells:  # an empty line is no row
                refused.append((number, [("row", _miscounted(len(cells), width))]))
        return numbers, found, [*refused, *_not_utf8(lines, numbers, found)]

    return rows


def _miscounted(cells: int, columns: int) -> str:
    return f"the row has {cells} cells, the header {columns}: is a comma not quoted, or a quote not closed?"


def _cells(lines: list[bytes]) -> list[list[str]]:
    """Split each line on its own: a quote that is not closed does not swallow its neighbours."""
    texts = [line.decode("utf-8", "surrogateescape") for line in lines]
    try:
        cells = list(csv.reader(texts))
        if len(cells) == len(texts):
            return cells
    except csv.Error:
        pass
    return [_split(text) for text in texts]


def _split(text: str) -> list[str]:
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return [text]  # one cell: refused for its width


def _not_utf8(lines: list[bytes], numbers: list[int], rows: list[dict[str, str]]) -> list[tuple[int, Reasons]]:
    """Take out rows that are not UTF-8; most batches are ASCII, which is told at once."""
    if all(map(bytes.isascii, lines)):
        return []
    bad = [at for at, number in enumerate(numbers) if not _is_utf8(lines[number])]
    refused: list[tuple[int, Reasons]] = []
    for at in reversed(bad):
        del rows[at]
        refused.append((numbers.pop(at), [("row", "the row is not UTF-8 text: save the file as UTF-8")]))
    return refused


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _stretches(batch: pa.RecordBatch) -> Iterator[tuple[int, int, tuple[str, int]]]:
    """Cut a batch where the file or the block changes: (first, last + 1, (file, block))."""
    files, blocks = batch.column(1), batch.column(2)
    start, count = 0, batch.num_rows
    while start < count:
        place = (files[start].as_py(), blocks[start].as_py())
        stop = count
        if (files[count - 1].as_py(), blocks[count - 1].as_py()) != place:
            stop = next(i for i in range(start, count) if (files[i].as_py(), blocks[i].as_py()) != place)
        yield start, stop, place
        start = stop


def _transactions(good: list[Transaction]) -> pa.RecordBatch:
    columns: list[pa.Array] = [
        _column(values, field.type) for values, field in zip(zip(*good, strict=True), TRANSACTION_ARROW, strict=True)
    ]
    nothing = [pa.nulls(len(good), PARSED_ARROW.field(name).type) for name in OUTCOME_COLUMNS]
    return pa.RecordBatch.from_arrays([*columns, *nothing], schema=PARSED_ARROW)


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Give a field's canonical values in the table's type; a value that does not fit raises, it is never changed."""
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pa.array(values, pa.string()).cast(kind)
    if pa.types.is_decimal(kind) and any(isinstance(value, float) for value in values):
        return pa.array(values, pa.float64()).cast(kind)
    return pa.array(values, kind)


def _outcomes(rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    nothing = [pa.nulls(len(rows), field.type) for field in TRANSACTION_ARROW]
    told = [
        pa.array(values, PARSED_ARROW.field(name).type)
        for values, name in zip(zip(*rows, strict=True), OUTCOME_COLUMNS, strict=True)
    ]
    return pa.RecordBatch.from_arrays([*nothing, *told], schema=PARSED_ARROW)
