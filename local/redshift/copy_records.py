"""Files cut into records: lines for JSON (falling back to whole values), fields for CSV and delimited text."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from local.redshift.copy_parse import CopyCommand

INVALID_INPUT, INVALID_UTF8, EXTRA_COLUMNS, TOO_FEW = 1216, 1220, 1202, 1214
MAX_JSON_BYTES = 4 * 1024 * 1024  # "a single JSON object can be at most 4 MB"
ROWS_PER_CHUNK = 50_000
# Only where a value ends is asked of it: Python refuses to convert a number of more than 4,300 digits.
_DECODER = json.JSONDecoder(parse_int=lambda _: 0, parse_float=lambda _: 0.0)


@dataclass
class Chunk:
    """Records with the line each begins at, and 0 or an err_code. `fields` only for CSV and delimited text."""

    line: list[int] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    code: list[int] = field(default_factory=list)
    fields: list[list[str | None]] = field(default_factory=list)

    def add(self, line: int, raw: str, code: int = 0) -> None:
        self.line.append(line)
        self.raw.append(raw)
        self.code.append(code)


def decode(data: bytes, replacement: str | None) -> tuple[str, int]:
    """(text, 0 or err_code). ACCEPTINVCHARS puts its character in place of each byte that isn't UTF-8."""
    try:
        return data.decode(), 0
    except UnicodeDecodeError:
        if replacement is None:
            return data.decode(errors="backslashreplace"), INVALID_UTF8
        marked = data.decode(errors="surrogateescape")
        return "".join(replacement if "\udc80" <= c <= "\udcff" else c for c in marked), 0


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks split again, at line ends, without the last one."""
    rest: list[bytes] = []
    for block in blocks:
        head, newline, tail = block.rpartition(b"\n")
        if not newline:
            rest.append(block)
            continue
        yield b"".join([*rest, head])
        rest = [tail]
    if any(rest):
        yield b"".join(rest)


def json_lines(blocks: Iterable[bytes], replacement: str | None) -> Iterator[Chunk]:
    """One record per line that isn't blank; whether it is JSON is for the caller to see."""
    number = 1
    for data in _whole_lines(blocks):
        chunk = Chunk()
        try:
            chunk.raw = data.decode().split("\n")
            chunk.code = [0] * len(chunk.raw)
        except UnicodeDecodeError:
            for line in data.split(b"\n"):
                text, code = decode(line, replacement)
                chunk.raw.append(text)
                chunk.code.append(code)
        chunk.line = list(range(number, number + len(chunk.raw)))
        number += len(chunk.raw)
        if not all(raw and not raw.isspace() for raw in chunk.raw):
            kept = [index for index, raw in enumerate(chunk.raw) if raw.strip()]
            chunk = Chunk([chunk.line[i] for i in kept], [chunk.raw[i] for i in kept], [chunk.code[i] for i in kept])
        if chunk.raw:
            yield chunk


def json_values(records: Iterable[Chunk]) -> Iterator[Chunk]:
    """Cut lines again, into JSON values: several on a line, or one over several lines, as Redshift takes them.

    A line where no value begins, or whose value breaks off, is one bad record; reading continues with the next line.
    """
    for batch in _rows(records):
        chunk = Chunk()
        for line, text, code in batch:
            chunk.add(line, text, code)
        yield chunk


def _rows(records: Iterable[Chunk]) -> Iterator[list[tuple[int, str, int]]]:
    source = ((n, r, c) for chunk in records for n, r, c in zip(chunk.line, chunk.raw, chunk.code, strict=True))
    out: list[tuple[int, str, int]] = []
    waiting: list[tuple[int, str]] = []  # lines of a value that isn't complete yet
    for line, raw, code in source:
        if code:
            out += _all_bad(waiting)
            waiting = []
            out.append((line, raw, code))
            continue
        waiting.append((line, raw))
        waiting = _drain(waiting, out)
        if len(out) >= ROWS_PER_CHUNK:
            yield out
            out = []
    while waiting:  # a value that never ended: its first line is bad, the others may yet hold values
        out.append((waiting[0][0], waiting[0][1], INVALID_INPUT))
        again, waiting = waiting[1:], []
        for item in again:
            waiting = _drain([*waiting, item], out)
    if out:
        yield out


