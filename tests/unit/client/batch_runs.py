"""Runs of the batch path as the Glue job leaves them: an item in the table of loads, and a Parquet file in the lake."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from client.aws import Stage
from glue.loads import Loads


def create_loads(dynamodb: Any) -> None:
    """Create the table of loads."""
    dynamodb.create_table(
        TableName="loads",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "load", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "load", "AttributeType": "S"}],
    )


def load_run(stage: Stage, run: str, rows: list[tuple[str, str, str]], status: str = "loaded") -> None:
    """Leave a run of rows (id, event time, card) behind."""
    ids, moments, cards = zip(*rows, strict=True)
    times = [datetime.fromisoformat(moment) for moment in moments]
    table = pa.table(
        {"transaction_id": ids, "occurred_at": pa.array(times, pa.timestamp("us", tz="UTC")), "card_id": cards}
    )
    body = io.BytesIO()
    pq.write_table(table, body)
    key = f"batch/run={run}/occurred_month=2020-06/part-0.parquet"
    stage.client("s3").put_object(Bucket="lake", Key=key, Body=body.getvalue())
    counts = {"rows": len(rows) + 2, "accepted": len(rows), "rejected": 2, "duplicates": 0}
    Loads(stage.client("dynamodb"), "loads").record(run, status, counts, {})
