"""The wire format of the stream: a record is NDJSON, a line is ``[1, <the fields of a Transaction in order>]``.

A record's first line may have one element more: a trace header (:mod:`shared.transaction.trace`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from shared.transaction.card_keys import KEY_ID
from shared.transaction.schema import DATE_FORM, FIELDS, MAX_INTEGER, SCHEMA_VERSION, YEAR_FORM, Transaction
from shared.transaction.text import UNSTORABLE
from shared.transaction.trace import is_trace

_ARITY = len(FIELDS) + 1

# Position in a line (0 is the version) of each field.
_AT = {field.name: index for index, field in enumerate(FIELDS, 1)}
_AMOUNT, _TIME, _BORN = _AT["amount"], _AT["occurred_at"], _AT["date_of_birth"]
_POPULATION, _LABEL = _AT["city_population"], _AT["is_fraud"]
_DEGREES = tuple(
    (_AT[name], limit)
    for name, limit in (("latitude", 90), ("longitude", 180), ("merchant_latitude", 90), ("merchant_longitude", 180))
)

# The forms of the fields that are strings on the wire. The other texts are free: up to their limit, trimmed, storable.
_FORMS = {
    "transaction_id": "[A-Za-z0-9_-]{1,64}",
    "occurred_at": DATE_FORM + r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z",
    "card_id": "[0-9a-f]{32}",
    "card_key_id": KEY_ID,
    "card_last4": "[0-9]{4}",
    "customer_id": "[0-9a-f]{16}",
    "merchant_id": "[0-9a-f]{16}",
    "amount": r"(?:0|[1-9][0-9]{0,9})\.[0-9]{2}",
    "gender": "[FM]",
    "state": "[A-Z]{2}",
    "zip": "[0-9]{5}",
    "date_of_birth": DATE_FORM,
}
_FREE = {f.name: f.max_length for f in FIELDS if f.max_length and f.name not in _FORMS}
_STRINGS = tuple(f.name for f in FIELDS if f.name in _FORMS or f.name in _FREE)
_take_strings = itemgetter(*(_AT[name] for name in _STRINGS))
_ASCII_FORMS = {name: rf"[!-~](?:[ -~]{{0,{limit - 2}}}[!-~])?" for name, limit in _FREE.items()}
_ANY_FORMS = {name: rf"(?!\s)[^{UNSTORABLE}]{{1,{limit}}}(?<!\s)" for name, limit in _FREE.items()}


def _joined(free: dict[str, str]) -> re.Pattern[str]:
    forms = _FORMS | free
    return re.compile("\n".join(forms[name] for name in _STRINGS))


# All strings, joined by newlines, are matched at once: several times faster than a check per field. Most are ASCII.
_MATCH_ASCII = _joined(_ASCII_FORMS).fullmatch
_MATCH_ANY = _joined(_ANY_FORMS).fullmatch


def _line_form() -> re.Pattern[bytes]:
    """The form of nearly every line: ASCII, nothing escaped, numbers as orjson writes them.

    One match of it spares every check. It takes nothing that the checks of :func:`_transaction` would not; a line of
    another form, such as one with a 29th of February, goes through those. Its groups are the fields' JSON, in order.
    """
    to_28th = "(?:0[1-9]|1[0-2])-(?:[01][1-9]|[12]0|2[1-8])"
    days = f"{YEAR_FORM}-(?:{to_28th}|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    plain = {
        name: form.replace("[!-~]", "[!#-[\\]-~]").replace("[ -~]", "[ !#-[\\]-~]")
        for name, form in _ASCII_FORMS.items()
    }
    strings = {name: f'"(?:{form.replace(DATE_FORM, days)})"' for name, form in (_FORMS | plain).items()}
    below = {90: "[1-8]?[0-9]", 180: "(?:[1-9]?[0-9]|1[0-7][0-9])"}
    degrees = {FIELDS[at - 1].name: rf"-?{below[limit]}\.[0-9]{{1,6}}" for at, limit in _DEGREES}
    others = {"city_population": "(?:0|[1-9][0-9]{0,8})", "is_fraud": "(?:true|false|null)"}
    forms = strings | degrees | others
    return re.compile(rf"\[{SCHEMA_VERSION},{','.join(f'({forms[f.name]})' for f in FIELDS)}\]".encode())


_MATCH_LINE = _line_form().fullmatch


class BadLine(NamedTuple):
    """A line that no retry can mend: its original bytes (without the newline) and why."""

    data: bytes
    reason: str


def encode_record(transactions: Iterable[Transaction]) -> bytes:
    """Encode transactions as one Kinesis record: one line each, all ending in a newline (Firehose adds none)."""
    return b"".join([encode_line(transaction) for transaction in transactions])


def encode_line(transaction: Transaction) -> bytes:
    """Encode one transaction as one line, its newline included."""
    values: list[Any] = [SCHEMA_VERSION, *transaction]
    values[_AMOUNT] = str(transaction.amount)
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


def split_record(data: bytes) -> list[bytes]:
    """Give a Kinesis record's lines, without their newlines; at least one.

    An empty record or line is a line too, and a bad one, so that nothing that was on the stream vanishes without a
    trace; but a record may begin with a newline, as ours do (:mod:`shared.ingest.records`).
    """
    lines = (data[1:] if data[:1] == b"\n" and len(data) > 1 else data).split(b"\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def decode_record(data: bytes) -> list[Transaction | BadLine]:
    """Decode a Kinesis record; never raises. A bad line does not touch its neighbours."""
    return [decode_line(line) for line in split_record(data)]


def decode_line(line: bytes) -> Transaction | BadLine:
    """Decode a line; never raises. A decoded Transaction is canonical: no store refuses it.

    Reasons name fields, never their values.
    """
    try:
        return _plain_transaction(line) if _MATCH_LINE(line) else _transaction(orjson.loads(line))
    except ValueError as error:
        return BadLine(line, str(error) if line else "the line is empty")


def field_texts(line: bytes) -> tuple[bytes, ...] | None:
    """Give each field's JSON as it stands in a line of the usual form, which leaves nothing to check; else None."""
    match = _MATCH_LINE(line)
    return match.groups() if match else None


