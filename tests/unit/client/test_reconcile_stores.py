"""`reconcile` without journals: moto for DynamoDB, S3, CloudWatch and logs, DuckDB for the warehouse."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from client.aws import Stage
from client.reconcile.api import api_counts
from client.reconcile.lake import Arrival
from client.reconcile.ledger import Ledger
from client.reconcile.run import Options, reconcile
from client.reconcile.window import Window, read_window
from client.warehouse import query
from shared.sinks.consumer import Position
from shared.sinks.item import to_item
from shared.sinks.lake import object_key
from shared.transaction.schema import Transaction
from tests.unit.client.batch_runs import create_loads, load_run
from tests.unit.client.fake_warehouse import FakeDataApi
from tests.unit.fakes.lake import object_body
from tests.unit.fakes.rows import transaction

STORES = ("dynamodb", "lake", "warehouse")
OUTPUTS = {
    "TableName": "transactions",
    "LakeBucket": "lake",
    "BatchLoadsTableName": "loads",
    "QuarantineBucket": "quarantine",
    "WorkgroupName": "swipeline-local",
    "DatabaseName": "swipeline",
}
NOW = datetime.now(UTC)
TODAY = NOW.date()


class Warehouse(FakeDataApi):
    """It notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[str] = []

    def batch_execute_statement(self, **request: Any) -> dict[str, Any]:
        self.queries += request["Sqls"]
        return super().batch_execute_statement(**request)


