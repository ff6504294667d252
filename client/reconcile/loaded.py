"""What the batch path has loaded into the warehouse alone: its runs, and the rows of their own Parquet files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from client.aws import Stage
from client.reconcile.id_multiset import IdMultiset
from client.reconcile.records import Record, of_row

_RUN = "run#"
_LOADED = "loaded"  # as the state machine notes it in the table of glue/loads.py


@dataclass
class Loaded:
    """The runs that ended in the warehouse. Rows that several runs, or the stream, have brought too are in each."""

    stage: Stage
    runs: list[str]
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0  # of the accepted, as each run counts them in its own files

    def read(self) -> Iterator[Record]:
        """Give the rows of all runs, file by file; a file of a run has about a million rows at most."""
        import pyarrow.parquet as pq

        s3, bucket = self.stage.client("s3"), self.stage.output("LakeBucket")
        for key in self._keys():
            file = pq.ParquetFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
            for batch in file.iter_batches():
                yield from map(of_row, batch.to_pylist())

    def ids(self) -> IdMultiset:
        """Give the ids of all runs."""
        ids = IdMultiset()
        for row in self.read():
            ids.add(row.identity)
        return ids

    def _keys(self) -> Iterator[str]:
        pages = self.stage.client("s3").get_paginator("list_objects_v2")
        for run in self.runs:
            prefix = f"batch/run={run}/"
            for page in pages.paginate(Bucket=self.stage.output("LakeBucket"), Prefix=prefix):
                yield from (item["Key"] for item in page.get("Contents", []) if item["Key"].endswith(".parquet"))


def loaded(stage: Stage) -> Loaded:
    """Read the table of loads: what each run that is in the warehouse has counted of itself."""
    found = Loaded(stage, [])
    pages = (
        stage.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stage.output("BatchLoadsTableName"),
            FilterExpression="begins_with(#load, :run) AND #status = :loaded",
            ExpressionAttributeNames={"#load": "load", "#status": "status"},
            ExpressionAttributeValues={":run": {"S": _RUN}, ":loaded": {"S": _LOADED}},
            ConsistentRead=True,
        )
    )
    for page in pages:
        for item in page["Items"]:
            found.runs.append(item["load"]["S"].removeprefix(_RUN))
            found.rows += int(item["rows"]["N"])
            found.accepted += int(item["accepted"]["N"])
            found.rejected += int(item["rejected"]["N"])
            found.duplicates += int(item["duplicates"]["N"])
    found.runs.sort()
    return found
