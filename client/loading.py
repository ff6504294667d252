"""Loads what a manifest names into the warehouse, and merges it: the step that a replay and a redrive share."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from client.aws import Stage
from client.errors import ClientError
from shared.errors import TransientError
from shared.transaction.schema import FIELDS
from shared.warehouse.data_api import Row, StatementFailedError, StatementRunningError, Warehouse
from shared.warehouse.merging import MergeResult, read_result
from shared.warehouse.sql import fill_in, read_statements

COPY_SECONDS = 1800.0
MERGE_SECONDS = 900.0
LAKE_OPTIONS = "JSON 'auto' GZIP TIMEFORMAT 'auto' DATEFORMAT 'auto'"  # objects whose names are the columns'
_COPY = (
    "COPY staging.transaction ({columns}) FROM 's3://${{DeliveryBucket}}/${{Manifest}}' "
    "IAM_ROLE '${{CopyRole}}' MANIFEST {options}"
)
_TRIES = 5  # of a merge that met the scheduled one
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
        self._firehose, self._delivery = stage.client("firehose"), stage.output("DeliveryStreamName")
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
        self._copy(manifest, ", ".join(field.name for field in FIELDS), LAKE_OPTIONS)

    def copy_delivered(self, manifest: str) -> None:
        """COPY Firehose's objects that a manifest of its bucket names, as Firehose would. Raises likewise."""
        stream = self._firehose.describe_delivery_stream(DeliveryStreamName=self._delivery)
        (destination,) = stream["DeliveryStreamDescription"]["Destinations"]
        command = destination["RedshiftDestinationDescription"]["CopyCommand"]
        self._copy(manifest, command["DataTableColumns"], command["CopyOptions"])

    def _copy(self, manifest: str, columns: str, options: str) -> None:
        sql = fill_in(_COPY.format(columns=columns, options=options), {**self._names, "Manifest": manifest})
        self._run("operator-copy", [sql], COPY_SECONDS)

    def merge(self) -> MergeResult:
        """Merge staging into core; a conflict with the scheduled merge is tried again. Raises as the copies do."""
        for attempt in range(1, _TRIES + 1):
            try:
                return read_result(self._run("operator-merge", read_statements("merge.sql"), MERGE_SECONDS))
            except StatementFailedError as error:
                if attempt == _TRIES or not any(word in str(error).lower() for word in _CONFLICTS):
                    raise
                self._sleep(self._jitter(0, 2.0**attempt))
        raise AssertionError("unreachable")

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
