"""The wire format: what a record looks like, and which lines are refused."""

from __future__ import annotations

import itertools
import json
from datetime import date
from decimal import Decimal

import orjson
import pytest

from shared.transaction.codec import TRACE_AT, BadLine, decode_record, encode_line, encode_record
from shared.transaction.schema import FIELDS, Transaction
from tests.rows import parse

TRANSACTION = parse()
LINE = encode_line(TRANSACTION)


def line_with(**changes) -> bytes:
    """Give the good line with some fields set to any JSON value."""
    values = [1, *TRANSACTION[: TRACE_AT - 1]]
    values[Transaction._fields.index("amount") + 1] = str(TRANSACTION.amount)
    for name, value in changes.items():
        values[Transaction._fields.index(name) + 1] = value
    return json.dumps(values).encode()


def test_a_line_is_the_version_and_the_fields_in_order():
    assert LINE.endswith(b"\n")
    assert LINE.count(b"\n") == 1
    version, *values = orjson.loads(LINE)
    assert version == 1
    assert values == [str(value) if isinstance(value, Decimal) else value for value in TRANSACTION[: TRACE_AT - 1]]


def test_a_correction_makes_a_line_of_the_version_that_brought_it_and_comes_back_whole():
    correction = TRANSACTION._replace(corrected_at="2026-11-30T12:00:00.000Z", corrected_by="operations")
    line = encode_line(correction)
    assert orjson.loads(line)[0] == 2
    assert decode_record(line) == [correction]


def test_a_record_has_a_line_per_transaction_and_ends_in_a_newline():
    other = TRANSACTION._replace(transaction_id="other", is_fraud=None)
    record = encode_record([TRANSACTION, other])
    assert record == encode_line(TRANSACTION) + encode_line(other)
    assert decode_record(record) == [TRANSACTION, other]


def test_decoding_gives_the_same_types_back():
    (decoded,) = decode_record(LINE)
    assert list(map(type, decoded)) == list(map(type, TRANSACTION))
    assert str(decoded.amount) == "41.07"


def test_a_missing_final_newline_is_forgiven():
    assert decode_record(LINE.rstrip(b"\n")) == [TRANSACTION]
    assert decode_record(LINE + LINE.rstrip(b"\n")) == [TRANSACTION, TRANSACTION]


def test_a_record_may_begin_with_a_newline_and_only_with_one():
    assert decode_record(b"\n" + LINE) == [TRANSACTION]
    assert decode_record(b"\n\n" + LINE) == [BadLine(b"", "the line is empty"), TRANSACTION]


def test_good_lines_survive_beside_bad_ones_which_keep_their_bytes():
    bad = b'\xff\x00{"not": ours}\r'
    decoded = decode_record(LINE + bad + b"\n" + LINE)
    assert [decoded[0], decoded[2]] == [TRANSACTION, TRANSACTION]
    assert isinstance(decoded[1], BadLine)
    assert decoded[1].data == bad


@pytest.mark.parametrize("record", [b"", b"\n"])
def test_an_empty_record_does_not_vanish(record):
    assert decode_record(record) == [BadLine(b"", "the line is empty")]


