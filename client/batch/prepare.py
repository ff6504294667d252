"""What goes up for a file: the file itself if the job reads it as it is, else its rows as plain CSV in gzip.

The job splits its input into lines and reads UTF-8 CSV. Everything else is read here, by the reader that `send` has,
so that both paths take the same files and refuse the same rows.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from client.errors import ClientError
from client.files.containers import TEXT, Content
from client.files.csv_table import CsvTable
from client.files.expand import Named
from client.files.mapping import Reading
from client.files.names import ADDED
from client.files.row import Row
from client.files.stream import Input, open_input
from client.files.table import Table, open_reader, with_file_beside
from shared.card_keys.ring import CardKeys
from shared.errors import RejectedError
from shared.transaction.model import parse_many
from shared.transaction.schema import IGNORED_SOURCES

PREFIX = "transactions/"
Finding = tuple[str, str]
_BLOCK = 1 << 20
_NO_KEYS = CardKeys.of(b"only to learn why a row is refused; nothing is made of it")


@dataclass
class Prepared:
    """A file on its way: what goes up, under which key, and what is known of its rows already."""

    named: Named
    reading: Reading
    path: Path
    key: str
    converted: bool = False
    rejected: int = 0  # rows that are refused here and do not go up
    notes: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """For people."""
        return self.named.shown

    def rejects(self, of_job: dict[int, list[Finding]]) -> Iterator[tuple[Row, list[Finding]]]:
        """The refused rows of the file and why; ``of_job`` are the job's, by line of what went up."""
        source = open_input(self.named.name, self.named.member)
        table = Table(source, self.reading)
        line = 1
        for row in table:
            found = refused(table, row) if self.converted else []
            if self.converted and not found:
                line += 1
            at = line if self.converted else row.line
            if found or at in of_job:
                yield row, found or of_job[at]
        table.close()


def prepare(named: Named, reading: Reading, folder: Path) -> Prepared:
    """Look at a file, and convert it if need be, to a file in ``folder``.

    Raises ClientError for what cannot be read. CSV whose columns have drifted goes up: the job refuses it, and says so
    to whoever watches the stage.
    """
    source = open_input(named.name, named.member)
    if source.path is None:
        raise ClientError("batch needs a file: standard input and pipes cannot be uploaded. Use `swipeline send -`.")
    made = Prepared(named, reading, source.path, PREFIX + source.label)
    try:
        table = Table(source, reading)
    except ClientError:
        if _drifted(named, reading):
            return made
        raise
    try:
        made.notes = [*table.notes, *table.warnings]
        if _as_it_is(table):
            return made
        made.key = PREFIX + _csv_name(source.label)
        made.path = folder / made.key.replace("/", "-")
        made.converted = True
        made.rejected = _convert(table, made.path)
    finally:
        table.close()
    return made


def refused(table: Table, row: Row) -> list[Finding]:
    """Why a row cannot go up as one line of CSV; empty for nearly all."""
    if row.problem:
        return [("row", row.problem)]
    record = table.plan.record(row)
    if not any("\n" in value or "\r" in value for value in record.values()):
        return []
    (parsed,) = parse_many([record], _NO_KEYS)
    return parsed.errors if isinstance(parsed, RejectedError) else []


def _convert(table: Table, target: Path) -> int:
    """Write the rows that can go up; how many cannot."""
    kept = 0
    target.touch(mode=0o600)  # it holds card numbers
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(table.plan.targets)
        for row in table:
            if refused(table, row):
                kept += 1
            else:
                record = table.plan.record(row)
                writer.writerow([_on_one_line(record.get(name, "")) for name in table.plan.targets])
    return kept


def _on_one_line(text: str) -> str:
    return text.strip() if "\n" in text or "\r" in text else text


def _as_it_is(table: Table) -> bool:
    """Whether the job reads the file as the table does."""
    plan, reader = table.plan, table.reader
    exact = all(target == source for target, source in zip(plan.targets, plan.sources, strict=True))
    ignored = IGNORED_SOURCES | set(ADDED)
    return (
        isinstance(reader, CsvTable)
        and _usual_container(table.content)
        and reader.encoding.name == "utf-8"
        and reader.dialect.usual
        and plan.makers is None
        and exact
        and all(name in ignored for name in plan.dropped)
        and not _record_over_lines(table.content)
    )


def _usual_container(content: Content) -> bool:
    """Whether the name says what the file is, as the job goes by it."""
    source: Input = content.input
    if content.kind != TEXT or source.path is None:
        return False
    wanted = {"": [], ".gz": ["gzip"]}
    name = source.path.name
    return name.endswith((".csv", ".csv.gz")) and content.layers == wanted[".gz" if name.endswith(".gz") else ""]


def _drifted(named: Named, reading: Reading) -> bool:
    """Whether a file is plain CSV in its names' container, so that only its columns are wrong."""
    with suppress(ClientError):
        source = open_input(named.name, named.member)
        content = Content(source)
        reader = open_reader(content, with_file_beside(source, reading))
        plain = with_file_beside(source, reading).plain and not reading.drop
        found = isinstance(reader, CsvTable) and reader.dialect.usual and reader.encoding.name == "utf-8"
        return found and plain and _usual_container(content)
    return False


def _record_over_lines(content: Content) -> bool:
    """Whether some line has an odd number of quotes: a record may go on in the next line, which the job cannot see."""
    with content.open() as stream:
        return any(line.count(b'"') % 2 for line in stream)


def _csv_name(label: str) -> str:
    if label.endswith(".csv.gz"):
        return label
    return f"{label}.gz" if label.endswith(".csv") else f"{label}.csv.gz"
