"""Loads what a manifest names into the warehouse, and merges it: the step that a replay and a redrive share."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

from client.aws import Stage
from client.errors import ClientError
from shared.errors import TransientError
from shared.transaction.schema import FIELDS
from shared.warehouse.data_api import Row, StatementFailedError, StatementRunningError, Warehouse
from shared.warehouse.merging import MergeResult, merge_statements, read_result
from shared.warehouse.sql import fill_in

COPY_SECONDS = 1800.0
MERGE_SECONDS = 900.0
LAKE_OPTIONS = "JSON 'auto' GZIP TIMEFORMAT 'auto' DATEFORMAT 'auto'"  # objects whose names are the columns'
_COPY = (
    "COPY {table} ({columns}) FROM 's3://${{DeliveryBucket}}/${{Manifest}}' IAM_ROLE '${{CopyRole}}' MANIFEST {options}"
)
# By the first folder of their objects: the output that names the delivery stream.
_DELIVERIES = {"transactions": "DeliveryStreamName", "alerts": "AlertDeliveryStreamName"}
_TRIES = 5  # of a merge that met merge-warehouse's
_CONFLICTS = ("serializable isolation", "conflict", "deadlock")


class Loader:
    """COPY and merge on a stage, as the operator. Both may be repeated at any time: the merge drops what core has."""

    def __init__(
        self,
        stage: Stage,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._sleep, self._jitter = sleep, jitter
        self._names = {"DeliveryBucket": stage.output("DeliveryBucket"), "CopyRole": stage.output("CopyRoleArn")}
        self._stage, self._firehose = stage, stage.client("firehose")
        self._warehouse = Warehouse(
            stage.client("redshift-data"),
            stage.output("WorkgroupName"),
            stage.output("DatabaseName"),
            stage.warehouse_secret,
        )

    def copy_from_lake(self, manifest: str) -> None:
        """COPY into staging the lake's objects that a manifest of the delivery bucket names; all or nothing.

        Raises StatementFailedError with the warehouse's words, ClientError when it has not ended in time.
        """
        self._copy(manifest, "staging.transaction", ", ".join(field.name for field in FIELDS), LAKE_OPTIONS)

    def copy_delivered(self, manifest: str, folder: str) -> None:
        """COPY Firehose's objects that a manifest of its bucket names, as Firehose would. Raises likewise.

        The folder of the objects says which delivery stream put them. Raises ClientError when none did.
        """
        if folder not in _DELIVERIES:
            raise ClientError(f"{manifest} names objects of {folder}/, which no delivery stream fills.")
        name = self._stage.output(_DELIVERIES[folder])
        stream = self._firehose.describe_delivery_stream(DeliveryStreamName=name)
        (destination,) = stream["DeliveryStreamDescription"]["Destinations"]
        command = destination["RedshiftDestinationDescription"]["CopyCommand"]
        self._copy(manifest, command["DataTableName"], command["DataTableColumns"], command["CopyOptions"])

    def _copy(self, manifest: str, table: str, columns: str, options: str) -> None:
        text = _COPY.format(table=table, columns=columns, options=options)
        self._run("operator-copy", [fill_in(text, {**self._names, "Manifest": manifest})], COPY_SECONDS)

    def merge(self) -> MergeResult:
        """Merge staging into core, and have the marts refreshed; a conflict with merge-warehouse is tried again.

        Raises as the copies do.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                result = read_result(self._run("operator-merge", merge_statements(), MERGE_SECONDS))
                self._announce()
                return result
            except StatementFailedError as error:
                if attempt == _TRIES or not any(word in str(error).lower() for word in _CONFLICTS):
                    raise
                self._sleep(self._jitter(0, 2.0**attempt))
        raise AssertionError("unreachable")

    def _announce(self) -> None:
        """Have merge-warehouse refresh the marts. A stage of an earlier release has no queue: it merges by itself."""
        if self._stage.has_output("MergeQueueUrl"):
            self._stage.client("sqs").send_message(
                QueueUrl=self._stage.output("MergeQueueUrl"), MessageBody=json.dumps({"operator": "merged"})
            )

    def run(self, name: str, statements: list[str]) -> list[Row]:
        """Run statements in one transaction; give the rows of the last one that has any. Raises as the copies do."""
        return self._run(name, statements, MERGE_SECONDS)

    def transactions(self) -> int:
        """How many transactions core holds."""
        (row,) = self._run("operator-count", ["SELECT COUNT(*) AS transactions FROM core.transaction"], MERGE_SECONDS)
        return int(row["transactions"])

    def _run(self, name: str, statements: list[str], seconds: float) -> list[Row]:
        try:
            return self._warehouse.run(name, statements, seconds)
        except (StatementRunningError, TransientError) as error:
            raise ClientError(
                f"The warehouse has not finished: {error}. Run the same again later: it is safe."
            ) from error
