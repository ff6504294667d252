"""COPY as AWS documents it: sources, formats, options, conversions, load errors, atomicity."""

from __future__ import annotations

import bz2
import gzip
import io
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.redshift.copy_parse import parse_copy
from local.redshift.errors import SqlError
from local.tests.conformance.redshift.conftest import ROLE, TARGET, Redshift

IAM = f"IAM_ROLE '{ROLE}'"


def copy(source: str, options: str = "JSON 'auto'", table: str = "t") -> str:
    return f"COPY {table} FROM '{source}' {IAM} {options}"


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture
def table(redshift: Redshift) -> Redshift:
    redshift.ok("CREATE TABLE t (id INT NOT NULL, name VARCHAR(10), at TIMESTAMP, amount DECIMAL(9,2), ok BOOLEAN)")
    with redshift.server.runner.database(*TARGET.values()).session() as session:
        session.connection.execute("DELETE FROM main._load_error")
    return redshift


# --- sources


def test_a_prefix_loads_every_object_under_it(table: Redshift) -> None:
    table.s3.put("s3://b/in/1", lines({"id": 1}))
    table.s3.put("s3://b/in/2", lines({"id": 2}))
    table.s3.put("s3://b/other", lines({"id": 3}))
    assert table.ok(copy("s3://b/in/"))["ResultRows"] == 2
    assert table.rows("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


def test_a_prefix_without_objects_is_an_error(table: Redshift) -> None:
    assert "The specified S3 prefix 'none' does not exist" in table.error(copy("s3://b/none"))


def test_a_manifest_loads_what_it_names_with_or_without_content_length(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1}))
    table.s3.put("s3://b/2", lines({"id": 2}))
    entries = [
        {"url": "s3://b/1", "mandatory": True, "meta": {"content_length": 9}},
        {"url": "s3://b/gone", "mandatory": False},
    ]
    table.s3.put("s3://b/m", {"entries": entries})
    table.ok(copy("s3://b/m", "MANIFEST JSON 'auto'"))
    assert table.rows("SELECT id FROM t") == [(1,)]


def test_a_missing_mandatory_object_fails_the_whole_copy(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1}))
    entries = [{"url": "s3://b/1", "mandatory": True}, {"url": "s3://b/gone", "mandatory": True}]
    table.s3.put("s3://b/m", {"entries": entries})
    assert "s3://b/gone" in table.error(copy("s3://b/m", "MANIFEST JSON 'auto'"))
    assert table.rows("SELECT COUNT(*) FROM t") == [(0,)]


@pytest.mark.parametrize("entries", [[], [{"url": "s3://b/gone"}]], ids=["empty", "all missing"])
def test_a_manifest_that_leads_to_no_file_is_an_error(table: Redshift, entries: list[Any]) -> None:
    table.s3.put("s3://b/m", {"entries": entries})
    assert "no files were found" in table.error(copy("s3://b/m", "MANIFEST JSON 'auto'"))


@pytest.mark.parametrize(
    "content", ["not json", "[]", '{"entries": [{"nourl": 1}]}', '{"entries": [{"url": "file:///x"}]}']
)
def test_a_manifest_that_is_none_is_an_error(table: Redshift, content: str) -> None:
    table.s3.put("s3://b/m", content)
    assert "manifest" in table.error(copy("s3://b/m", "MANIFEST JSON 'auto'"))


def test_the_role_decides_what_can_be_read(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1}))
    assert "not authorized to assume" in table.error(
        "COPY t FROM 's3://b/1' IAM_ROLE 'arn:aws:iam::000000000000:role/other' JSON 'auto'"
    )
    table.s3.denied.add("1")
    assert "Access Denied" in table.error(copy("s3://b/1"))


