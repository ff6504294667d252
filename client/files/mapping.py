"""A mapping: how a file's columns become the API's. From options, or from FILE.swipeline.toml beside the file."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from client.errors import ClientError
from client.files.names import SENT
from shared.transaction.schema import SOURCES

SUFFIX = ".swipeline.toml"
UNITS = ("dollars", "cents")
ORDERS = ("day-first", "month-first", "year-first")
_TEXTS = ("encoding", "delimiter", "sheet", "time_zone", "amount_unit", "dates")
_FLAGS = ("decimal_comma", "accept_rounded_card_numbers")
_TABLES = ("columns", "constants", "stand_ins", "defaults", "formats")
_PLACE = re.compile(r"\{([^{}:]+)(?::(\d+))?\}")


@dataclass(frozen=True)
class Reading:
    """How to read a file. Empty: as it is, with the API's own names."""

    columns: dict[str, str] = field(default_factory=dict)  # API column -> column, or text with {column} in it
    constants: dict[str, str] = field(default_factory=dict)  # API column -> the value of every row
    stand_ins: dict[str, str] = field(default_factory=dict)  # cc_num, merchant -> text with {column}: made from it
    defaults: dict[str, str] = field(default_factory=dict)  # API column -> what an empty cell becomes
    formats: dict[str, str] = field(default_factory=dict)  # date column -> format of strptime
    values: dict[str, dict[str, str]] = field(default_factory=dict)  # API column -> value in the file -> value
    drop: tuple[str, ...] = ()  # columns to leave out; * for all that are not used
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    dates: str | None = None  # day-first, month-first or year-first
    time_zone: str | None = None  # of times without one; UTC if not given
    amount_unit: str | None = None  # dollars, or cents
    decimal_comma: bool = False
    accept_rounded_card_numbers: bool = False

    def __post_init__(self) -> None:
        for name in _TABLES:
            for column in getattr(self, name):
                if column not in SENT:
                    raise ClientError(
                        f"{column!r} is not a column of a transaction. Those are {', '.join(sorted(SENT))}."
                    )
        if self.amount_unit not in (None, *UNITS):
            raise ClientError(f"amount_unit: expected dollars or cents, got {self.amount_unit!r}.")
        if self.dates not in (None, *ORDERS):
            raise ClientError(f"dates: expected {', '.join(ORDERS)}, got {self.dates!r}.")
        if self.time_zone is not None:
            try:
                ZoneInfo(self.time_zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ClientError(f"Unknown time zone {self.time_zone!r}. Expected e.g. America/New_York.") from None
        if self.delimiter is not None:
            shown = {"tab": "\t", "\\t": "\t", "space": " "}.get(self.delimiter, self.delimiter)
            if len(shown) != 1:
                raise ClientError(f"delimiter: expected one character, or tab; got {self.delimiter!r}.")
            object.__setattr__(self, "delimiter", shown)

    @property
    def plain(self) -> bool:
        """Whether the file's own names and values are taken as they are."""
        return self == replace(
            Reading(), encoding=self.encoding, delimiter=self.delimiter, sheet=self.sheet, drop=self.drop,
            accept_rounded_card_numbers=self.accept_rounded_card_numbers,
        )  # fmt: skip

    @property
    def absent(self) -> frozenset[str]:
        """The fields of a transaction that the file lacks: a constant says nothing of a row."""
        return frozenset(SOURCES[column].name for column in self.constants if column in SOURCES)

    def sources(self) -> set[str]:
        """The file's columns that the mapping names."""
        found = set(self.drop) - {"*"}
        for text in (*self.columns.values(), *self.stand_ins.values()):
            found |= set(names_in(text)) or {text}
        return found

    def fingerprint(self) -> str:
        """The same for mappings that make the same values."""
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        return json.dumps(kept, sort_keys=True)

    def over(self, base: Reading) -> Reading:
        """This reading on top of another: what this one says counts."""
        made: dict[str, Any] = {}
        for one in fields(self):
            mine, other = getattr(self, one.name), getattr(base, one.name)
            if isinstance(mine, dict):
                made[one.name] = other | mine
            elif isinstance(mine, tuple):
                made[one.name] = tuple(dict.fromkeys((*other, *mine)))
            else:
                made[one.name] = mine or other
        return Reading(**made)

    def toml(self) -> str:
        """The mapping as a file says it."""
        lines = []
        for one in fields(self):
            value = getattr(self, one.name)
            if value and not isinstance(value, dict):
                lines.append(f"{one.name} = {_toml(list(value) if isinstance(value, tuple) else value)}")
        for name in _TABLES:
            if table := getattr(self, name):
                lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
        for column, values in self.values.items():
            lines += ["", f"[values.{column}]", *(f"{_toml(key)} = {_toml(value)}" for key, value in values.items())]
        return "\n".join(lines).strip() + "\n"


def names_in(text: str) -> list[str]:
    """The columns in a text with {column} in it."""
    return [match[1] for match in _PLACE.finditer(text)]


def places(text: str) -> list[tuple[str, str, int]]:
    """The parts of such a text: (text before, column, digits to fill up with zeros), the last with column ''."""
    found, at = [], 0
    for match in _PLACE.finditer(text):
        found.append((text[at : match.start()], match[1], int(match[2] or 0)))
        at = match.end()
    return [*found, (text[at:], "", 0)]


def parse_pairs(pairs: Iterable[str]) -> dict[str, str]:
    """``amt=amount_usd,dob=born`` as a dictionary. Raises ClientError."""
    found: dict[str, str] = {}
    for text in pairs:
        for pair in text.split(","):
            column, equals, source = pair.partition("=")
            if not equals or not source.strip():
                raise ClientError(f"--map: expected COLUMN=NAME, e.g. --map amt=amount_usd; got {pair!r}.")
            found[column.strip()] = source.strip()
    return found


def load(path: Path) -> Reading:
    """Read a mapping file. Raises ClientError for one that is not TOML, or has a key that no mapping has."""
    try:
        return parse(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ClientError(f"Cannot read the mapping {path}: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ClientError(f"The mapping {path} is not TOML: {error}.") from error
    except ClientError as error:
        raise ClientError(f"The mapping {path}: {error}") from error


def parse(content: Mapping[str, Any]) -> Reading:
    """Make a reading from a mapping file's content. Raises ClientError."""
    made: dict[str, Any] = {}
    for key, value in content.items():
        if key in _TABLES and isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
            made[key] = dict(value)
        elif key == "values" and isinstance(value, dict) and all(isinstance(one, dict) for one in value.values()):
            made[key] = {column: {k: str(v) for k, v in one.items()} for column, one in value.items()}
        elif key == "drop" and isinstance(value, list) and all(isinstance(one, str) for one in value):
            made[key] = tuple(value)
        elif (key in _TEXTS and isinstance(value, str)) or (key in _FLAGS and isinstance(value, bool)):
            made[key] = value
        else:
            known = ", ".join((*_TABLES, "values", "drop", *_TEXTS, *_FLAGS))
            raise ClientError(f"{key!r} is unknown or of another type. Known are {known}.")
    return Reading(**made)


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # JSON's strings, booleans and arrays of strings are TOML's
