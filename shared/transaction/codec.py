"""The wire format of the stream: a record is NDJSON, a line is ``[version, <fields>, <trace>, <later fields>]``.

Versions overlap while a release rolls out, so a reader takes an older line's fields and defaults for the rest, and of a
newer line the fields that it knows. A field's place never changes. Place 26, behind version 1's fields, is the trace
header's (:mod:`shared.transaction.trace`), so that no later field is where an older line has its trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
from pydantic_core import ValidationError

from shared.transaction.engine import LINE
from shared.transaction.schema import FIELDS, SCHEMA_VERSION, Transaction
from shared.transaction.trace import is_trace

TRACE_AT = 1 + sum(field.since == 1 for field in FIELDS)
PLACES = tuple(at if at < TRACE_AT else at + 1 for at in range(1, len(FIELDS) + 1))  # of each field in a line
_KEY_AT = 1 + Transaction._fields.index("card_key_id")
_FIRST_KEY = "1"
_NEWEST = 2**15 - 1  # schema_version is a SMALLINT in the warehouse
# Fields of a line by its version; of a newer one, those that are known.
_COUNTS = [sum(field.since <= version for field in FIELDS) for version in range(SCHEMA_VERSION + 1)]
_DEFAULTS = tuple(field.default for field in FIELDS)


class BadLine(NamedTuple):
    """A line that no retry can fix: its original bytes (without the newline) and why."""

    data: bytes
    reason: str


def encode_record(transactions: Iterable[Transaction]) -> bytes:
    """Encode transactions as one Kinesis record: one line each, all ending in a newline (Firehose adds none)."""
    return b"".join([encode_line(transaction) for transaction in transactions])


def encode_line(transaction: Transaction) -> bytes:
    """Encode one transaction as one line, its newline included."""
    line: list[Any] = [SCHEMA_VERSION, *transaction]
    if len(line) > TRACE_AT:
        line.insert(TRACE_AT, None)
    return orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)  # str: of Decimals


def with_trace(line: bytes, header: str) -> bytes:
    """Add a trace header to an encoded line."""
    values = orjson.loads(line)
    values[TRACE_AT : TRACE_AT + 1] = [header]
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


def split_record(data: bytes) -> list[bytes]:
    """Give a Kinesis record's lines, without their newlines; at least one.

    An empty record or line is a line too, and a bad one, so that nothing that was on the stream vanishes without a
    trace; but a record may begin with a newline, as ours do (:mod:`shared.stream.records`).
    """
    lines = (data[1:] if data[:1] == b"\n" and len(data) > 1 else data).split(b"\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def decode_record(data: bytes) -> list[Transaction | BadLine]:
    """Decode a Kinesis record; never raises. A bad line does not touch its neighbors."""
    return [decode_line(line) for line in split_record(data)]


def decode_line(line: bytes) -> Transaction | BadLine:
    """Decode a line of any version; never raises. A decoded Transaction is canonical: no store refuses it.

    Reasons name fields, never their values.
    """
    try:
        return Transaction._make(LINE.validate_python(_fields(orjson.loads(line))))
    except ValidationError as error:
        where = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return BadLine(line, f"{FIELDS[int(where['loc'][0])].name} is not in its canonical form ({where['type']})")
    except ValueError as error:
        return BadLine(line, str(error) if line else "the line is empty")


def trace_of(record: bytes) -> str | None:
    """Give the trace header that a record's first line carries, or None."""
    end = record.find(b"\n", 1)
    line = record if end < 0 else record[:end]
    if b'"Root=1-' not in line:  # nearly all records, at once
        return None
    try:
        found = [value for value in orjson.loads(line)[TRACE_AT - 1 : TRACE_AT + 1] if isinstance(value, str)]
    except (ValueError, TypeError, KeyError):
        return None
    return next(filter(is_trace, found), None)


def _fields(line: Any) -> list[Any]:
    """Give today's fields of a parsed line, or raise ValueError."""
    if type(line) is not list:
        raise ValueError("the line is not a JSON array")
    if not line or type(line[0]) is not int or not 1 <= line[0] <= _NEWEST:
        raise ValueError(f"the first element is not the version of a schema, a number from 1 to {_NEWEST}")
    newer = line[0] > SCHEMA_VERSION
    if line[0] == 1:
        _upgrade_first(line)
    count = _COUNTS[min(line[0], SCHEMA_VERSION)]
    expected = count + 1 if count < TRACE_AT else count + 2
    if len(line) < expected or (not newer and len(line) > max(expected, TRACE_AT + 1)):
        raise ValueError(f"the line has {len(line)} elements, expected {expected}")
    trace = line[TRACE_AT] if len(line) > TRACE_AT else None
    empty = trace is None and len(line) != TRACE_AT + 1  # a place that nothing is behind is there for a trace alone
    if not newer and not empty and not (isinstance(trace, str) and is_trace(trace)):
        raise ValueError(f"element {TRACE_AT} is not a trace header")
    fields = line[1:TRACE_AT] + line[TRACE_AT + 1 : expected]
    return fields + list(_DEFAULTS[count:]) if count < len(_DEFAULTS) else fields


def _upgrade_first(line: list[Any]) -> None:
    """Bring a line of version 1 from before card_key_id up to those with it: the first key was the only one."""
    has_trace = isinstance(line[-1], str) and bool(is_trace(line[-1]))
    if len(line) - has_trace == TRACE_AT - 1:
        line.insert(_KEY_AT, _FIRST_KEY)
