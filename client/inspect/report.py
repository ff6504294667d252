"""What a file is and how it would be taken, read through once; nothing is sent, and no card number is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from client.errors import ClientError
from client.files import checks
from client.files.checks import Cards
from client.files.containers import Content
from client.files.expand import Named
from client.files.mapping import Reading
from client.files.names import api_name
from client.files.plan import Plan, plan_of
from client.files.row import Row
from client.files.stream import open_input
from client.files.table import SAMPLE, Table, open_reader, with_file_beside
from client.inspect.suggest import Suggestion, suggest
from shared.card_keys.ring import CardKeys
from shared.errors import RejectedError
from shared.transaction.model import parse_many

CHECKED = 5_000  # rows that are checked as the API would
_MOST_IDS = 2_000_000  # ids that are compared; beyond it duplicates are of the first so many rows
_KEYS = CardKeys.of(b"only to learn what would be refused; nothing is made of it")


@dataclass
class Column:
    """One column: its type by its values, and what becomes of it."""

    name: str
    type: str
    taken: str


@dataclass
class Report:
    """All that `inspect` says. ``refusals`` would stop `send`; ``reasons`` are of the checked rows."""

    file: str
    container: list[str]
    summary: dict[str, str]
    columns: list[Column] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    unreadable: int = 0
    checked: int = 0
    refused: int = 0
    reasons: list[dict[str, Any]] = field(default_factory=list)
    duplicate_ids: int = 0
    rounded_cards: int = 0
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    command: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def inspect(named: Named, reading: Reading, flags: str = "") -> Report:
    """Read a file through. Raises ClientError for one that holds no rows at all, or is damaged."""
    source = open_input(named.name, named.member)
    if source.path is None:
        raise ClientError("inspect needs a file: it reads it more than once.")
    how = with_file_beside(source, reading)
    content = Content(source)
    reader = open_reader(content, how)
    head = reader.head(SAMPLE)
    made = Report(named.shown, [*content.layers, content.kind], reader.summary, notes=list(reader.notes))
    types = [_type(index, head) for index in range(len(reader.columns))]
    try:
        plan: Plan | None = plan_of(reader.columns, head, how, named.shown)
    except ClientError as error:
        plan = None
        made.refusals.append(str(error))
    made.columns = [
        Column(name, kind, _taken(index, name, plan))
        for index, (name, kind) in enumerate(zip(reader.columns, types, strict=True))
    ]
    made.constants = dict(how.constants)
    if plan is None:
        made.rows = sum(1 for _ in reader.rows())
    else:
        content.close()
        _read_through(made, named, reading)
    made.command = _command(made, named, flags)
    return made


def propose(named: Named, reading: Reading) -> Suggestion:
    """A mapping for a file. Raises ClientError for a file that holds no rows."""
    source = open_input(named.name, named.member)
    how = with_file_beside(source, reading)
    reader = open_reader(Content(source), how)
    return suggest(reader.columns, reader.head(SAMPLE), how)


def _read_through(made: Report, named: Named, reading: Reading) -> None:
    try:
        table = Table(open_input(named.name, named.member), reading)
    except ClientError as error:
        made.refusals.append(str(error))
        # The rest is counted all the same, with what it asks for taken as accepted.
        reader = open_reader(Content(open_input(named.name, named.member)), reading)
        made.rows = sum(1 for _ in reader.rows())
        return
    made.notes, made.warnings = table.notes, table.warnings
    rows = iter(table)
    first = list(islice(rows, CHECKED))
    _check(made, table, first)
    cards, ids, seen = Cards(), Counter[int](), 0
    card, number = table.plan.getter("cc_num"), table.plan.getter("trans_num")
    for chunk in (first, rows):
        for row in chunk:
            made.rows += 1
            made.unreadable += row.problem is not None
            if text := card(row):
                cards.add(text, row.line)
            if (identity := number(row)) and seen < _MOST_IDS:
                ids[hash(identity)] += 1
                seen += 1
    made.duplicate_ids = sum(count - 1 for count in ids.values())
    made.rounded_cards = cards.rounded
    found = checks.check_cards(cards, table.reading, named.shown)
    if "cc_num" not in table.reading.stand_ins:
        made.refusals += found.refusals
        made.warnings = found.warnings
    table.close()


def _check(made: Report, table: Table, rows: Sequence[Row]) -> None:
    """Check the first rows as the API would."""
    kinds: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], tuple[str, int]] = {}
    good = [row for row in rows if row.problem is None]
    found = [(row, [("row", row.problem or "")]) for row in rows if row.problem]
    for row, parsed in zip(good, parse_many([table.plan.record(row) for row in good], _KEYS), strict=True):
        if isinstance(parsed, RejectedError):
            found.append((row, list(parsed.errors)))
    for row, errors in found:
        for name, reason in errors:
            kind = (name, re.sub(r'"[^"]*"', '"..."', reason))
            kinds[kind] += 1
            examples.setdefault(kind, (reason, row.line))
    made.checked, made.refused = len(rows), len(found)
    made.reasons = [
        {"field": kind[0], "reason": examples[kind][0], "rows": count, "line": examples[kind][1]}
        for kind, count in kinds.most_common()
    ]


def _type(index: int, head: Sequence[Row]) -> str:
    texts = [row.cells[index] for row in head[:2_000] if row.problem is None and index < len(row.cells)]
    values = [text.strip() for text in texts if text is not None and text.strip()]
    if not values:
        return "empty"
    for kind, pattern in _TYPES:
        if all(pattern.fullmatch(value) for value in values):
            return kind
    return "text"


_TYPES = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("integer", r"-?\d+"),
        ("number", r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"),
        ("number, decimal comma", r"-?\d+(?:\.\d{3})*,\d+"),
        ("date", r"\d{4}-\d\d-\d\d"),
        ("time", r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"),
        ("date, other form", r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}(?:[ T,].*)?"),
        ("yes/no", r"(?i:true|false|yes|no)"),
    )
)


def _taken(index: int, name: str, plan: Plan | None) -> str:
    if plan is None:
        return api_name(name) or "?"
    taken = [
        target
        for target, at, source in zip(plan.targets, plan.indexes, plan.sources, strict=True)
        if at == index or "{" + name in source
    ]
    if taken:
        return ", ".join(taken)
    return "left out" if name in plan.dropped else "?"


def _command(made: Report, named: Named, flags: str) -> str:
    if made.refusals:
        text = made.refusals[0]
        drop = re.search(r"leave the unknown ones out with ((?:--drop (?:\w+|'[^']*') ?)+)", text)
        if drop and "missing:" not in text:
            return f"swipeline send {quoted(named.name)}{flags} {drop[1].strip()}"
        return f"swipeline inspect {quoted(named.name)} --suggest" if "missing:" in text or "no header" in text else ""
    return f"swipeline send {quoted(named.name)}{flags}"


def quoted(name: str) -> str:
    """A name as a shell takes it."""
    return name if re.fullmatch(r"[\w./-]+", name) else "'" + name.replace("'", "'\\''") + "'"
