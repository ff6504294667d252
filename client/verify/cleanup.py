"""Deletes everything that a run has put into the stage, by the run's merchant, cards and IDs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.errors import ClientError
from client.quarantine.entries import REDRIVEN
from client.verify.batch import Load
from client.verify.hops import items, lake_objects
from client.verify.line import CheckFailedError, listed
from client.verify.observed import Rotation
from client.verify.run import Run
from shared.sinks.merchants import folded, months_part, name_part
from shared.warehouse.data_api import StatementFailedError, StatementRunningError, Warehouse

_MOST_OBJECTS = 1000


class Cleanup:
    """Each part is tried even if others fail. Safe to repeat."""

    def __init__(self, run: Run, rotation: Rotation | None, load: Load | None) -> None:
        self._run, self._rotation, self._load = run, rotation, load

    def clean(self) -> str:
        """Delete; say what is left behind. Raises CheckFailedError with what could not be deleted."""
        problems: list[str] = []
        parts: list[tuple[str, Callable[[], None]]] = [
            ("the card key", self._card_key),
            ("DynamoDB", self._tables),
            ("S3", self._objects),
            ("the warehouse", self._warehouse),
        ]
        for title, part in parts:
            try:
                part()
            except (AwsError, BotoCoreError, ClientError, StatementFailedError, StatementRunningError) as error:
                problems.append(f"{title}: {error}")
        if problems:
            raise CheckFailedError(
                listed(problems), f"run {self._run.sample.run_id} left rows of merchant {self._run.sample.merchant}"
            )
        return "the run's rows, objects, alerts, profiles and card key are gone; buffered files expire by themselves"

    def _card_key(self) -> None:
        if self._rotation:
            self._rotation.take_back()

    def _tables(self) -> None:
        output, dynamodb, sample = self._run.stage.output, self._run.stage.client("dynamodb"), self._run.sample
        found = list(items(self._run))
        cards = {item["card_id"]["S"] for item in found}
        self._delete(output("TableName"), ({name: item[name] for name in ("card_id", "time_id")} for item in found))
        self._delete(output("ProfilesTableName"), ({"card_id": {"S": card}} for card in cards))
        self._delete(output("AlertsTableName"), self._alerts(dynamodb, cards))
        name = folded(sample.merchant)
        for part, begins in ((name_part(name), name), (months_part(sample.merchant_id), "")):
            condition = "part = :part" + (" AND begins_with(sort, :sort)" if begins else "")
            values = {":part": {"S": part}} | ({":sort": {"S": begins}} if begins else {})
            pages = dynamodb.get_paginator("query").paginate(
                TableName=output("MerchantsTableName"),
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
            keys = [{k: item[k] for k in ("part", "sort")} for page in pages for item in page["Items"]]
            self._delete(output("MerchantsTableName"), iter(keys))
        if self._load and self._load.run_id:
            bucket = output("RawBucket")
            scan = dynamodb.get_paginator("scan").paginate(
                TableName=output("BatchLoadsTableName"),
                FilterExpression="#load = :run OR begins_with(#load, :file)",
                ExpressionAttributeNames={"#load": "load"},
                ExpressionAttributeValues={
                    ":run": {"S": f"run#{self._load.run_id}"},
                    ":file": {"S": f"s3://{bucket}/{self._load.key}#"},
                },
            )
            keys = [{"load": item["load"]} for page in scan for item in page["Items"]]
            self._delete(output("BatchLoadsTableName"), iter(keys))

    def _alerts(self, dynamodb: Any, cards: set[str]) -> Iterator[dict[str, Any]]:
        for card in sorted(cards):
            pages = dynamodb.get_paginator("query").paginate(
                TableName=self._run.stage.output("AlertsTableName"),
                IndexName="card-time",
                KeyConditionExpression="card_id = :card",
                ExpressionAttributeValues={":card": {"S": card}},
            )
            for page in pages:
                yield from ({"transaction_id": item["transaction_id"]} for item in page["Items"])

    def _delete(self, table: str, keys: Iterator[dict[str, Any]]) -> None:
        dynamodb, wanted = self._run.stage.client("dynamodb"), [{"DeleteRequest": {"Key": key}} for key in keys]
        while wanted:
            answer = dynamodb.batch_write_item(RequestItems={table: wanted[:25]})
            wanted = answer.get("UnprocessedItems", {}).get(table, []) + wanted[25:]

    def _objects(self) -> None:
        output, sample = self._run.stage.output, self._run.sample
        ours = [
            key
            for key, lines in lake_objects(self._run)
            if lines and all(line["merchant_id"] == sample.merchant_id for line in lines)
        ]
        if self._load and self._load.run_id:
            run_id = self._load.run_id
            for prefix in (f"batch/run={run_id}/", f"batch-manifests/{run_id}", f"batch-rejects/run={run_id}/"):
                ours += self._listed(output("LakeBucket"), prefix)
            self._remove(output("RawBucket"), [self._load.key])
        self._remove(output("LakeBucket"), ours)
        mark = f"verify-{sample.run_id}-poison".encode()
        s3, bucket = self._run.stage.client("s3"), output("QuarantineBucket")
        began = sample.began.timestamp() - 1
        poison = []
        for prefix in (f"{REDRIVEN}quarantine/", "quarantine/"):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                recent = [o["Key"] for o in page.get("Contents", []) if o["LastModified"].timestamp() >= began]
                poison += [key for key in recent if self._holds(bucket, key, mark)]
        self._remove(bucket, poison)

    def _holds(self, bucket: str, key: str, mark: bytes) -> bool:
        from client.quarantine.lines import parse

        body = self._run.stage.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return mark in parse(body, key)["data"]

    def _listed(self, bucket: str, prefix: str) -> list[str]:
        pages = self._run.stage.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _remove(self, bucket: str, keys: list[str]) -> None:
        for begin in range(0, len(keys), _MOST_OBJECTS):
            part = [{"Key": key} for key in keys[begin : begin + _MOST_OBJECTS]]
            answer = self._run.stage.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": part, "Quiet": True})
            if answer.get("Errors"):
                raise ClientError(f"S3 refused to delete {answer['Errors'][0]['Key']}")

    def _warehouse(self) -> None:
        stage, merchant = self._run.stage, self._run.sample.merchant_id
        customers = f"first_name = 'Verify' AND last_name LIKE 'Run {self._run.sample.run_id} %'"
        statements = [
            "LOCK staging.transaction",
            f"DELETE FROM mart.purchase WHERE merchant_id = '{merchant}'",  # noqa: S608  hex digits
            f"DELETE FROM refresh.customer WHERE customer_id IN (SELECT customer_id FROM core.customer WHERE {customers})",  # noqa: E501, S608
            f"DELETE FROM core.customer WHERE {customers}",  # noqa: S608
            *(
                f"DELETE FROM {table} WHERE merchant_id = '{merchant}'"  # noqa: S608
                for table in ("core.transaction", "core.merchant", "core.alert", "staging.transaction")
            ),
        ]
        target = (stage.output("WorkgroupName"), stage.output("DatabaseName"))
        Warehouse(stage.client("redshift-data"), *target, stage.warehouse_secret).run("verify", statements, 120.0)