def test_credentials_may_be_given_the_older_way(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1}))
    table.ok(
        f"COPY t FROM 's3://b/1' CREDENTIALS 'aws_iam_role={ROLE}' FORMAT AS JSON 'auto' COMPUPDATE OFF STATUPDATE ON"
    )
    assert table.rows("SELECT id FROM t") == [(1,)]


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("option", "pack"),
    [("GZIP", gzip.compress), ("BZIP2", bz2.compress), ("ZSTD", zstd)],
    ids=["gzip", "bzip2", "zstd"],
)
def test_compressed_files_are_read(table: Redshift, option: str, pack: Any) -> None:
    table.s3.put("s3://b/1", pack(lines(*({"id": n} for n in range(1000))).encode()))
    assert table.ok(copy("s3://b/1", f"JSON 'auto' {option}"))["ResultRows"] == 1000


def test_a_file_that_is_not_compressed_as_declared_fails_the_copy(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1}))
    assert "gzip" in table.error(copy("s3://b/1", "JSON 'auto' GZIP"))
    table.s3.put("s3://b/2", gzip.compress(lines(*({"id": n} for n in range(5000))).encode())[:-50])
    assert "gzip" in table.error(copy("s3://b/2", "JSON 'auto' GZIP"))
    assert table.rows("SELECT COUNT(*) FROM t") == [(0,)]


# --- JSON


def test_json_auto_matches_keys_to_columns_and_leaves_the_rest_null(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"name": "a", "id": 1, "extra": [1]}, {"id": 2, "Name": "not matched"}))
    table.ok(copy("s3://b/1"))
    assert table.rows("SELECT id, name, ok FROM t ORDER BY id") == [(1, "a", None), (2, None, None)]


def test_json_auto_ignorecase_matches_keys_in_any_case(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"ID": 1, "Name": "a"}))
    table.ok(copy("s3://b/1", "JSON 'auto ignorecase'"))
    assert table.rows("SELECT id, name FROM t") == [(1, "a")]


def test_jsonpaths_take_indexes_names_and_nested_elements(table: Redshift) -> None:
    table.s3.put("s3://b/p", {"jsonpaths": ["$.key.id", "$['the name']"]})
    table.s3.put("s3://b/1", lines({"key": {"id": 1}, "the name": "a"}))
    table.ok(copy("s3://b/1", "JSON 's3://b/p'", "t (id, name)"))
    table.s3.put("s3://b/q", {"jsonpaths": ["$[1]", "$[2][0]"]})
    table.s3.put("s3://b/2", lines(["v1", 2, ["b"]]))
    table.ok(copy("s3://b/2", "JSON 's3://b/q'", "t (id, name)"))
    assert table.rows("SELECT id, name FROM t ORDER BY id") == [(1, "a"), (2, "b")]


def test_an_element_that_no_jsonpath_names_is_passed_over(table: Redshift) -> None:
    """As a trace header at the end of a record's first line."""
    table.s3.put("s3://b/q", {"jsonpaths": ["$[0]", "$[1]"]})
    table.s3.put("s3://b/1", lines([1, "a", "Root=1-5759e988-bd862e3fe1be46a994272793"], [2, "b"]))
    table.ok(f"COPY t (id, name) FROM 's3://b/1' {IAM} JSON 's3://b/q'")
    assert table.rows("SELECT id, name FROM t ORDER BY id") == [(1, "a"), (2, "b")]


def test_jsonpaths_must_be_as_many_as_the_columns(table: Redshift) -> None:
    table.s3.put("s3://b/p", {"jsonpaths": ["$[0]"]})
    table.s3.put("s3://b/1", lines([1]))
    error = table.error(copy("s3://b/1", "JSON 's3://b/p'", "t (id, name)"))
    assert "JSONPath size: 1, Number of columns in table or column list: 2" in error


@pytest.mark.parametrize("path", ["id", "$", "$.*", "$[?(@.a)]", "$..a", "$[-1]"])
def test_paths_beyond_redshifts_subset_are_refused(table: Redshift, path: str) -> None:
    table.s3.put("s3://b/p", {"jsonpaths": [path]})
    table.s3.put("s3://b/1", lines([1]))
    assert "Invalid JSONPath format" in table.error(copy("s3://b/1", "JSON 's3://b/p'", "t (id)"))


