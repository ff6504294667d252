"""Deliveries, their events and merge-warehouse, on the real warehouse: events are lost and doubled, runs are killed."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from benchmarks.warehouse import Own
from glue.rows import _column
from glue.table import TRANSACTION_ARROW
from handlers import merge_warehouse
from shared.transaction.schema import Transaction
from shared.warehouse.data_api import Warehouse
from shared.warehouse.deliveries import MergeQueue
from shared.warehouse.loads import Loads
from shared.warehouse.marts import Marts, rebuild
from shared.warehouse.merge_run import Pieces
from shared.warehouse.merging import Merge
from tests.unit.fakes.events import Context
from tests.unit.fakes.shapes import obeys

SCHEDULED = {"source": "aws.events"}
TABLES = ("core.transaction", "core.customer", "core.merchant", "core.superseded", "staging.transaction")
_NUMBERS = itertools.count()  # no two deliveries have the same object
Kill = tuple[str, bool]  # at which call, and whether it is carried out


class KilledError(BaseException):
    """kill -9: nothing may catch it."""


class Process:
    """A run of the function: killed at a call, it makes no other one."""

    def __init__(self, kill: Kill | None) -> None:
        self._kill, self.dead = kill, False

    def call(self, name: str, do: Callable[..., Any], **parameters: Any) -> Any:
        if self.dead:
            raise KilledError
        self.dead = self._kill is not None and self._kill[0] == name
        if self.dead and not (self._kill and self._kill[1]):
            raise KilledError
        answer = do(**parameters)
        if self.dead:
            raise KilledError
        return answer


@obeys("redshift-data")
class DataApi:
    """The warehouse's client in a process; a statement that was submitted runs on without it."""

    def __init__(self, client: Any, process: Process) -> None:
        self._client, self._process = client, process

    def batch_execute_statement(self, **given: Any) -> Any:
        return self._process.call(given["StatementName"], self._client.batch_execute_statement, **given)

    def describe_statement(self, **given: Any) -> Any:
        return self._process.call("describe", self._client.describe_statement, **given)

    def get_statement_result(self, **given: Any) -> Any:
        return self._process.call("result", self._client.get_statement_result, **given)

    def cancel_statement(self, **given: Any) -> Any:
        return self._process.call("cancel", self._client.cancel_statement, **given)


@obeys("s3")
class Objects:
    """The delivery bucket."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self._objects = objects

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self._objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self._objects[Key])}

    def list_objects_v2(self, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:
        return {"KeyCount": min(MaxKeys, sum(key.startswith(Prefix) for key in self._objects))}


@obeys("sqs")
class Visibility:
    """The queue's client in a process: all messages are visible again at once, whatever they wait for."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def change_message_visibility_batch(self, **given: Any) -> Any:
        return self._process.call("see-again", lambda **_: {"Successful": []}, **given)


class Stage:
    """A warehouse with its deliveries, and the messages that announce them."""

    def __init__(self, own: Own, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._own, self._folder, self._patch = own, folder, patch
        own.run(*(f"DELETE FROM {table}" for table in TABLES))
        rebuild(own.warehouse, 60)
        self.objects: dict[str, bytes] = {}
        self.messages: dict[str, tuple[str, int]] = {}  # by id: body, how often it was received

    def deliver(self, rows: list[Transaction], events: int = 1) -> None:
        """Put a manifest, load what it names, and announce it ``events`` times: 0, the event is lost."""
        number = len(self.objects)
        path = self._folder / f"{id(self)}-{number}.parquet"
        columns = [
            _column(values, f.type) for values, f in zip(zip(*rows, strict=True), TRANSACTION_ARROW, strict=True)
        ]
        pq.write_table(pa.Table.from_arrays(columns, schema=TRANSACTION_ARROW), path)
        key = f"manifests/{datetime.now(UTC):%Y/%m/%d/%H}/{number}"
        url = f"s3://files{path.resolve()}"
        self.objects[key] = json.dumps({"entries": [{"url": url, "mandatory": True}]}).encode()
        self._own.stage(path)
        body = json.dumps({"Records": [{"s3": {"bucket": {"name": "delivery"}, "object": {"key": key}}}]})
        for again in range(events):
            self.messages[f"{number}-{again}"] = (body, 0)

    def run(self, event: dict[str, Any] | None = None, kill: Kill | None = None) -> bool:
        """Run merge-warehouse for all messages, or another event; say whether it was killed. It is a new container."""
        process = Process(kill)
        client: Any = DataApi(self._own.client, process)
        warehouse = Warehouse(client, "swipeline-local", "swipeline", sleep=lambda _: None)
        loads = Loads(warehouse, Objects(self.objects), "delivery")
        queue = MergeQueue(Visibility(process), "https://queue")
        pieces = Pieces(loads, Merge(warehouse), lambda _: 0, Marts(warehouse), queue, 15)
        self._patch.setattr(merge_warehouse, "pieces", lambda: pieces)
        self.messages = {name: (body, receives + 1) for name, (body, receives) in self.messages.items()}
        records = [
            {
                "messageId": name,
                "receiptHandle": name,
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "eventSource": "aws:sqs",
            }
            for name, (body, receives) in self.messages.items()
        ]
        try:
            answer = merge_warehouse.handler(event or {"Records": records}, Context(remaining_ms=63_000))
        except KilledError:
            return True  # no message is deleted
        if event is None:
            kept = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            self.messages = {name: found for name, found in self.messages.items() if name in kept}
        return False

    def drain(self) -> None:
        """Run until no message is left, as the event source mapping does."""
        for _ in range(5):
            if not self.messages:
                return
            self.run()
        raise AssertionError(f"{len(self.messages)} messages are never done")

    def ids(self, table: str) -> list[str]:
        """The transactions of a table, sorted; what comes twice is there twice."""
        return [str(row["transaction_id"]) for row in self._own.run(f"SELECT transaction_id FROM {table} ORDER BY 1")]
