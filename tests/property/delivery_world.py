"""The third consumer: Firehose's stager and copier, the real COPY, DDL and merge, with faults that are made up.

`local/firehose` is driven step by step instead of in its threads, so that it can be killed between any two calls.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import ClientError, ReadTimeoutError

from local.firehose.copier import Copier
from local.firehose.metrics import DeliveryMetrics
from local.firehose.model import DeliveryStream, Processor
from local.firehose.stager import Stager
from local.firehose.store import Store
from local.kinesis_reader import Record
from local.redshift.engine import Database
from local.redshift.errors import SqlError
from local.redshift.translate import Compiled, compile_statement, parse
from shared.sinks.delivery import check
from shared.transaction.codec import decode_line
from shared.transaction.schema import FIELDS
from shared.warehouse.merging import merge_statements
from shared.warehouse.migrations import all_statements
from shared.warehouse.sql import DIRECTORY, columns, fill_in
from tests.unit.fakes.events import SHARD
from tests.unit.fakes.faults import client_error
from tests.unit.fakes.shapes import obeys

OPERATIONS = ("GetShardIterator", "GetRecords", "Invoke", "PutObject", "ExecuteStatement", "DescribeStatement")
MOST_STATEMENTS = 200
BUCKET, JSONPATHS = "delivery", columns()["JSONPATHS"]


class Trouble(Enum):
    """What happens to one call of Firehose's."""

    NONE = "it is carried out"
    THROTTLED = "refused; nothing was done"
    TIMED_OUT = "no answer came; nothing was done"
    LOST_ANSWER = "all was done, no answer came"
    KILLED_BEFORE = "Firehose is killed instead"
    KILLED_AFTER = "Firehose is killed once it is done"


class KilledError(BaseException):
    """kill -9: nothing may catch it."""