def test_values_need_no_line_of_their_own(table: Redshift) -> None:
    table.s3.put("s3://b/1", '{"id": 1}{"id": 2} {"id":\n 3,\n"name": "x"}\n\n{"id": 4}')
    assert table.ok(copy("s3://b/1"))["ResultRows"] == 4
    assert table.rows("SELECT id, name FROM t ORDER BY id") == [(1, None), (2, None), (3, "x"), (4, None)]


def test_columns_left_out_get_their_default_and_named_ones_null(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT, b VARCHAR(5) DEFAULT 'dflt', c TIMESTAMP DEFAULT GETDATE())")
    redshift.s3.put("s3://b/1", lines({"a": 1}))
    redshift.ok(copy("s3://b/1", table="t (a)"))
    redshift.ok(copy("s3://b/1", table="t (a, b)"))
    assert redshift.rows("SELECT b, c IS NULL FROM t ORDER BY b") == [("dflt", False), (None, False)]


def test_numbers_keep_their_digits(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a DECIMAL(12,2), b BIGINT, c DECIMAL(38,18))")
    record = '{"a": "9999999999.99", "b": 9223372036854775807, "c": "12345678901234567890.123456789012345678"}'
    redshift.s3.put("s3://b/1", record)
    redshift.ok(copy("s3://b/1"))
    assert redshift.rows("SELECT a, b, c FROM t") == [
        ("9999999999.99", 9223372036854775807, "12345678901234567890.123456789012345678")
    ]


# --- delimited text and CSV


def test_csv_with_header_quotes_and_line_breaks_inside_quotes(table: Redshift) -> None:
    text = 'id,name\r\n1,"a ""b"", c"\r\n2,"two\nlines"\r\n3,\r\n'
    table.s3.put("s3://b/1", text)
    table.ok(copy("s3://b/1", "CSV IGNOREHEADER 1", "t (id, name)"))
    assert table.rows("SELECT id, name FROM t ORDER BY id") == [(1, 'a "b", c'), (2, "two\nlines"), (3, "")]


def test_csv_takes_another_delimiter_and_quote(table: Redshift) -> None:
    table.s3.put("s3://b/1", "1;'a;b'\n")
    table.ok(copy("s3://b/1", "CSV DELIMITER ';' QUOTE AS ''''", "t (id, name)"))
    assert table.rows("SELECT id, name FROM t") == [(1, "a;b")]


def test_delimited_text_has_pipes_and_backslash_n_for_null(table: Redshift) -> None:
    table.s3.put("s3://b/1", '1|\\N\n2|"x"\n')
    table.ok(copy("s3://b/1", "", "t (id, name)"))
    assert table.rows("SELECT id, name FROM t ORDER BY id") == [(1, None), (2, '"x"')]
    table.s3.put("s3://b/2", "3\tNIL\n")
    table.ok(copy("s3://b/2", "DELIMITER '\\t' NULL AS 'NIL'", "t (id, name)"))
    assert table.rows("SELECT name FROM t WHERE id = 3") == [(None,)]


def test_rows_with_too_many_or_too_few_fields_are_load_errors(table: Redshift) -> None:
    table.s3.put("s3://b/1", "1,a\n2,b,c\n3\n4,d\n")
    table.ok(copy("s3://b/1", "CSV MAXERROR 10", "t (id, name)"))
    assert table.rows("SELECT id FROM t ORDER BY id") == [(1,), (4,)]
    assert table.rows("SELECT line_number, err_code FROM stl_load_errors ORDER BY 1") == [(2, 1202), (3, 1214)]