def test_an_empty_line_does_not_vanish():
    assert decode_record(LINE + b"\n" + LINE)[1] == BadLine(b"", "the line is empty")


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"not json",
        b"null",
        b"1",
        b"{}",
        b"[]",
        b"[1]",
        b'"text"',
        b"[" * 100_000,
        b"[" * 500 + b"]" * 500,
        b'{"a":' * 100_000,
        b"1" * 100_000,
        LINE[:-2],
        LINE.strip() + b",",
        LINE.strip() + LINE.strip(),
        LINE.replace(b"[1,", b"[1.0,", 1).strip(),
        LINE.replace(b"[1,", b"[true,", 1).strip(),
        LINE.replace(b"[1,", b'["1",', 1).strip(),
        LINE.strip()[:-1] + b",null]",
        LINE.strip().replace(b"42.3803", b"NaN"),
        LINE.strip().replace(b"42.3803", b"1e999"),
        LINE.strip().replace(b"Ada", b"A\x00a"),
        LINE.strip().replace(b"Ada", b"A\\ud800a"),
        LINE.strip().replace(b"Ada", b"A\xed\xa0\x80a"),
        LINE.strip().replace(b"105162", b"9" * 5000),
    ],
)
def test_bytes_that_are_no_line_of_ours_are_bad_and_kept(line):
    (bad,) = decode_record(line)
    assert isinstance(bad, BadLine)
    assert bad.data == line
    assert bad.reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transaction_id", ""),
        ("transaction_id", "a b"),
        ("transaction_id", "x" * 65),
        ("transaction_id", 5),
        ("occurred_at", "2020-07-01T08:00:00Z"),
        ("occurred_at", "2020-07-01 08:00:00.000"),
        ("occurred_at", "2020-02-30T08:00:00.000Z"),
        ("occurred_at", "2020-07-01T24:00:00.000Z"),
        ("occurred_at", "1899-07-01T08:00:00.000Z"),
        ("card_id", "A" * 32),
        ("card_id", "a" * 31),
        ("card_id", "4111111111111111"),
        ("card_key_id", ""),
        ("card_key_id", "0"),
        ("card_key_id", 1),
        ("card_key_id", "123456789"),
        ("card_last4", "111"),
        ("card_last4", 1111),
        ("customer_id", "g" * 16),
        ("merchant_id", ""),
        ("merchant", ""),
        ("merchant", "x" * 101),
        ("merchant", " x"),
        ("category", "x" * 51),
        ("category", "x\n"),
        ("amount", "41.7"),
        ("amount", "-41.07"),
        ("amount", "041.07"),
        ("amount", "NaN"),
        ("amount", "1E+2"),
        ("amount", "10000000000.00"),
        ("amount", 41.07),
        ("first_name", None),
        ("first_name", "a\u0000"),
        ("first_name", "a\u2028b"),
        ("first_name", "a\uffffb"),
        ("last_name", ["x"]),
        ("gender", "X"),
        ("gender", ""),
        ("street", "é" * 201),
        ("street", "\u00a0x"),
        ("city", "x\u2003"),
        ("state", "ma"),
        ("state", "MAS"),
        ("zip", "2138"),
        ("zip", 2138),
        ("latitude", "42.3803"),
        ("latitude", True),
        ("latitude", 90.1),
        ("latitude", 1.0000001),
        ("longitude", -180.000001),
        ("longitude", None),
        ("city_population", -1),
        ("city_population", 2**31),
        ("city_population", 1.0),
        ("city_population", True),
        ("city_population", "1"),
        ("job", " "),
        ("date_of_birth", "1971-02-29"),
        ("date_of_birth", "71-02-28"),
        ("date_of_birth", "1971-02-28T00:00"),
        ("merchant_latitude", -90.5),
        ("merchant_longitude", 1e-7),
        ("is_fraud", 0),
        ("is_fraud", "false"),
        ("is_fraud", []),
    ],
)
def test_a_value_that_a_store_might_refuse_is_bad_and_the_reason_names_its_field(field, value):
    (bad,) = decode_record(line_with(**{field: value}))
    assert isinstance(bad, BadLine)
    assert field in bad.reason


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Zo\u00eb", "street": "12\u00a0Rue"},
        {"job": "\U0001f600"},
        {"street": "é" * 200},
        {"merchant": "x" * 100, "category": "c"},
        {"is_fraud": None},
        {"is_fraud": True},
        {"amount": "0.00"},
        {"amount": "9999999999.99"},
        {"latitude": -90.0, "longitude": 180.0, "merchant_latitude": 0.0},
        {"city_population": 0},
        {"city_population": 2**31 - 1},
        {"occurred_at": "2020-02-29T23:59:59.999Z"},
    ],
)
def test_values_at_the_edge_of_what_is_allowed_pass(changes):
    (decoded,) = decode_record(line_with(**changes))
    if "amount" in changes:
        changes["amount"] = Decimal(changes["amount"])
    assert decoded == TRANSACTION._replace(**changes)


def test_one_string_cannot_stand_for_two():
    # The strings are matched joined by newlines: a newline inside one must not shift the others.
    values = orjson.loads(LINE)
    values[10], values[11] = "Ada\nOkafor", None
    assert isinstance(decode_record(orjson.dumps(values))[0], BadLine)


def test_reasons_do_not_show_values():
    secret = "4111111111111111"
    for field in (f.name for f in FIELDS if f.since == 1):
        (bad,) = decode_record(line_with(**{field: [secret]}))
        assert secret not in bad.reason


@pytest.mark.parametrize("year", [2023, 2024])
def test_a_line_is_taken_on_every_day_of_the_calendar_and_on_no_other(year):
    for month, day in itertools.product(range(14), range(33)):
        try:
            exists = bool(date(year, month, day))
        except ValueError:
            exists = False
        born = f"{year}-{month:02d}-{day:02d}"
        (found,) = decode_record(encode_line(TRANSACTION._replace(date_of_birth=born)))
        assert isinstance(found, Transaction) == exists, born


@pytest.mark.parametrize("field", ["latitude", "longitude"])
def test_degrees_are_taken_up_to_their_limit_and_no_further(field):
    limit = 90 if field == "latitude" else 180
    for degrees in range(-200, 201):
        for value in (float(degrees), degrees + 0.000001, degrees - 0.5):
            (found,) = decode_record(encode_line(TRANSACTION._replace(**{field: value})))
            assert isinstance(found, Transaction) == (-limit <= value <= limit), value
