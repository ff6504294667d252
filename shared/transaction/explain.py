"""Why a row was refused: the slow second pass, which finds everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.transaction.cards import holds_card_number, holds_number, plain
from shared.transaction.echo import as_text, echo, kind
from shared.transaction.forms import TEXT_COLUMNS
from shared.transaction.moments import utc
from shared.transaction.reasons import REASONS, SHAPES
from shared.transaction.reasons_text import TEXT_REASONS
from shared.transaction.schema import FIELDS, IGNORED_SOURCES, OPTIONAL_SOURCES, REQUIRED_SOURCES

_COLUMNS = tuple(field.source for field in FIELDS if field.source)
_KNOWN = frozenset(_COLUMNS) | IGNORED_SOURCES
_MOST_UNKNOWN = 20  # a row may bring thousands of columns; the answer need not
_ALL_REASONS = REASONS | TEXT_REASONS


def explain(raw: Any, today: str, malformed: Iterable[str] = ()) -> list[tuple[str, str]]:
    """List every finding of a refused row as (column, reason); at least one.

    ``today`` (2026-11-24) bounds dates of birth. ``malformed`` names the columns that the model refused: each of them
    gets a reason, if need be only the form that would be right.
    """
    if not isinstance(raw, Mapping):
        return [("row", f"is {kind(raw)}: right is an object with the columns as properties")]
    if not _KNOWN & set(raw):
        return [("row", f"holds no known column, so is a header line missing? The columns are {', '.join(_COLUMNS)}")]
    found = [*_column_findings(raw)]
    wrong: dict[str, str] = {}
    for column in _COLUMNS:
        reason = _value_reason(column, raw)
        if reason is None and column in malformed and column in raw:
            reason = f"is {echo(raw[column])}: right is {SHAPES[column]}"
        if reason is not None:
            wrong[column] = reason
    for column, reason in (*_date_findings(raw, today, wrong), *_card_findings(raw, wrong)):
        wrong.setdefault(column, reason)
    found += sorted(wrong.items(), key=lambda finding: _COLUMNS.index(finding[0]))
    return found or [("row", "a value is not in the form that the API describes")]


def _column_findings(raw: Mapping[Any, Any]) -> Iterable[tuple[str, str]]:
    for column in REQUIRED_SOURCES:
        if column not in raw:
            yield column, f"the column is missing: right is {SHAPES[column]}"
    unknown = [column for column in raw if column not in _KNOWN]
    for column in unknown[:_MOST_UNKNOWN]:
        name = echo(column).strip('"')
        if column is None:
            yield "row", "has more values than the header has columns: is a text with a comma not quoted?"
        elif isinstance(column, str) and column.lstrip("\ufeff").strip() in _KNOWN:
            yield name, "has a byte order mark or white space in its name: read the file as utf-8-sig, and trim"
        else:
            yield name, f"is no column of a transaction; those are {', '.join(_COLUMNS)}"
    if len(unknown) > _MOST_UNKNOWN:
        yield "row", f"has {len(unknown)} unknown columns"


def _value_reason(column: str, raw: Mapping[str, Any]) -> str | None:
    if column not in raw:
        return None
    value = raw[column]
    if value is None or (isinstance(value, str) and not value.strip()):
        return None if column in OPTIONAL_SOURCES else f"is empty: right is {SHAPES[column]}"
    if column == "is_fraud":
        return _ALL_REASONS[column](value)
    text = as_text(value)
    if text is None or (not isinstance(value, str) and column in TEXT_REASONS):
        return f"is {kind(value)}: right is {SHAPES[column]}"
    return _ALL_REASONS[column](text.strip())


def _date_findings(raw: Mapping[str, Any], today: str, wrong: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    born, occurred = (as_text(raw.get(column)) or "" for column in ("dob", "trans_date_trans_time"))
    born = born.strip()
    if born > today:
        yield "dob", f"{echo(born)} is in the future"
    if "trans_date_trans_time" in wrong:
        return
    try:
        day = utc(occurred.strip())[:10]
    except OverflowError:
        yield "trans_date_trans_time", "is beyond the year 9999 in UTC"
    except ValueError:
        return  # the column is missing
    else:
        if born > day:
            yield "dob", f"{echo(born)} is after the transaction, which was on {day} in UTC"


def _card_findings(raw: Mapping[str, Any], wrong: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    own = plain((as_text(raw.get("cc_num")) or "").strip())
    own = own if own.isdecimal() and len(own) >= 11 else ""
    for column in (*TEXT_COLUMNS, "trans_num"):
        text = "" if column in wrong else as_text(raw.get(column)) or ""
        if holds_card_number(text, own) if column in TEXT_COLUMNS else own and holds_number(text, own):
            yield column, "holds a card number: send it in cc_num only, no store may keep it"
