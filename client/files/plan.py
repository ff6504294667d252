"""From a file's columns to the API's: which is which, which are left out, and what is wrong with the header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any

from client.errors import ClientError
from client.files.convert import CARD, Convert, converters, stand_in_card, stand_in_text
from client.files.mapping import Reading, names_in, places
from client.files.names import ADDED, OPTIONAL, REQUIRED, api_name, may_be_row_number, plain_name
from client.files.row import Row
from shared.card_numbers.search import digits_of
from shared.transaction.echo import echo
from shared.transaction.schema import IGNORED_SOURCES

Cells = Sequence[str | None]
Maker = Callable[[Cells], str | None]

NULLS = frozenset(
    {"null", "NULL", "Null", "nan", "NaN", "NAN", "NA", "N/A", "n/a", "<NA>", "#N/A", "None", "none", "\\N", "NaT"}
)


class RefusedValueError(ValueError):
    """A value that cannot be converted; the message says why."""

    def __init__(self, value: str, why: str) -> None:
        super().__init__(why)
        self.value = value


@dataclass(frozen=True)
class Plan:
    """What is made of a row. Without `makers` a value is the cell at its index."""

    targets: tuple[str, ...]
    indexes: tuple[int, ...]
    dropped: tuple[str, ...]  # columns that are not sent, as the file names them
    sources: tuple[str, ...]  # of each target, for people
    makers: tuple[Maker, ...] | None = None

    def values(self, row: Row) -> Row:
        """The row with the values of the targets, or with the problem that one of them has."""
        if self.makers is None or row.problem:
            return row
        made: list[str | None] = []
        for target, maker in zip(self.targets, self.makers, strict=True):
            try:
                made.append(maker(row.cells))
            except RefusedValueError as error:
                own = digits_of(self.getter(CARD)(row))
                return row._replace(problem=f"{target}: {echo(error.value, own)} {error}")
        return row._replace(values=made)

    def record(self, row: Row) -> dict[str, str]:
        """The row as the API takes it; columns without a value are left out."""
        if row.values is not None:
            pairs = zip(self.targets, row.values, strict=True)
        else:
            cells = row.cells
            pairs = zip(self.targets, [cells[i] for i in self.indexes], strict=True)
        return {name: value for name, value in pairs if value is not None}

    def getter(self, target: str) -> Callable[[Row], str | None]:
        """Gives one value of a row, also of one that has too few cells; None without such a target."""
        if target not in self.targets:
            return lambda row: None
        at = self.targets.index(target)
        index = self.indexes[at]

        def get(row: Row) -> str | None:
            if row.values is not None:
                return row.values[at]
            return row.cells[index] if 0 <= index < len(row.cells) else None

        def get_cell(row: Row) -> str | None:  # most files, and for every row
            try:
                return row.cells[index]
            except IndexError:
                return None

        return get if self.makers is not None else get_cell


def plan_of(
    columns: Sequence[str], head: Sequence[Row], reading: Reading, file: str, required: Sequence[str] = REQUIRED
) -> Plan:
    """Decide on every column. Raises one ClientError with all problems of the header and how to continue."""
    plain = [plain_name(name) for name in columns]
    made = {**reading.columns, **reading.stand_ins}
    used = {_find(source, columns, plain, file) for text in made.values() for source in names_in(text) or [text]}
    set_by_mapping = made.keys() | reading.constants.keys()
    by_name: dict[str, list[int]] = {}
    for index, name in enumerate(columns):
        target = api_name(name)
        if target and target not in set_by_mapping and index not in used and name not in reading.drop:
            by_name.setdefault(target, []).append(index)
    targets: dict[str, tuple[str, int]] = {target: (columns[found[0]], found[0]) for target, found in by_name.items()}
    dropped, unknown = _others(columns, plain, head, reading, used | {i for found in by_name.values() for i in found})
    for target, text in made.items():
        targets[target] = (text, -1 if names_in(text) else _find(text, columns, plain, file))
    for target, value in reading.constants.items():
        targets[target] = (f'"{value}"', -1)
    _check(targets, by_name, unknown, file, required)
    order = [name for name in (*plain, *targets) if name in targets]
    names = tuple(dict.fromkeys([*(_target_at(i, targets) for i in range(len(columns))), *order]))
    names = tuple(name for name in names if name)
    makers = _makers(names, targets, columns, plain, head, reading, file)
    return Plan(
        names,
        tuple(targets[name][1] for name in names),
        tuple(dropped),
        tuple(targets[name][0] for name in names),
        makers,
    )


def _target_at(index: int, targets: dict[str, tuple[str, int]]) -> str:
    return next((name for name, (_, at) in targets.items() if at == index), "")


def _find(source: str, columns: Sequence[str], plain: Sequence[str], file: str) -> int:
    if source in columns:
        return columns.index(source)
    if plain_name(source) in plain:
        return plain.index(plain_name(source))
    raise ClientError(
        f"{file} has no column {source!r}, which the mapping names. It has {', '.join(map(repr, columns[:40]))}."
    )


def _others(
    columns: Sequence[str], plain: Sequence[str], head: Sequence[Row], reading: Reading, taken: set[int]
) -> tuple[list[str], list[str]]:
    """The columns that are left out, and the ones that nobody knows what to do with."""
    dropped, unknown = [], []
    drop = {plain_name(name) for name in reading.drop} | set(reading.drop)
    for index, name in enumerate(columns):
        if index in taken:
            continue
        wanted = "*" in drop or name in drop or plain[index] in drop
        ignored = name in IGNORED_SOURCES or plain[index] in IGNORED_SOURCES or plain[index] in ADDED
        if (
            ignored
            or wanted
            or (may_be_row_number(name) and _numbers(index, head))
            or (not name.strip() and _empty(index, head))
        ):
            dropped.append(name)
        else:
            unknown.append(name)
    return dropped, unknown


def _empty(index: int, head: Sequence[Row]) -> bool:
    return all(not (row.cells[index] or "").strip() for row in head if index < len(row.cells))


def _numbers(index: int, head: Sequence[Row]) -> bool:
    """Whether a column holds whole numbers, none twice in a row, or nothing: what numbers rows does."""
    found = [row.cells[index] for row in head if row.problem is None and index < len(row.cells)]
    texts = [text.strip() for text in found if text is not None and text.strip()]
    whole = [text[:-2] if text.endswith(".0") else text for text in texts]
    if not all(text.isdecimal() and len(text) < 11 for text in whole):
        return False
    return all(before != after for before, after in pairwise(whole))


def _check(
    targets: dict[str, tuple[str, int]],
    by_name: dict[str, list[int]],
    unknown: Sequence[str],
    file: str,
    required: Sequence[str],
) -> None:
    if not targets:
        example = f"{','.join(REQUIRED[:3])},..."
        raise ClientError(
            f"{file} has no header: its first line must name the columns, as in {example}. If they have other names, "
            f"see `swipeline inspect {file} --suggest`."
        )
    wrong, advice = [], []
    if missing := [name for name in required if name not in targets]:
        wrong.append(f"missing: {', '.join(missing)}")
        advice.append(f"name them with --map {missing[0]}=COLUMN, or see `swipeline inspect {file} --suggest`")
    if unknown:
        more = f" and {len(unknown) - 8} others" if len(unknown) > 8 else ""
        wrong.append(f"unknown: {', '.join(repr(name[:40]) for name in unknown[:8])}{more}")
        shown = " ".join(f"--drop {_quoted(name)}" for name in unknown[:8])
        advice.append(f"leave the unknown ones out with {shown}")
    if twice := sorted(name for name, found in by_name.items() if len(found) > 1):
        wrong.append(f"twice: {', '.join(twice)}")
        advice.append("rename one of the columns that are named twice in the file")
    if wrong:
        hint = f" To continue: {'; '.join(advice)}." if advice else ""
        raise ClientError(
            f"{file}: the columns do not match the transaction schema ({'; '.join(wrong)}).{hint} Nothing was sent."
        )


def _quoted(name: str) -> str:
    return name if name.replace("_", "").isalnum() else f"'{name}'"


def _makers(
    names: Sequence[str],
    targets: dict[str, tuple[str, int]],
    columns: Sequence[str],
    plain: Sequence[str],
    head: Sequence[Row],
    reading: Reading,
    file: str,
) -> tuple[Maker, ...] | None:
    nulls = {
        name for name in names
        if name in OPTIONAL and targets[name][1] >= 0 and _has_nulls(targets[name][1], head)
    }  # fmt: skip
    if reading.plain and not nulls:
        return None
    made: list[Maker] = []
    for name in names:
        if name in reading.constants:
            made.append(_constant(reading.constants[name]))
            continue
        text, index = targets[name]
        take = _cell(index) if index >= 0 else _template(text, columns, plain, file)
        steps: list[Convert] = _stand_in(name) if name in reading.stand_ins else converters(name, reading)
        made.append(_maker(take, steps, reading.defaults.get(name), name in nulls))
    return tuple(made)


def _stand_in(name: str) -> list[Convert]:
    return [stand_in_card if name == CARD else stand_in_text]


def _has_nulls(index: int, head: Sequence[Row]) -> bool:
    return any((row.cells[index] or "").strip() in NULLS for row in head if index < len(row.cells))


def _constant(value: str) -> Maker:
    return lambda cells: value


def _cell(index: int) -> Maker:
    return itemgetter(index)


def _template(text: str, columns: Sequence[str], plain: Sequence[str], file: str) -> Maker:
    parts = [(before, _find(name, columns, plain, file) if name else -1, zeros) for before, name, zeros in places(text)]

    def make(cells: Cells) -> str:
        found = []
        for before, index, zeros in parts:
            found.append(before)
            if index >= 0:
                value = (cells[index] or "").strip()
                found.append(value.zfill(zeros) if zeros else value)
        return "".join(found)

    return make


def _maker(take: Maker, steps: Sequence[Convert], default: str | None, nulls: bool) -> Maker:
    def make(cells: Cells) -> str | None:
        value: Any = take(cells)
        if nulls and value is not None and value.strip() in NULLS:
            return None
        if value is None or not value.strip():
            return default if default is not None else value
        given = value
        try:
            for step in steps:
                value = step(value)
        except ValueError as error:
            raise RefusedValueError(given.strip(), str(error)) from error
        return str(value)

    return make
