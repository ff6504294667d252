"""Runs of the batch path as the Glue job leaves them: an item in the table of loads, and a Parquet file in the lake."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from client.aws import Stage
from glue.loads import Loads
from glue.rows import _column
from glue.table import TRANSACTION_ARROW
from shared.transaction.schema import Transaction


def create_loads(dynamodb: Any) -> None:
    """Create the table of loads."""
    dynamodb.create_table(
        TableName="loads",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "load", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "load", "AttributeType": "S"}],
    )


def load_run(stage: Stage, run: str, rows: list[Transaction], status: str = "loaded") -> None:
    """Leave a run of transactions behind."""
    columns = [
        _column(values, field.type) for values, field in zip(zip(*rows, strict=True), TRANSACTION_ARROW, strict=True)
    ]
    body = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=TRANSACTION_ARROW), body)
    key = f"batch/run={run}/occurred_month=2020-06/part-0.parquet"
    stage.client("s3").put_object(Bucket="lake", Key=key, Body=body.getvalue())
    counts = {"rows": len(rows) + 2, "accepted": len(rows), "rejected": 2, "duplicates": 0}
    Loads(stage.client("dynamodb"), "loads").record(run, status, counts, {})