def _plain_transaction(line: bytes) -> Transaction:
    """Build a Transaction from a line of the usual form, which leaves nothing to check."""
    values = orjson.loads(line)
    values[_AMOUNT] = Decimal(values[_AMOUNT])
    return Transaction._make(values[1:])


def _transaction(values: Any) -> Transaction:
    """Build a Transaction from a parsed line, or raise ValueError."""
    if type(values) is not list:
        raise ValueError("the line is not a JSON array")
    if not values or type(values[0]) is not int or values[0] != SCHEMA_VERSION:
        raise ValueError(f"the first element is not the schema version {SCHEMA_VERSION}")
    if len(values) == _ARITY + 1 and isinstance(values[-1], str) and is_trace(values[-1]):
        values.pop()
    if len(values) != _ARITY:
        raise ValueError(f"the line has {len(values)} elements, expected {_ARITY}")
    _check_strings(values)
    for at, limit in _DEGREES:
        value = values[at]
        if type(value) is not float or not -limit <= value <= limit or round(value, 6) != value:
            raise ValueError(f"{FIELDS[at - 1].name} is not a decimal number within {limit} degrees and 6 decimals")
    population = values[_POPULATION]
    if type(population) is not int or not 0 <= population <= MAX_INTEGER:
        raise ValueError(f"city_population is not an integer from 0 to {MAX_INTEGER}")
    if values[_LABEL] is not None and type(values[_LABEL]) is not bool:
        raise ValueError("is_fraud is not true, false or null")
    values[_AMOUNT] = Decimal(values[_AMOUNT])
    return Transaction._make(values[1:])


def _check_strings(values: list[Any]) -> None:
    strings = _take_strings(values)
    try:
        joined = "\n".join(strings)
    except TypeError:
        joined = ""
    if _MATCH_ASCII(joined) is None and _MATCH_ANY(joined) is None:
        raise ValueError(_malformed(strings))
    _check_days(values)


def _check_days(values: list[Any]) -> None:
    for at in (_TIME, _BORN):
        try:
            date.fromisoformat(values[at][:10])
        except ValueError:
            raise ValueError(f"{FIELDS[at - 1].name} is a day that does not exist") from None


def _malformed(strings: tuple[Any, ...]) -> str:
    forms = _FORMS | _ANY_FORMS
    for name, value in zip(_STRINGS, strings, strict=True):
        if not isinstance(value, str):
            return f"{name} is not a string"
        if re.fullmatch(forms[name], value) is None:
            return f"{name} is empty, too long, or not in its canonical form"
    return "a string is not in its canonical form"
