"""The job's table, in Arrow's and Spark's types: from shared.transaction.schema, so that COPY finds what DDL says."""

from __future__ import annotations

import re

import pyarrow as pa

from shared.transaction.schema import FIELDS

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_ARROW = {
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),  # Spark's own: an instant, in microseconds
}
_SPARK = {"INTEGER": "INT", "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIMESTAMP": "TIMESTAMP"}

COLUMNS = tuple(field.name for field in FIELDS)


def arrow_type(redshift: str) -> pa.DataType:
    """Give the Arrow type of a Redshift type of the schema. Raises ValueError for one that the schema did not have."""
    if redshift.startswith(("VARCHAR(", "CHAR(")):
        return pa.string()
    if decimal := _DECIMAL.fullmatch(redshift):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    try:
        return _ARROW[redshift]
    except KeyError:
        raise ValueError(f"no Arrow type for {redshift}: say in glue/table.py what it is") from None


def spark_type(redshift: str) -> str:
    """Give the Spark type, in DDL, of a Redshift type of the schema. Raises ValueError likewise."""
    if redshift.startswith(("VARCHAR(", "CHAR(")):
        return "STRING"
    if _DECIMAL.fullmatch(redshift):
        return redshift
    try:
        return _SPARK[redshift]
    except KeyError:
        raise ValueError(f"no Spark type for {redshift}: say in glue/table.py what it is") from None


TRANSACTION_ARROW = pa.schema([(field.name, arrow_type(field.kind.redshift)) for field in FIELDS])
TRANSACTION_SPARK = ", ".join(f"{field.name} {spark_type(field.kind.redshift)}" for field in FIELDS)

# What one line of a file becomes: a transaction, or reasons, or (once per block of a file) a count of lines.
_OUTCOME = (("file", "STRING"), ("block", "BIGINT"), ("row", "BIGINT"), ("reasons", "STRING"), ("lines", "BIGINT"))
OUTCOME_COLUMNS = tuple(name for name, _ in _OUTCOME)
PARSED_ARROW = pa.schema(
    [*TRANSACTION_ARROW, *((name, pa.string() if kind == "STRING" else pa.int64()) for name, kind in _OUTCOME)]
)
PARSED_SPARK = ", ".join([TRANSACTION_SPARK, *(f"{name} {kind}" for name, kind in _OUTCOME)])
