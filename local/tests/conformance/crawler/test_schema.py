"""What the crawler infers from a file's beginning, against the documented rules of Glue's built-in classifiers."""

from __future__ import annotations

import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.crawler.csv_schema import csv_schema
from local.crawler.parquet_schema import parquet_schema
from local.crawler.table import Column, merged
from local.crawler.values import common_type, type_of


def columns(text: str, whole: bool = True) -> list[tuple[str, str]]:
    found = csv_schema(text, whole=whole)
    assert found is not None
    return [tuple(column) for column in found[0]]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("12", "bigint"),
        ("-7", "bigint"),
        ("9223372036854775808", "double"),  # beyond bigint
        ("1.5", "double"),
        ("2.3E+15", "double"),
        ("true", "boolean"),
        ("2020-01-01", "string"),
        ("", "string"),
    ],
)
def test_a_value_has_the_narrowest_type_that_holds_it(value: str, kind: str) -> None:
    assert type_of(value) == kind


def test_a_column_of_whole_and_decimal_numbers_is_double_and_any_other_mix_is_text() -> None:
    assert common_type(["bigint", "double"]) == "double"
    assert common_type(["bigint", "string"]) == "string"
    assert common_type([]) == "string"


def test_a_header_names_the_columns_and_is_skipped_by_readers() -> None:
    found = csv_schema("Id,Amount,Name\n1,2.50,a\n2,3,b\n", whole=True)
    assert found is not None
    assert found[0] == [Column("id", "bigint"), Column("amount", "double"), Column("name", "string")]
    assert found[1].parameters["skip.header.line.count"] == "1"
    assert found[1].serde_parameters == {"field.delim": ","}


def test_a_file_of_texts_alone_has_no_header_that_could_be_distinguished_from_a_row() -> None:
    assert columns("a,b\nc,d\n") == [("col0", "string"), ("col1", "string")]


def test_numbers_in_the_first_row_mean_that_there_is_no_header() -> None:
    assert columns("1,x\n2,y\n") == [("col0", "bigint"), ("col1", "string")]


@pytest.mark.parametrize("delimiter", [",", "|", "\t", ";"])
def test_the_documented_delimiters_are_found(delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in (["id", "name"], ["1", "a"]))
    assert columns(text + "\n") == [("id", "bigint"), ("name", "string")]


def test_a_quoted_comma_is_no_delimiter() -> None:
    assert columns('id,name\n1,"Rippin, Kub"\n') == [("id", "bigint"), ("name", "string")]


def test_a_line_that_the_sample_cuts_off_is_not_looked_at() -> None:
    assert columns("id,n\n1,2\n3,x", whole=False) == [("id", "bigint"), ("n", "bigint")]


def test_a_file_of_one_column_is_no_csv() -> None:
    assert csv_schema("just\nlines\n", whole=True) is None


def test_a_parquet_file_has_its_own_types() -> None:
    table = pa.table(
        {"Amount": pa.array([Decimal("1.50")], pa.decimal128(12, 2)), "at": pa.array([0], pa.timestamp("us"))}
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    found = parquet_schema(io.BytesIO(file.getvalue()))
    assert found is not None
    assert found[0] == [Column("amount", "decimal(12,2)"), Column("at", "timestamp")]
    assert found[1].parameters == {"classification": "parquet"}


def test_a_file_that_only_claims_to_be_parquet_is_none() -> None:
    assert parquet_schema(io.BytesIO(b"PAR1 no")) is None


def test_schemas_are_joined_without_losing_or_moving_a_column() -> None:
    old = [Column("a", "bigint"), Column("b", "string")]
    new = [Column("b", "bigint"), Column("a", "double"), Column("c", "date")]
    assert merged(old, new) == [Column("a", "double"), Column("b", "string"), Column("c", "date")]