# --- conversion options


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        ("TIMEFORMAT 'auto'", "2020-06-21T12:14:25.123Z", "2020-06-21 12:14:25.123"),
        ("TIMEFORMAT 'auto'", "2020-06-21 12:14:25", "2020-06-21 12:14:25"),
        ("", "2020-06-21 12:14:25", "2020-06-21 12:14:25"),
        ("TIMEFORMAT 'epochsecs'", "1592741665", "2020-06-21 12:14:25"),
        ("TIMEFORMAT 'epochmillisecs'", "1592741665123", "2020-06-21 12:14:25.123"),
        ("TIMEFORMAT 'MM/DD/YYYY HH24:MI:SS'", "06/21/2020 12:14:25", "2020-06-21 12:14:25"),
    ],
)
def test_timestamps_are_read_by_timeformat(table: Redshift, options: str, text: str, expected: str) -> None:
    table.s3.put("s3://b/1", lines({"id": 1, "at": text}))
    table.ok(copy("s3://b/1", f"JSON 'auto' {options}"))
    assert table.rows("SELECT at FROM t") == [(expected,)]


def test_a_timestamp_in_another_form_than_the_default_is_a_load_error(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1, "at": "2020-06-21T12:14:25Z"}))
    table.error(copy("s3://b/1"))
    assert table.rows("SELECT err_code, colname FROM stl_load_errors") == [(1206, "at")]


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        ("", "1968-03-19", "1968-03-19"),
        ("DATEFORMAT 'auto'", "1968/03/19", "1968-03-19"),
        ("DATEFORMAT 'auto'", "19680319", "1968-03-19"),
        ("DATEFORMAT AS 'MM/DD/YYYY'", "03/19/1968", "1968-03-19"),
    ],
)
def test_dates_are_read_by_dateformat(redshift: Redshift, options: str, text: str, expected: str) -> None:
    redshift.ok("CREATE TABLE t (d DATE)")
    redshift.s3.put("s3://b/1", lines({"d": text}))
    redshift.ok(copy("s3://b/1", f"JSON 'auto' {options}"))
    assert redshift.rows("SELECT d FROM t") == [(expected,)]


def test_decimals_are_truncated_unless_roundec(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1, "amount": "1.999"}, {"id": 2, "amount": -1.999}))
    table.ok(copy("s3://b/1"))
    table.ok(copy("s3://b/1", "JSON 'auto' ROUNDEC"))
    assert [Decimal(a) for (a,) in table.rows("SELECT amount FROM t ORDER BY amount")] == [
        Decimal(x) for x in ("-2.00", "-1.99", "1.99", "2.00")
    ]


def test_booleans_are_read_in_all_their_spellings(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a BOOLEAN)")
    redshift.s3.put("s3://b/1", lines(*({"a": v} for v in (True, "t", "YES", 1, False, "f", "No", 0, None))))
    redshift.ok(copy("s3://b/1"))
    assert redshift.rows("SELECT a, COUNT(*) FROM t GROUP BY a ORDER BY a") == [(False, 4), (True, 4), (None, 1)]


def test_text_that_is_too_long_is_an_error_or_truncated(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1, "name": "éééééé"}))
    table.error(copy("s3://b/1"))
    assert table.rows("SELECT err_code, err_reason, colname, type, col_length FROM stl_load_errors") == [
        (1204, "String length exceeds DDL length", "name", "character varying", "10")
    ]
    table.ok(copy("s3://b/1", "JSON 'auto' TRUNCATECOLUMNS"))
    assert table.rows("SELECT name FROM t") == [("ééééé",)]


def test_char_takes_single_byte_characters_only(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a CHAR(4))")
    redshift.s3.put("s3://b/1", lines({"a": "é"}))
    assert redshift.run(copy("s3://b/1"))["Status"] == "FAILED"


