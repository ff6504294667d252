"""Rows of JSON: an object a line, an array of objects, or {"transactions": [...]}; every value as the text it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from client.errors import ClientError
from client.files.containers import Content
from client.files.encoding import Encoding
from client.files.lines import LONGEST, lines_of
from client.files.names import KNOWN, OPTIONAL, plain_name
from client.files.probe import suspicious
from client.files.row import Row

_HEAD = 1_000  # rows whose properties are the table's columns
_HEAD_OF_A_PIPE = 50  # a slow one is not waited for longer
_WRAPPED = re.compile(r'\s*\{\s*"([^"]+)"\s*:\s*(\[)')
_SPACES = re.compile(r"[\s,\x1e]*")
_OBJECT_OF_COLUMNS = re.compile(r'\s*\{\s*"([^"]+)"\s*:\s*\{')


def looks_like_json(head: str) -> bool:
    """Whether a text begins as JSON does; the header of a CSV file does not."""
    return re.match(r"[\s\x1e]*(\{\s*[\"}]|\[\s*[\[{\]])", head) is not None


class JsonTable:
    """A :class:`~client.files.row.Reader` over JSON. Raises ClientError if it holds no objects."""

    def __init__(self, content: Content, encoding: Encoding) -> None:
        self._content, self._encoding, self._name = content, encoding, content.input.name
        self._stream = content.open()
        self.notes: list[str] = list(encoding.notes)
        self._kind = ""
        self._values = self._objects()
        self._waiting = list(islice(self._values, _HEAD if content.again else _HEAD_OF_A_PIPE))
        names: dict[str, None] = {}
        for _, value, _ in self._waiting:
            if isinstance(value, dict):
                names.update(dict.fromkeys(value))
        if not names:
            raise ClientError(
                f"{self._name} holds JSON, but no objects: expected "
                '{"trans_date_trans_time": ..., "cc_num": ...}, one a line or in an array.'
            )
        self._columns = [*names, *(name for name in sorted(OPTIONAL) if name not in names)]
        self._head: list[Row] = []
        self._rows = self._read()

    @property
    def columns(self) -> list[str]:
        """The properties of the first rows."""
        return self._columns

    @property
    def summary(self) -> dict[str, str]:
        """Format and encoding."""
        return {"format": self._kind, "encoding": self._encoding.label}

    def suspicious(self, column: int) -> bool:
        """Whether something in the text seems to be a card number that lost digits."""
        if self._encoding.suspicious is None:
            with self._content.beside() as stream:
                self._encoding.suspicious = suspicious(stream)
        return self._encoding.suspicious

    def position(self) -> int:
        """Bytes read."""
        return self._content.counter.count

    def head(self, count: int) -> list[Row]:
        """The first rows; `rows` gives them again."""
        if not self._head:
            self._head = list(islice(self._rows, count if self._content.again else _HEAD_OF_A_PIPE))
        return self._head

    def rows(self) -> Iterator[Row]:
        """The rows, from the first."""
        head, self._head = self._head, []
        yield from head
        del head
        yield from self._rows

    def _read(self) -> Iterator[Row]:
        known = set(self._columns)
        number = 0
        waiting, self._waiting = self._waiting, []
        for source in (waiting, self._values):
            for line, value, problem in source:
                cells: list[str | None]
                if isinstance(value, dict):
                    cells = [_text(value.get(name)) for name in self._columns]
                    if isinstance(value, _Repeated):
                        problem = "the object has a name twice"
                    if more := [name for name in value if name not in known]:
                        problem = problem or f"the object has a property {more[0]!r} that the first rows do not have"
                        cells += [_text(value[name]) for name in more]
                else:
                    cells = [value if isinstance(value, str) else json.dumps(value)]
                    problem = problem or "is not a JSON object with the columns as properties"
                if problem is None and any(
                    isinstance(cell, str) and not cell.isascii() and _broken(cell) for cell in cells
                ):
                    problem = f"the row is not {self._encoding.label} text: save the file as UTF-8"
                yield Row(number, line, cells, problem)
                number += 1

    def _objects(self) -> Iterator[tuple[int, Any, str | None]]:
        """(line, object, None), or (line, text, why it is none)."""
        batches = lines_of(self._stream, self._encoding, self._name)
        first = next(batches, None)
        if first is None:
            return
        text = "".join(first.texts)
        wrapped = _WRAPPED.match(text)
        if wrapped and plain_name(wrapped[1]) not in KNOWN:
            self._kind = f'JSON, {{"{wrapped[1]}": [...]}}'
            yield from _elements(text, wrapped.start(2), batches, self._name)
        elif text.lstrip().startswith("["):
            self._kind = "JSON array"
            yield from _elements(text, text.index("["), batches, self._name)
        elif _whole_line(first.texts) or first.texts[0].strip() != "{":
            self._kind = "JSON Lines"
            if found := _OBJECT_OF_COLUMNS.match(first.texts[0]):
                raise ClientError(
                    f"{self._name} holds one JSON object of columns ({found[1]}: ...), as pandas' to_json writes by "
                    "default: write it with to_json(F, orient='records', lines=True)."
                )
            self._refuse_columns(first.texts[0])
            yield from self._json_lines(first.first, first.texts)
            for batch in batches:
                yield from self._json_lines(batch.first, batch.texts)
        else:
            self._kind = "JSON objects"
            yield from _elements("[" + text, 0, batches, self._name, closed=False)

    def _refuse_columns(self, line: str) -> None:
        """Raise ClientError for one object of lists, a list per column."""
        try:
            value = _DECODER.decode(line)
        except (ValueError, RecursionError):
            return
        lists = [key for key, one in value.items() if isinstance(one, list)] if isinstance(value, dict) else []
        if any(plain_name(key) in KNOWN for key in lists):
            raise ClientError(
                f"{self._name} holds one JSON object with a list per column: write an object per row, e.g. with "
                "pandas' to_json(F, orient='records', lines=True)."
            )

    def _json_lines(self, number: int, lines: list[str]) -> Iterator[tuple[int, Any, str | None]]:
        for at, line in enumerate(lines, number):
            text = line.strip(" \t\r\n\x1e")
            if not text:
                continue
            try:
                yield at, _DECODER.decode(text), None
            except (ValueError, RecursionError) as error:
                yield at, text, f"the line is not a JSON object: {getattr(error, 'msg', 'it is nested too deeply')}"


def _elements(
    text: str, at: int, batches: Iterator[Any], name: str, closed: bool = True
) -> Iterator[tuple[int, Any, str | None]]:
    """The elements of an array that begins at a position of a text, of which the rest is read as need be."""
    at, line, start = at + 1, 1, 0
    line += text.count("\n", start, at)
    while True:
        skipped = _SPACES.match(text, at)
        after = skipped.end() if skipped else at
        line += text.count("\n", at, after)
        at = after
        if at < len(text) and text[at] == "]":
            return
        if at < len(text):
            try:
                value, end = _DECODER.raw_decode(text, at)
                if end < len(text) or not isinstance(value, str):
                    yield line, value, None
                    line += text.count("\n", at, end)
                    at = end
                    continue
            except (ValueError, RecursionError) as error:
                reason = getattr(error, "msg", "it is nested too deeply")
            else:
                reason = "it ends too early"
        else:
            reason = "it ends too early"
        more = next(batches, None)
        if more is None:
            if at >= len(text) and not closed:
                return
            raise ClientError(f"{name} is not complete JSON: line {line}: {reason}. Is the file complete?")
        text, at = text[at:] + "".join(more.texts), 0
        if len(text) > LONGEST + (1 << 20):
            raise ClientError(f"{name} is not JSON that can be read: line {line}: {reason}.")


class _Repeated(dict[str, Any]):
    """An object that has a name twice: one reader would take the first, another the last."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else _Repeated(made)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=str, parse_int=str, parse_constant=str)


def _whole_line(lines: list[str]) -> bool:
    line = next((line for line in lines if line.strip()), "")
    try:
        return isinstance(_DECODER.decode(line.strip(" \t\r\n\x1e")), dict)
    except (ValueError, RecursionError):
        return False


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value)


def _broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
