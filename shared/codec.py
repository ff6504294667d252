"""The wire format of the stream: a record is NDJSON, a line is ``[1, <the fields of a Transaction in order>]``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import orjson

from shared.schema import SCHEMA_VERSION, Transaction

_ARITY = len(Transaction._fields) + 1

# Every text value in order, joined by newlines and matched at once: one regular expression is several times faster
# than a check per field. DATE and TIME are only shaped here; that they exist is checked by date.fromisoformat.
_DATE = r"(?:19|[2-9][0-9])[0-9]{2}-[01][0-9]-[0-3][0-9]"
_TIME = _DATE + r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
# What JSON, DynamoDB or Redshift's COPY refuse in text: controls, line separators, surrogates, noncharacters
# (https://docs.aws.amazon.com/redshift/latest/dg/multi-byte-character-load-errors.html).
_NONCHARACTERS = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
UNSTORABLE = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef" + _NONCHARACTERS


def _text(limit: int) -> str:
    return rf"(?!\s)[^{UNSTORABLE}]{{1,{limit}}}(?<!\s)"


_TEXTS = re.compile(
    "\n".join(
        (
            "[A-Za-z0-9_-]{1,64}",  # transaction_id
            _TIME,  # occurred_at
            "[0-9a-f]{32}",  # card_id
            "[0-9]{4}",  # card_last4
            "[0-9a-f]{16}",  # customer_id
            "[0-9a-f]{16}",  # merchant_id
            _text(100),  # merchant
            _text(50),  # category
            r"(?:0|[1-9][0-9]{0,9})\.[0-9]{2}",  # amount
            _text(100),  # first_name
            _text(100),  # last_name
            "[FM]",  # gender
            _text(200),  # street
            _text(100),  # city
            "[A-Z]{2}",  # state
            "[0-9]{5}",  # zip
            _text(100),  # job
            _DATE,  # date_of_birth
        )
    )
)
_MAX_INTEGER = 2**31 - 1


class BadLine(NamedTuple):
    """A line that no retry can mend: its original bytes (without the newline) and why."""

    data: bytes
    reason: str


def encode_record(transactions: Iterable[Transaction]) -> bytes:
    """Encode transactions as one Kinesis record: one line each, all ending in a newline (Firehose adds none)."""
    return b"".join([encode_line(transaction) for transaction in transactions])


def encode_line(transaction: Transaction) -> bytes:
    """Encode one transaction as one line, its newline included."""
    values = [SCHEMA_VERSION, *transaction]
    values[9] = str(transaction.amount)
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


def decode_record(data: bytes) -> list[Transaction | BadLine]:
    """Decode a Kinesis record; never raises. A bad line does not touch its neighbours.

    An empty record or line is a bad line too: nothing that was on the stream vanishes without a trace.
    """
    lines = data.split(b"\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return [_decode_line(line) for line in lines]


def _decode_line(line: bytes) -> Transaction | BadLine:
    try:
        return _checked(orjson.loads(line))
    except ValueError as error:
        return BadLine(line, str(error))


def _checked(values: object) -> Transaction:
    """Build a Transaction from a parsed line, or raise ValueError. A reason names fields, never their values."""
    if type(values) is not list:
        raise ValueError("not a JSON array")
    if not values or type(values[0]) is not int or values[0] != SCHEMA_VERSION:
        raise ValueError(f"the first element is not the schema version {SCHEMA_VERSION}")
    if len(values) != _ARITY:
        raise ValueError(f"{len(values)} elements, expected {_ARITY}")
    try:
        if _TEXTS.fullmatch("\n".join([*values[1:17], values[20], values[21]])) is None:
            raise ValueError("a text is missing, too long, or not in its canonical form")
    except TypeError:
        raise ValueError("a text is not a string") from None
    date.fromisoformat(values[2][:10])
    date.fromisoformat(values[21])
    _check_coordinates(values)
    population = values[19]
    if type(population) is not int or not 0 <= population <= _MAX_INTEGER:
        raise ValueError("city_population is not an integer of 0 to 2147483647")
    is_fraud = values[24]
    if is_fraud is not None and type(is_fraud) is not bool:
        raise ValueError("is_fraud is not true, false or null")
    values[9] = Decimal(values[9])
    return Transaction._make(values[1:])


def _check_coordinates(values: list) -> None:
    for index, limit in ((17, 90), (18, 180), (22, 90), (23, 180)):
        value = values[index]
        if type(value) is not float:
            raise ValueError(f"{Transaction._fields[index - 1]} is not a number with decimals")
        if not -limit <= value <= limit or round(value, 6) != value:
            raise ValueError(f"{Transaction._fields[index - 1]} is off the globe or has more than 6 decimals")