class Warehouse:
    """The tables in DuckDB, behind the SQL of redshift/. One for all examples: `clear` empties it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="swipeline-property-"))
        self._database = Database(self._folder / "swipeline.duckdb")
        self._merge = [compile_statement(parse(sql)) for sql in merge_statements()]
        self.run([compile_statement(parse(sql)) for sql in all_statements()])

    def run(self, statements: Sequence[Compiled], objects: Any = None) -> list[list[Any]]:
        """Run statements as one transaction; the rows of the last query. Raises SqlError, and then nothing was done."""
        with self._database.session() as session:
            session.begin()
            try:
                for statement in statements:
                    _, result = session.run(statement, 1, objects)
            except SqlError:
                session.rollback()
                raise
            session.commit(str(uuid.uuid4()))
            return [] if result is None else [row for page in result.pages for row in _rows(json.loads(page))]

    def merge(self) -> None:
        """One pass of merge-warehouse."""
        self.run(self._merge)

    def column(self, sql: str) -> list[Any]:
        """The first column of a query."""
        return [row[0] for row in self.run([compile_statement(parse(sql))])]

    def clear(self) -> None:
        for table in ("staging.transaction", "core.transaction", "core.customer", "core.merchant", "core.superseded"):
            self.run([compile_statement(parse(f"DELETE FROM {table}"))])

    def close(self) -> None:
        self._database.close()
        shutil.rmtree(self._folder)


class Delivery:
    """A delivery stream on a stream that is all there; a call of Firehose's takes the next trouble of its operation."""

    def __init__(
        self, warehouse: Warehouse, stream: list[Record], troubles: dict[str, list[Trouble]], buffer_bytes: int
    ) -> None:
        self.warehouse, self.stream = warehouse, stream
        self.troubles = {operation: list(planned) for operation, planned in troubles.items()}
        self.objects = {(BUCKET, JSONPATHS): (DIRECTORY / JSONPATHS).read_bytes()}
        self.statements: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        self.settings = _delivery_stream(buffer_bytes)
        self._folder = Path(tempfile.mkdtemp(prefix="swipeline-property-"))
        self._start()

    def step(self, number: int) -> None:
        """Stage (0), copy (1) or merge (2) once, whether or not it succeeds."""
        try:
            if number == 0:
                self._stage()
            elif number == 1:
                self._copier._copy_next()
            else:
                self.warehouse.merge()
        except (ClientError, ReadTimeoutError):
            return
        except KilledError:
            self._start()

    def finish(self) -> None:
        """All troubles are over, or will be: continue until nothing is pending, then merge."""
        for _ in range(sum(map(len, self.troubles.values())) + 2):
            self.step(0)
            self.step(1)
        while self._store.waiting(self.settings.name):
            self.step(1)
        self.warehouse.merge()

    def close(self) -> None:
        self._store.close()
        shutil.rmtree(self._folder)

    def _start(self) -> None:
        """A new process: it knows what the store kept, and nothing else."""
        if hasattr(self, "_store"):
            self._store.close()
        self._store = Store(self._folder / "firehose.sqlite")
        clients: Any = _Clients(self)
        stored = threading.Event()
        sender: Any = _NoMetrics()
        metrics = DeliveryMetrics(sender, self.settings.name)
        self._stager = Stager(clients, self._store, self.settings, stored, metrics)
        self._copier = Copier(clients, self._store, self.settings, stored, metrics)

    def _stage(self) -> None:
        self._stager._look_at_shards()
        found = True
        while found:
            found = self._stager._read()
            self._stager._store_due()

    def call(self, operation: str, effect: Callable[[], Any]) -> Any:
        """Carry out a call, or not, as planned."""
        planned = self.troubles.get(operation)
        trouble = planned.pop(0) if planned else Trouble.NONE
        if trouble is Trouble.KILLED_BEFORE:
            raise KilledError
        if trouble is Trouble.THROTTLED:
            raise client_error(operation, "ThrottlingException", 400)
        if trouble is Trouble.TIMED_OUT:
            raise ReadTimeoutError(endpoint_url="https://aws.test")
        answer = effect()
        if trouble is Trouble.KILLED_AFTER:
            raise KilledError
        if trouble is Trouble.LOST_ANSWER:
            raise ReadTimeoutError(endpoint_url="https://aws.test")
        return answer

    # COPY's view of S3.
    def reader(self, role_arn: str, region: str | None) -> Delivery:
        return self

    def open(self, bucket: str, key: str) -> BinaryIO:
        return io.BytesIO(self.objects[bucket, key])

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        yield from sorted(key for of, key in self.objects if of == bucket and key.startswith(prefix))


class _NoMetrics:
    """Takes metrics and forgets them: here it is the stores that count."""

    def add(self, *_: object) -> None:
        """Forget one."""


class _Clients:
    """`local.clients.Clients` for these tests: every role sees the same AWS."""

    def __init__(self, delivery: Delivery) -> None:
        self._services = {
            "kinesis": _Kinesis(delivery),
            "s3": _S3(delivery),
            "redshift-data": _DataApi(delivery),
            "lambda": _Lambda(delivery),
        }

    def role(self, service: str, role_arn: str) -> Any:
        return self._services[service]

    def root(self, service: str) -> Any:
        return self._services[service]

    def forget_if_stale(self, role_arn: str, error: Exception) -> None:
        return