def test_blank_and_empty_fields_become_null_if_requested(table: Redshift) -> None:
    table.s3.put("s3://b/1", '1,""\n2,"  "\n')
    for number, options in enumerate(("", "EMPTYASNULL", "BLANKSASNULL"), start=1):
        table.ok(
            [copy("s3://b/1", f"CSV {options}", "t (id, name)"), f"UPDATE t SET amount = {number} WHERE amount IS NULL"]
        )
    found = table.rows("SELECT amount::INT, id, name FROM t ORDER BY 1, 2")
    assert found == [(1, 1, ""), (1, 2, "  "), (2, 1, None), (2, 2, "  "), (3, 1, ""), (3, 2, None)]


def test_blank_is_null_for_every_other_type(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT, b DECIMAL(5,2), c DATE, d BOOLEAN, e TIMESTAMP)")
    redshift.s3.put("s3://b/1", ", ,,  ,\n")
    redshift.ok(copy("s3://b/1", "CSV"))
    assert redshift.rows("SELECT * FROM t") == [(None,) * 5]


def test_bytes_that_are_not_utf8_are_an_error_or_replaced(table: Redshift) -> None:
    table.s3.put("s3://b/1", b'{"id": 1, "name": "a\xffb"}\n{"id": 2, "name": "ok"}\n')
    table.ok(copy("s3://b/1", "JSON 'auto' MAXERROR 5"))
    assert table.rows("SELECT id FROM t") == [(2,)]
    assert table.rows("SELECT err_code, line_number FROM stl_load_errors") == [(1220, 1)]
    table.ok(copy("s3://b/1", "JSON 'auto' ACCEPTINVCHARS AS '^'"))
    assert table.rows("SELECT name FROM t WHERE id = 1") == [("a^b",)]


# --- load errors


def test_each_bad_row_is_explained_and_the_good_ones_are_loaded_below_maxerror(table: Redshift) -> None:
    records = [
        {"id": 1},
        {"id": "x1"},
        {"id": 99999999999},
        {"name": "no id"},
        {"id": 5, "amount": "12,5"},
        {"id": 6, "amount": "99999999"},
        {"id": 7, "ok": "maybe"},
        {"id": 1.5},
    ]
    table.s3.put("s3://b/1", lines(*records) + '{"id": 9,\n' + lines([1], {"id": 11}))
    found = table.ok(copy("s3://b/1", "JSON 'auto' TIMEFORMAT 'auto' MAXERROR 20"))
    assert table.rows("SELECT id FROM t ORDER BY id") == [(1,), (11,)]
    assert found["ResultRows"] == 2
    errors = table.rows(
        "SELECT line_number, colname, err_code, err_reason, raw_field_value FROM stl_load_errors ORDER BY 1"
    )
    assert [(line, column, code) for line, column, code, _, _ in errors] == [
        (2, "id", 1207),
        (3, "id", 1204),
        (4, "id", 1213),
        (5, "amount", 1207),
        (6, "amount", 1204),
        (7, "ok", 1210),
        (8, "id", 1207),
        (9, "", 1216),
        (10, "", 1216),
    ]
    assert errors[0][3:] == ("Invalid digit, Value 'x', Pos 0, Type: Integer", "x1")
    ((name, raw, query),) = table.rows("SELECT filename, raw_line, query FROM stl_load_errors WHERE line_number = 2")
    assert (name, raw, query) == ("s3://b/1", '{"id": "x1"}', found["RedshiftQueryId"])
    assert len(table.rows("SELECT error_message FROM sys_load_error_detail WHERE table_name = 't'")) == 9


def test_whatever_stands_on_a_line_the_lines_beside_it_are_loaded_below_maxerror(table: Redshift) -> None:
    bad = [
        "[1," + "7" * 1_000_000,  # Python converts no number of that many digits
        '{"id": ' + "7" * 5_000 + "}",
        "[" * 100_000,
        "[" * 50_000 + "]" * 50_000,
        '{"id": 1, "name": "cut off',
        "\x00" * 40,
        '{"id": 1, "name": "a\x00b"}',
        "null",
        '"text"',
    ]
    good = lines({"id": 1})
    table.s3.put("s3://b/in", good + "".join(line + "\n" + good for line in bad))
    assert table.ok(copy("s3://b/in", "JSON 'auto' MAXERROR 1000"))["ResultRows"] == len(bad) + 1
    assert table.rows("SELECT COUNT(*) FROM t") == [(len(bad) + 1,)]


