"""What the batch path has loaded into the warehouse alone: its runs, and the rows of their own Parquet files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from client.aws import Stage
from client.reconcile.id_multiset import IdMultiset
from client.reconcile.records import Record, of_row

_RUN = "run#"
_LOADED = "loaded"  # as the state machine notes it in the table of glue/loads.py


@dataclass
class Loaded:
    """The runs that ended in the warehouse. Rows that several runs, or the stream, have brought too are in each.

    ``damaged`` has what cannot be read, and why: objects by key, items of the table of loads by their own.
    """

    stage: Stage
    runs: list[str]
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0  # of the accepted, as each run counts them in its own files
    damaged: dict[str, str] = field(default_factory=dict)

    def read(self) -> Iterator[Record]:
        """Give the rows of all runs, file by file; a file of a run has about a million rows at most.

        An object that cannot be read is left out from there on, and named in ``damaged``.
        """
        import pyarrow as pa

        s3, bucket = self.stage.client("s3"), self.stage.output("LakeBucket")
        for key in self._keys():
            data = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            try:
                yield from _rows(data)
            except (pa.ArrowException, OSError, KeyError) as error:
                self.damaged[key] = f"{key} cannot be read ({str(error).splitlines()[0]})"

    def add(self, item: dict[str, Any]) -> None:
        """Count a run by its item of the table of loads."""
        run = item["load"]["S"].removeprefix(_RUN)
        self.runs.append(run)
        try:
            counts = {name: int(item[name]["N"]) for name in ("rows", "accepted", "rejected", "duplicates")}
        except (KeyError, TypeError, ValueError) as error:
            self.damaged[_RUN + run] = f"the counts of run {run} cannot be read ({type(error).__name__}: {error})"
            return
        for name, count in counts.items():
            setattr(self, name, getattr(self, name) + count)

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
            found.add(item)
    found.runs.sort()
    return found


def _rows(data: bytes) -> Iterator[Record]:
    """Give a file's rows. Raises ArrowException or OSError where it is damaged, KeyError where it is no run's."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(data))
    lacking = {"transaction_id", "occurred_at", "card_id"} - set(file.schema_arrow.names)
    if lacking:
        raise KeyError(f"without {', '.join(sorted(lacking))}")
    for batch in file.iter_batches():
        yield from map(of_row, batch.to_pylist())