class World:
    """A stage of which the tests fill each store as they like."""

    def __init__(self) -> None:
        self.warehouse = Warehouse()
        self.stage = Stage("local")
        for service in ("dynamodb", "s3", "cloudformation", "cloudwatch", "logs"):
            self.stage._clients[service] = boto3.client(service, "us-east-1")
        self.stage._clients["redshift-data"] = self.warehouse
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in OUTPUTS.items()]
        self.stage.__dict__["_stack"] = {"StackId": "arn:stack/1", "Outputs": outputs}
        self.stage.client("dynamodb").create_table(
            TableName="transactions",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=keys("card_id"),
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("card_id", "time_id", "merchant_bucket")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "merchant-time",
                    "KeySchema": keys("merchant_bucket"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        create_loads(self.stage.client("dynamodb"))
        for bucket in ("lake", "quarantine"):
            self.stage.client("s3").create_bucket(Bucket=bucket)
        self.log = "/aws/lambda/swipeline-local-write-to-kinesis"
        self.stage.client("logs").create_log_group(logGroupName=self.log)
        self.stage.client("logs").create_log_stream(logGroupName=self.log, logStreamName="s")
        self._objects = 0

    def table(self, transactions: list[Transaction]) -> None:
        for t in transactions:
            self.stage.client("dynamodb").put_item(TableName="transactions", Item=to_item(t))

    def lake(self, transactions: list[Transaction], day: date = TODAY) -> None:
        self._objects += 1
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        position = Position("shardId-000000000000", str(self._objects), "00", at)
        key = object_key(position, position)
        self.stage.client("s3").put_object(Bucket="lake", Key=key, Body=object_body(transactions))

    def everywhere(self, transactions: list[Transaction]) -> None:
        self.table(transactions)
        self.lake(transactions)
        self.warehouse.load(transactions)

    def batch(self, run: str, transactions: list[Transaction], status: str = "loaded") -> None:
        load_run(self.stage, run, transactions, status)

    def answered(self, **counts: float) -> None:
        """Log an EMF line as write-to-kinesis does."""
        metrics = [{"Name": name, "Unit": "Count"} for name in counts]
        emf = {"_aws": {"CloudWatchMetrics": [{"Namespace": "Swipeline", "Metrics": metrics}]}}
        line = json.dumps(emf | {name: [value] for name, value in counts.items()})
        events = [{"timestamp": int(time.time() * 1000), "message": m} for m in ("START CloudWatchMetrics", line)]
        self.stage.client("logs").put_log_events(logGroupName=self.log, logStreamName="s", logEvents=events)

    def compare(self, begin: str | None = None, end: str | None = None, **more: Any) -> Ledger:
        return reconcile(self.stage, Options(read_window(begin, end, NOW), stores_only=True, **more))


def keys(hash_key: str) -> list[dict[str, str]]:
    return [{"AttributeName": hash_key, "KeyType": "HASH"}, {"AttributeName": "time_id", "KeyType": "RANGE"}]


def made(count: int, first: int = 0, **changes: Any) -> list[Transaction]:
    """Transactions of as many cards, spread over three days from 2020-06-20 on."""
    return [
        transaction(n, **{"trans_date_trans_time": f"2020-06-{20 + n % 3} {n % 24:02d}:00:00", **changes})
        for n in range(first, first + count)
    ]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SWIPELINE_HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield World()


WINDOWS = [(None, None), ("2020-06-20", "2020-06-23"), ("2020-06-01", None)]


@pytest.mark.parametrize(("begin", "end"), WINDOWS)
def test_what_is_in_every_store_once_balances_and_no_id_is_read(
    world: World, begin: str | None, end: str | None
) -> None:
    world.everywhere(made(60))
    world.answered(Received=62, Accepted=60, Rejected=2, Duplicates=0)
    ledger = world.compare(begin, end, arrival=Arrival(date(2020, 1, 1)) if begin else Arrival())
    assert ledger.balanced, ledger.problems
    assert [ledger.hops[store].written for store in STORES] == [60, 60, 60]
    assert (ledger.hops["api"].accepted, ledger.hops["api"].rejected) == (60, 2)
    assert not [sql for sql in world.warehouse.queries if " AS content FROM" in sql]


@pytest.mark.parametrize(("begin", "end"), WINDOWS)
@pytest.mark.parametrize("store", STORES)
def test_what_a_store_lacks_is_counted_and_named(world: World, store: str, begin: str | None, end: str | None) -> None:
    rows = made(60)
    lost = rows[7]
    for name, put in {"dynamodb": world.table, "lake": world.lake, "warehouse": world.warehouse.load}.items():
        put([row for row in rows if name != store or row != lost])
    ledger = world.compare(begin, end)
    assert ledger.problems == [f"{store}: 1 missing"]
    assert ledger.hops[store].missing_ids == [lost.transaction_id]
    assert [ledger.hops[name].written for name in STORES] == [59 if name == store else 60 for name in STORES]


def test_one_lost_and_one_too_many_do_not_cancel_out(world: World) -> None:
    """Equal counts prove nothing: the checksum differs."""
    same_bucket = [transaction(1, trans_num=name) for name in ("a", "b")]
    world.table(same_bucket[:1])
    world.lake(same_bucket[:1])
    world.warehouse.load(same_bucket[1:])
    ledger = world.compare()
    assert ledger.hops["warehouse"].missing_ids == ["a"]
    assert ledger.hops["dynamodb"].missing_ids == ledger.hops["lake"].missing_ids == ["b"]


def test_only_buckets_that_differ_are_read_by_id(world: World) -> None:
    rows = made(60)
    world.table(rows)
    world.lake(rows)
    world.warehouse.load(rows[1:])
    world.compare()
    (detail,) = [sql for sql in world.warehouse.queries if " AS content FROM" in sql]
    assert f"IN ('{rows[0].occurred_at[:13]}{rows[0].card_id[:2]}')" in detail


def test_a_row_that_is_twice_in_the_warehouse_is_a_duplicate(world: World) -> None:
    world.everywhere(made(20))
    world.warehouse.load(made(1))
    assert world.compare().problems == ["warehouse: 1 stored more than once"]


def test_exact_copies_in_the_lake_are_no_duplicates_but_other_contents_are(world: World) -> None:
    world.everywhere(made(20))
    world.lake(made(5))
    ledger = world.compare()
    assert ledger.balanced, ledger.problems
    assert ledger.hops["lake"].more == {"archived_copies": 5}
    world.lake(made(1, amt="9.99"))
    assert world.compare().problems == ["lake: 1 with another content"]


def reads_of_ids(world: World) -> list[str]:
    return [sql for sql in world.warehouse.queries if " AS content FROM" in sql]


@pytest.mark.parametrize(("begin", "end"), WINDOWS)
def test_bulk_history_that_only_the_batch_path_brought_balances_by_counts_alone(
    world: World, begin: str | None, end: str | None
) -> None:
    streamed, batch = made(30), made(40, first=100, trans_date_trans_time="2020-07-12 10:00:00")
    world.everywhere(streamed)
    world.batch("r1", batch)
    world.warehouse.load(batch)
    ledger = world.compare(begin, end)
    assert ledger.balanced, ledger.problems
    assert (ledger.hops["batch"].accepted, ledger.hops["batch"].rejected) == (40, 2)
    assert reads_of_ids(world) == []


def test_a_batch_row_is_missing_from_the_warehouse_alone_and_a_streamed_one_from_each_store(world: World) -> None:
    both = made(6)  # loaded by both paths
    streamed, batch = made(6, first=6), made(60, first=12)
    world.table([*both, *streamed[1:]])
    world.lake([*both, *streamed])
    world.batch("r1", [*both, *batch])
    world.warehouse.load([*both, *streamed, *batch[1:]])
    ledger = world.compare()
    assert ledger.problems == ["dynamodb: 1 missing", "warehouse: 1 missing"]
    assert ledger.hops["dynamodb"].missing_ids == [streamed[0].transaction_id]
    assert ledger.hops["warehouse"].missing_ids == [batch[0].transaction_id]


def test_what_both_paths_brought_must_still_be_in_every_store_that_the_stream_fills(world: World) -> None:
    rows = made(5)
    world.table(rows)
    world.lake(rows[1:])
    world.batch("r1", rows)
    world.warehouse.load(rows)
    assert world.compare().hops["lake"].missing_ids == [rows[0].transaction_id]


def test_a_row_that_two_runs_brought_is_no_duplicate(world: World) -> None:
    rows = made(5)
    world.batch("r1", rows)
    world.batch("r2", rows[:2])
    world.warehouse.load(rows)
    assert world.compare().balanced


def test_a_window_leaves_all_else_out(world: World) -> None:
    world.everywhere(made(60))
    world.table(made(1, first=60, trans_date_trans_time="2020-06-23 00:00:00"))  # the first moment after
    ledger = world.compare("2020-06-20", "2020-06-23")
    assert ledger.balanced, ledger.problems
    inside = world.compare("2020-06-21T00:00", "2020-06-22T00:00")
    assert [inside.hops[store].written for store in STORES] == [20, 20, 20]
    assert not world.compare("2020-06-20", "2020-06-23T00:00:00.001").balanced


def test_only_a_scan_sees_what_the_table_has_of_a_merchant_whom_nobody_else_knows(world: World) -> None:
    world.everywhere(made(10))
    world.table(made(1, first=50, merchant="fraud_Unheard of"))
    by_index = world.compare("2020-06-20", "2020-06-23")
    assert by_index.balanced
    assert "--scan also finds" in by_index.notes[0]
    assert world.compare("2020-06-20", "2020-06-23", scan=True).problems == ["lake: 1 missing", "warehouse: 1 missing"]


def test_the_lake_is_read_for_the_days_of_arrival_alone(world: World) -> None:
    world.everywhere(made(10))
    world.lake(made(10), day=date(2019, 1, 1))
    ledger = world.compare(arrival=Arrival(date(2019, 1, 2), NOW.date() + timedelta(days=1)))
    assert ledger.balanced
    assert "archived_copies" not in ledger.hops["lake"].more


def test_what_the_api_accepted_and_the_lake_never_archived_is_a_problem(world: World) -> None:
    world.everywhere(made(10))
    world.answered(Received=11, Accepted=11, Rejected=0, Duplicates=0)
    assert world.compare().problems == ["API: 11 accepted by the function's log, 10 lines in the lake"]


def test_without_any_count_of_the_api_that_is_said(world: World) -> None:
    world.everywhere(made(10))
    assert "the API's counts are not available" in world.compare().notes[1]


def test_rows_in_staging_are_distinguished(world: World) -> None:
    world.table(made(5))
    world.lake(made(5))
    world.warehouse.load(made(5), schema="staging")
    ledger = world.compare()
    assert ledger.hops["warehouse"].more == {"staged": 5}
    assert ledger.problems == ["warehouse: 5 missing"]


def test_an_empty_stage_balances(world: World) -> None:
    assert world.compare().balanced


def test_on_aws_the_api_is_counted_by_cloudwatch(world: World) -> None:
    stage = Stage("dev")
    stage._clients = world.stage._clients
    dimensions = [
        {"Name": name, "Value": value}
        for name, value in (
            ("service", "swipeline"),
            ("function_name", "swipeline-dev-write-to-kinesis"),
            ("stage", "dev"),
        )
    ]
    for name, value in (("Received", 12), ("Accepted", 10), ("Accepted", 5), ("Rejected", 2)):
        datum = {"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": datetime.now(UTC)}
        stage.client("cloudwatch").put_metric_data(Namespace="Swipeline", MetricData=[datum])
    counts = api_counts(stage, Arrival(), datetime.now(UTC) + timedelta(hours=1))
    assert counts.hop is not None
    assert (counts.source, counts.hop.accepted, counts.hop.rejected) == ("CloudWatch", 15, 2)
    before = api_counts(stage, Arrival(end=NOW.date() - timedelta(days=2)), datetime.now(UTC))
    assert before.hop is None


def test_on_aws_the_warehouse_is_asked_as_its_loader_since_an_operators_role_owns_no_table() -> None:
    asked: list[dict[str, Any]] = []

    class DataApi(FakeDataApi):
        def batch_execute_statement(self, *, SecretArn: str = "", **request: Any) -> dict[str, Any]:
            asked.append({"SecretArn": SecretArn})
            return super().batch_execute_statement(**request)

    for name, secret in (("dev", "arn:secret"), ("local", "")):
        stage = Stage(name)
        stage._clients["redshift-data"] = DataApi()
        outputs = [
            {"OutputKey": k, "OutputValue": v} for k, v in {**OUTPUTS, "WarehouseAdminSecretArn": "arn:secret"}.items()
        ]
        stage.__dict__["_stack"] = {"StackId": "arn:stack/1", "Outputs": outputs}
        assert list(query(stage, "SELECT COUNT(*) FROM core.transaction")) == [[0]]
        assert asked[-1] == {"SecretArn": secret}


def test_the_window_is_given_in_any_zone_and_as_days() -> None:
    assert read_window("2020-06-20", "2020-06-21T02:00+02:00", NOW) == Window(
        "2020-06-20T00:00:00.000Z", "2020-06-21T00:00:00.000Z"
    )