@pytest.mark.parametrize(("maxerror", "status"), [("", "FAILED"), ("MAXERROR 2", "FAILED"), ("MAXERROR 3", "FINISHED")])
def test_a_copy_fails_when_errors_reach_maxerror_and_loads_nothing_then(
    table: Redshift, maxerror: str, status: str
) -> None:
    table.s3.put("s3://b/1", lines({"id": 1}, {"id": "x"}, {"id": 3}, {"id": "y"}))
    found = table.run(copy("s3://b/1", f"JSON 'auto' {maxerror}"))
    assert found["Status"] == status
    if status == "FAILED":
        assert found["Error"] == (
            "ERROR: Load into table 't' failed. Check 'sys_load_error_detail' system table for details."
        )
    assert table.rows("SELECT COUNT(*) FROM t") == [(2 if status == "FINISHED" else 0,)]
    assert table.rows("SELECT COUNT(*) FROM stl_load_errors") == [(1 if not maxerror else 2,)]


def test_load_errors_outlive_the_rollback_of_the_batch(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1}, {"id": "x"}))
    table.run([copy("s3://b/1", "JSON 'auto' MAXERROR 5"), "SELECT nothing"])
    assert table.rows("SELECT COUNT(*) FROM t") == [(0,)]
    assert table.rows("SELECT COUNT(*) FROM stl_load_errors") == [(1,)]


# --- Parquet


def parquet(**columns: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_parquet_is_loaded_by_position_with_its_types(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT, b VARCHAR(5), c DECIMAL(12,2), d TIMESTAMP, e BOOLEAN, f DATE)")
    decimals = pa.array([Decimal("2.86")], pa.decimal128(12, 2))
    stamp = pa.array([1592741665123], pa.timestamp("ms"))
    data = parquet(x=pa.array([1], pa.int32()), y=["abc"], z=decimals, w=stamp, v=[True], u=pa.array([0], pa.date32()))
    redshift.s3.put("s3://b/1", data)
    redshift.ok(copy("s3://b/1", "FORMAT AS PARQUET"))
    assert redshift.rows("SELECT * FROM t") == [(1, "abc", "2.86", "2020-06-21 12:14:25.123", True, "1970-01-01")]


def test_parquet_that_does_not_fit_is_refused_whole(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT, b VARCHAR(5))")
    redshift.s3.put("s3://b/1", parquet(x=pa.array([1], pa.int32())))
    assert "Unmatched number of columns" in redshift.error(copy("s3://b/1", "PARQUET"))
    redshift.s3.put("s3://b/1", parquet(x=["1"], y=["a"]))
    assert "incompatible Parquet schema for column 'a'" in redshift.error(copy("s3://b/1", "PARQUET"))
    redshift.s3.put("s3://b/1", parquet(x=pa.array([1], pa.int32()), y=["toolong"]))
    assert "too long" in redshift.error(copy("s3://b/1", "PARQUET"))
    redshift.s3.put("s3://b/1", b"not parquet")
    assert "not a Parquet file" in redshift.error(copy("s3://b/1", "PARQUET"))
    assert redshift.rows("SELECT COUNT(*) FROM t") == [(0,)]


def test_a_damaged_parquet_file_is_named_and_nothing_of_its_manifest_is_loaded(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT, b VARCHAR(40))")
    whole = parquet(x=pa.array(range(5_000), pa.int32()), y=[f"a text of some length {n}" for n in range(5_000)])
    middle = len(whole) // 3
    good, bad = redshift.s3.put("s3://b/1", whole), "s3://b/run=1/month=2020-01/part-2.parquet"
    entries = [{"url": url, "mandatory": True, "meta": {"content_length": len(whole)}} for url in (good, bad)]
    manifest = redshift.s3.put("s3://b/manifest", {"entries": entries})
    load = copy(manifest, "PARQUET MANIFEST")
    for damaged in (
        b"",
        whole[:middle],  # cut off
        whole[:-4] + b"PAR2",
        whole[:4] + b"\xff" * (middle - 4) + whole[middle:],  # its footer is whole, its pages are not
    ):
        redshift.s3.put(bad, damaged)
        assert f"File '{bad}'" in redshift.error(load)
        assert redshift.rows("SELECT COUNT(*) FROM t") == [(0,)]
    redshift.s3.put(bad, whole)
    redshift.ok(load)
    assert redshift.rows("SELECT COUNT(*) FROM t") == [(10_000,)]


# --- grammar


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("ESCAPE", "ESCAPE"),
        ("FIXEDWIDTH 'a:1'", "FIXEDWIDTH"),
        ("LZOP", "LZOP"),
        ("ENCRYPTED", "ENCRYPTED"),
        ("SSH", "SSH"),
        ("READRATIO 10", "READRATIO"),
        ("JSON 'noshred'", "noshred"),
        ("JSON 'autox'", "autox"),
        ("FORMAT AS ORC", "ORC"),
        ("PARQUET GZIP", "GZIP"),
        ("PARQUET MAXERROR 3", "MAXERROR"),
        ("JSON 'auto' DELIMITER ','", "DELIMITER"),
        ("QUOTE '\"'", "QUOTE"),
        ("MAXERROR 100001", "MAXERROR"),
        ("MAXERROR many", "MAXERROR"),
        ("CSV DELIMITER 'ab'", "DELIMITER"),
    ],
)
def test_options_that_are_not_supported_are_refused_by_name(options: str, named: str) -> None:
    with pytest.raises(SqlError, match=named):
        parse_copy(copy("s3://b/k", options))


