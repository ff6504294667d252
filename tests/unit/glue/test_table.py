"""The job's types are the warehouse's: COPY of Parquet goes by position and refuses what does not fit."""

from __future__ import annotations

import pyarrow as pa
import pytest

from glue.table import COLUMNS, TRANSACTION_ARROW, TRANSACTION_SPARK, arrow_type, spark_type
from shared.transaction.schema import FIELDS


def test_the_columns_are_the_schema_s_in_its_order() -> None:
    assert tuple(field.name for field in FIELDS) == COLUMNS
    assert TRANSACTION_ARROW.names == list(COLUMNS)


@pytest.mark.parametrize(
    ("name", "arrow", "spark"),
    [
        ("amount", pa.decimal128(12, 2), "DECIMAL(12,2)"),
        ("latitude", pa.decimal128(9, 6), "DECIMAL(9,6)"),
        ("occurred_at", pa.timestamp("us", tz="UTC"), "TIMESTAMP"),
        ("date_of_birth", pa.date32(), "DATE"),
        ("is_fraud", pa.bool_(), "BOOLEAN"),
        ("city_population", pa.int32(), "INT"),
        ("zip", pa.string(), "STRING"),
    ],
)
def test_a_column_has_the_type_of_its_redshift_column(name: str, arrow: pa.DataType, spark: str) -> None:
    assert TRANSACTION_ARROW.field(name).type == arrow
    assert f"{name} {spark}" in TRANSACTION_SPARK


def test_money_is_never_a_float() -> None:
    assert not any(pa.types.is_floating(field.type) for field in TRANSACTION_ARROW)


def test_a_type_that_is_new_to_the_schema_must_be_named_here() -> None:
    for convert in (arrow_type, spark_type):
        with pytest.raises(ValueError, match="SUPER"):
            convert("SUPER")
