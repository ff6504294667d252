"""Text and binary formats of the wire protocol's types, both ways; statements cut at the right semicolons."""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.redshift.errors import SqlError
from local.redshift.parameters import number_placeholders
from local.redshift.wire import statements
from local.redshift.wire.codec import BINARY, TEXT, as_text, decode, encoder, field_of


def round_trip(value: Any, duckdb_type: str) -> str:
    """A value in binary, read again as a parameter."""
    field = field_of("a", duckdb_type)
    data = encoder(field, BINARY)(value)
    assert data is not None
    return decode(data, field.oid, BINARY)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_a_decimal_survives_binary(value: Decimal) -> None:
    assert Decimal(round_trip(value, "DECIMAL(38,6)")) == value


@given(st.datetimes())
def test_a_timestamp_survives_binary(value: dt.datetime) -> None:
    assert dt.datetime.fromisoformat(round_trip(value, "TIMESTAMP")) == value


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_an_integer_survives_binary(value: int) -> None:
    assert int(round_trip(value, "BIGINT")) == value


@given(st.floats(allow_nan=False))
def test_a_float_survives_both_formats(value: float) -> None:
    assert float(round_trip(value, "DOUBLE")) == value
    assert float(as_text(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "t"),
        (1.0, "1"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (b"abc", "616263"),
        (Decimal("1.50"), "1.50"),
        (dt.datetime.fromisoformat("2020-01-02 03:04:05.600000"), "2020-01-02 03:04:05.6"),
        (dt.timedelta(days=1, hours=2, minutes=3, seconds=4), "1 day 02:03:04"),
        (dt.timedelta(0), "00:00:00"),
        (["a", None], "{a,NULL}"),
    ],
)
def test_values_are_printed_as_postgresql_prints_them(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_a_value_that_does_not_fit_its_type_is_an_error() -> None:
    with pytest.raises(SqlError, match="int8 out of range"):
        encoder(field_of("a", "BIGINT"), BINARY)(2**63)
    with pytest.raises(SqlError, match="incorrect binary data"):
        decode(b"\0", 23, BINARY)
    with pytest.raises(SqlError, match="invalid byte sequence"):
        decode(b"a\0b", 25, TEXT)
    with pytest.raises(SqlError, match="OID 99999"):
        decode(b"a", 99999, BINARY)
    assert encoder(field_of("a", "INTEGER"), BINARY)(7) == struct.pack("!i", 7)


def test_statements_are_cut_outside_strings_names_and_comments() -> None:
    text = """SELECT ';' AS a; -- one; two
    SELECT ";" /* ; */ FROM t; ; SELECT 'it''s; \\'; x', $$;$$;"""
    assert statements.split(text) == [
        "SELECT ';' AS a",
        'SELECT ";" /* ; */ FROM t',
        "SELECT 'it''s; \\'; x', $$;$$",
    ]
    assert statements.split(" -- nothing\n ; ") == []


def test_parameters_are_found_outside_strings_names_and_comments() -> None:
    sql, highest = number_placeholders("SELECT $1, '$2', \"$3\", $$ $4 $$ -- $5\n, $12::int /* $13 */")
    assert highest == 12
    assert sql == "SELECT :_1 , '$2', \"$3\", $$ $4 $$ -- $5\n, :_12 ::int /* $13 */"


@pytest.mark.parametrize(
    ("sql", "rows", "tag"),
    [
        ("select 1", 1, "SELECT 1"),
        ("/* x */ WITH a AS (SELECT 1) SELECT * FROM a", 3, "SELECT 3"),
        ("INSERT INTO t VALUES (1)", 1, "INSERT 0 1"),
        ("UPDATE t SET a = 1", 2, "UPDATE 2"),
        ("CREATE TEMP TABLE t (a INT)", 0, "CREATE TABLE"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", 0, "CREATE VIEW"),
        ("END", 0, "COMMIT"),
        ("TRUNCATE t", 0, "TRUNCATE"),
    ],
)
def test_a_complete_statement_has_its_tag(sql: str, rows: int, tag: str) -> None:
    assert statements.tag(sql, rows) == tag