@pytest.mark.parametrize(
    "sql",
    [
        "COPY t FROM 's3://b/k' JSON 'auto'",
        "COPY t FROM 'dynamodb://x' IAM_ROLE 'arn:aws:iam::000000000000:role/copy'",
        "COPY t FROM 's3://b/k' IAM_ROLE default",
        "COPY t FROM 's3://b/k' IAM_ROLE 'role'",
        "COPY t FROM 's3://b/k' CREDENTIALS 'aws_access_key_id=a;aws_secret_access_key=b'",
        "COPY t (a, FROM 's3://b/k' IAM_ROLE 'arn:aws:iam::000000000000:role/copy'",
        "COPY FROM 's3://b/k'",
    ],
)
def test_a_copy_that_is_wrong_is_refused(sql: str) -> None:
    with pytest.raises(SqlError):
        parse_copy(sql)


def test_a_copy_with_comments_keywords_in_any_case_and_a_semicolon_is_read() -> None:
    command = parse_copy(
        "-- load\ncopy Staging.\"T\" (A, b) from 's3://b/it''s'"
        f" with credentials as 'aws_iam_role={ROLE}' /* x */ manifest"
        " format json as 's3://b/p' gzip timeformat as 'auto' region 'eu-west-1' maxerror as 7;"
    )
    assert (command.schema, command.table, command.columns, command.source) == (
        "staging",
        "t",
        ["a", "b"],
        "s3://b/it's",
    )
    assert (command.role, command.manifest, command.json, command.compression) == (ROLE, True, "s3://b/p", "gzip")
    assert (command.time_format, command.region, command.max_error) == ("auto", "eu-west-1", 7)


def test_columns_must_exist(table: Redshift) -> None:
    table.s3.put("s3://b/1", lines({"id": 1}))
    assert 'column "nope" of relation "t" does not exist' in table.error(copy("s3://b/1", table="t (id, nope)"))
    assert 'relation "u" does not exist' in table.error(copy("s3://b/1", table="u"))
