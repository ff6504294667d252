"""Why a row was refused: everything that is wrong with it, in words for the sender."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.card_numbers.search import holds_card_number, holds_number
from shared.transaction.echo import as_text, echo, kind
from shared.transaction.engine import ONE_COLUMN
from shared.transaction.kinds import BLANKS
from shared.transaction.schema import FIELDS, IGNORED_SOURCES, SOURCES

_KNOWN = SOURCES.keys() | IGNORED_SOURCES
_MOST_UNKNOWN = 20  # a row may bring thousands of columns; the answer need not
_FREE_TEXTS = [field for field in FIELDS if field.source and field.kind.is_free_text]
_HOLDS_NUMBER = "holds a card number: send it in cc_num only, no store may keep it"
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}").match
Findings = list[tuple[str, str]]


def contradictions(values: Mapping[str, Any], today: str) -> Findings:
    """List what is wrong with a row's values together, as (column, reason), each of them right by itself.

    ``values`` are by field name, canonical but for card_id, the card number; some may be missing. ``today``
    (2026-11-24) bounds dates of birth.
    """
    found: Findings = []
    born, occurred_at = values.get("date_of_birth", ""), values.get("occurred_at", "")
    if born > today:
        found.append(("dob", f"{echo(born)} is in the future"))
    elif occurred_at and born > occurred_at[:10]:
        found.append(("dob", f"{echo(born)} is after the transaction, which was on {occurred_at[:10]} in UTC"))
    number, identifier = values.get("card_id", ""), values.get("transaction_id")
    texts = [values.get(field.name) or "" for field in _FREE_TEXTS]
    if holds_card_number("\n".join(texts), number):
        for field, text in zip(_FREE_TEXTS, texts, strict=True):
            if holds_card_number(text, number):
                found.append((str(field.source), _HOLDS_NUMBER))
    if identifier and holds_number(identifier, number):
        found.append(("trans_num", _HOLDS_NUMBER))
    return found


def explain(raw: Any, today: str) -> Findings:
    """List every finding of a row that the engine refused, as (column, reason); at least one."""
    if not isinstance(raw, Mapping):
        return [("row", f"is {kind(raw)}: expected an object with the columns as properties")]
    if not _KNOWN & set(raw):
        return [("row", f"has no known column; is a header line missing? The columns are {', '.join(SOURCES)}")]
    found = _unknown(raw)
    good: dict[str, Any] = {}
    for column, field in SOURCES.items():
        if column in raw or not field.optional:
            try:
                good |= ONE_COLUMN.validate_python({column: raw[column]})
            except (ValueError, KeyError):
                found.append((column, _reason(column, raw)))
    return found + contradictions(good, today)


def _reason(column: str, raw: Mapping[str, Any]) -> str:
    field = SOURCES[column]
    if column not in raw:
        return f"the column is missing: {field.hint}"
    value = raw[column]
    text = as_text(value)
    if value is None or (text is not None and not text.strip(BLANKS)):
        return f"is empty: {field.hint}"
    if not field.accepted.any_type and (text is None or not (isinstance(value, str) or field.accepted.numbers)):
        return f"is {kind(value)}: {field.hint}"
    says = field.accepted.why(value if text is None else text.strip(BLANKS)) or "is not valid"
    shown = echo(value)
    if text and field.accepted.is_day and (day := _DAY(text.strip(BLANKS))):  # a time has too many digits to be shown
        shown = echo(day[0])
    reason = says.removesuffix(".") if field.kind.is_free_text else f"{shown} {says.removesuffix('.')}"
    return reason if says.endswith(".") else f"{reason}{';' if ': ' in says else ':'} {field.hint}"


def _unknown(raw: Mapping[Any, Any]) -> Findings:
    unknown = [column for column in raw if column not in _KNOWN]
    found: Findings = []
    for column in unknown[:_MOST_UNKNOWN]:
        name = echo(column).strip('"')
        if column is None:
            found.append(("row", "has more values than the header has columns: is a text with a comma not quoted?"))
        elif isinstance(column, str) and column.lstrip("\ufeff").strip() in _KNOWN:
            says = "has a byte order mark or white space in its name: read the file as utf-8-sig, and trim"
            found.append((name, says))
        else:
            found.append((name, f"unknown column: expected {', '.join(SOURCES)}"))
    if len(unknown) > _MOST_UNKNOWN:
        found.append(("row", f"has {len(unknown)} unknown columns"))
    return found