@obeys("kinesis")
class _Kinesis:
    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        description = {
            "Shards": [{"ShardId": SHARD}],
            "HasMoreShards": False,
            "StreamCreationTimestamp": datetime.now(UTC),
            "RetentionPeriodHours": 24,
        }
        return {"StreamDescription": description}

    def get_shard_iterator(self, *, ShardIteratorType: str, StartingSequenceNumber: str = "0", **_: Any) -> Any:
        after = int(StartingSequenceNumber) if ShardIteratorType == "AFTER_SEQUENCE_NUMBER" else 0
        return self._delivery.call("GetShardIterator", lambda: {"ShardIterator": str(after)})

    def get_records(self, *, ShardIterator: str, Limit: int, **_: Any) -> Any:
        start = int(ShardIterator)
        found = self._delivery.stream[start : start + min(Limit, 3)]
        records = [
            {
                "SequenceNumber": record.sequence_number,
                "PartitionKey": record.partition_key,
                "Data": record.data,
                "ApproximateArrivalTimestamp": datetime.fromtimestamp(record.arrived_at, UTC),
            }
            for record in found
        ]
        answer = {"Records": records, "NextShardIterator": str(start + len(found))}
        return self._delivery.call("GetRecords", lambda: answer)


@obeys("lambda")
class _Lambda:
    """Runs check-delivery's own code on what Firehose asks it."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def invoke(self, *, Payload: bytes, **_: Any) -> Any:
        event = json.loads(Payload)

        def answer() -> dict[str, Any]:
            body = json.dumps({"records": check(event["records"], decode_line).records}).encode()
            return {"StatusCode": 200, "Payload": io.BytesIO(body)}

        return self._delivery.call("Invoke", answer)


@obeys("s3")
class _S3:
    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: Any) -> Any:
        return self._delivery.call("PutObject", lambda: self._delivery.objects.update({(Bucket, Key): Body}))


@obeys("redshift-data")
class _DataApi:
    """ExecuteStatement runs at once; the same ClientToken gives the same statement."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def execute_statement(self, *, Sql: str, ClientToken: str, **_: Any) -> Any:
        return self._delivery.call("ExecuteStatement", lambda: {"Id": self._execute(Sql, ClientToken)})

    def describe_statement(self, *, Id: str) -> Any:
        return self._delivery.call("DescribeStatement", lambda: self._delivery.statements[Id])

    def _execute(self, sql: str, token: str) -> str:
        delivery = self._delivery
        assert len(delivery.statements) < MOST_STATEMENTS, "COPY fails again and again"
        if token not in delivery.tokens:
            statement = delivery.tokens[token] = str(uuid.uuid4())
            try:
                delivery.warehouse.run([compile_statement(parse(sql))], delivery)
                delivery.statements[statement] = {"Status": "FINISHED"}
            except SqlError as error:
                delivery.statements[statement] = {"Status": "FAILED", "Error": str(error)}
        return delivery.tokens[token]


def _rows(page: list[list[dict[str, Any]]]) -> list[list[Any]]:
    return [[None if "isNull" in field else next(iter(field.values())) for field in row] for row in page]


def _delivery_stream(buffer_bytes: int) -> DeliveryStream:
    role = "arn:aws:iam::000000000000:role/delivery"
    options = fill_in((DIRECTORY / "copy_options").read_text().strip(), {"DeliveryBucket": BUCKET})
    return DeliveryStream(
        name="to-warehouse",
        arn="arn:aws:firehose:us-east-1:000000000000:deliverystream/to-warehouse",
        version="1",
        source_arn="arn:aws:kinesis:us-east-1:000000000000:stream/s",
        source_role_arn=role,
        starts_at=0.0,
        bucket=BUCKET,
        bucket_role_arn=role,
        prefix="transactions/",
        error_prefix="errors/",
        gzip=True,
        buffer_bytes=buffer_bytes,
        buffer_seconds=0.0,
        role_arn=role,
        jdbc_url="jdbc:redshift://swipeline-test",
        workgroup="swipeline-test",
        database="swipeline",
        secret_arn=None,
        secret_role_arn=role,
        table="staging.transaction",
        columns=",".join(["schema_version", *(field.name for field in FIELDS)]),
        copy_options=options,
        retry_seconds=3600.0,
        copy_log=None,
        s3_log=None,
        processor=Processor("arn:aws:lambda:us-east-1:000000000000:function:check-delivery", role, 1024 * 1024, 300),
    )