def _drain(waiting: list[tuple[int, str]], out: list[tuple[int, str, int]]) -> list[tuple[int, str]]:
    """Take the complete values off the waiting lines; what is left is the beginning of one, or nothing."""
    while waiting:
        first = waiting[0][0]
        text = "\n".join(raw for _, raw in waiting).lstrip()
        try:
            _, end = _DECODER.raw_decode(text)
        except json.JSONDecodeError as error:
            # A string can't run over a line's end, so only a value cut between its parts may continue.
            unfinished = error.pos >= len(text.rstrip()) and not error.msg.startswith("Unterminated string")
            if text[:1] in "{[" and unfinished and len(text) < MAX_JSON_BYTES:
                return waiting
            out.append((first, waiting[0][1], INVALID_INPUT))
            waiting = waiting[1:]
            continue
        except RecursionError:
            out.append((first, waiting[0][1], INVALID_INPUT))
            waiting = waiting[1:]
            continue
        out.append((first, text[:end], 0))
        rest = text[end:].strip()
        waiting = [(waiting[-1][0], rest)] if rest else []
    return waiting


def _all_bad(waiting: list[tuple[int, str]]) -> list[tuple[int, str, int]]:
    return [(line, raw, INVALID_INPUT) for line, raw in waiting]


class _Lines:
    """Decoded lines for csv.reader, remembering the number, the text and the state of those it took."""

    def __init__(self, blocks: Iterable[bytes], replacement: str | None) -> None:
        self._groups = _whole_lines(blocks)
        self._replacement = replacement
        self.number = 0
        self.taken: list[str] = []
        self.code = 0

    def __iter__(self) -> Iterator[str]:
        for group in self._groups:
            for data in group.split(b"\n"):
                self.number += 1
                text, code = decode(data.removesuffix(b"\r"), self._replacement)
                self.code = self.code or code
                self.taken.append(text)
                yield text + "\n"


def delimited(blocks: Iterable[bytes], command: CopyCommand, width: int) -> Iterator[Chunk]:
    """Records of CSV or delimited text with `width` fields each; those with more or fewer carry an err_code."""
    source = _Lines(blocks, command.invalid_character)
    rows = _csv_rows(source, command) if command.format == "csv" else _plain_rows(source, command)
    chunk = Chunk(fields=[[] for _ in range(width)])
    skip = command.ignore_header
    for row, broken in rows:
        raw, code = "\n".join(source.taken), source.code
        first = source.number - len(source.taken) + 1
        source.taken, source.code = [], 0
        if first <= skip or (not row and not broken):
            continue
        if not code:
            code = (
                INVALID_INPUT if broken else EXTRA_COLUMNS if len(row) > width else TOO_FEW if len(row) < width else 0
            )
        chunk.add(first, raw, code)
        for index, values in enumerate(chunk.fields):
            values.append(row[index] if not code else None)
        if len(chunk.raw) >= ROWS_PER_CHUNK:
            yield chunk
            chunk = Chunk(fields=[[] for _ in range(width)])
    if chunk.raw:
        yield chunk


def _csv_rows(source: _Lines, command: CopyCommand) -> Iterator[tuple[list[str], bool]]:
    csv.field_size_limit(MAX_JSON_BYTES)
    reader = csv.reader(iter(source), delimiter=command.delimiter, quotechar=command.quote, strict=True)
    while True:
        try:
            yield next(reader), False
        except StopIteration:
            return
        except csv.Error:
            yield [], True


def _plain_rows(source: _Lines, command: CopyCommand) -> Iterator[tuple[list[str], bool]]:
    for text in source:
        line = text[:-1]
        yield (line.split(command.delimiter) if line else []), False
