"""`reconcile` over moto's DynamoDB and S3 and a fake warehouse: what balances, and what is named when it does not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from client.aws import Stage
from client.errors import ClientError
from client.reconcile.ledger import Hop, Ledger
from client.reconcile.run import Options, reconcile
from client.reconcile.show import ledger_table
from client.send.journal import Journal
from shared.sinks.item import to_item
from shared.transaction.content import digest
from shared.transaction.schema import FIELDS, Field, Transaction
from tests.unit.client.batch_runs import create_loads, load_run
from tests.unit.client.fake_warehouse import FakeDataApi
from tests.unit.fakes.lake import object_body
from tests.unit.fakes.rows import transaction

OUTPUTS = {
    "TableName": "transactions",
    "LakeBucket": "lake",
    "BatchLoadsTableName": "loads",
    "QuarantineBucket": "quarantine",
    "WorkgroupName": "swipeline-local",
    "DatabaseName": "swipeline",
}


class World:
    """A stage of which the tests fill each store as they like."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.warehouse = FakeDataApi()
        self.stage = Stage("local")
        for service in ("dynamodb", "s3", "cloudformation", "cloudwatch", "logs"):
            self.stage._clients[service] = boto3.client(service, "us-east-1")
        self.stage._clients["redshift-data"] = self.warehouse
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in OUTPUTS.items()]
        self.stage.__dict__["_stack"] = {"StackId": "arn:stack/1", "Outputs": outputs}
        self.dynamodb, self.s3 = self.stage.client("dynamodb"), self.stage.client("s3")
        self.dynamodb.create_table(
            TableName="transactions",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "card_id", "KeyType": "HASH"},
                {"AttributeName": "time_id", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("card_id", "time_id")],
        )
        create_loads(self.dynamodb)
        for bucket in ("lake", "quarantine"):
            self.s3.create_bucket(Bucket=bucket)
        self._objects = 0
        self.stage.client("logs").create_log_group(logGroupName="/aws/lambda/swipeline-local-write-to-kinesis")

    def sent(self, file: Path, ids: list[str | None], complete: bool = True) -> None:
        """Journal a file's rows as acknowledged: None for a rejected one."""
        import hashlib

        name = hashlib.sha256(file.read_bytes()).hexdigest()
        with Journal.open(self.stage.journals / f"{name}.sqlite") as journal:
            journal.record(range(len(ids)), ids, {at: [("amt", "negative")] for at, i in enumerate(ids) if not i})
            journal.describe(file=str(file), **({"rows": str(len(ids))} if complete else {}))

    def table(self, *ids: str, **changes: Any) -> None:
        for identity in ids:
            self.dynamodb.put_item(TableName="transactions", Item=to_item(made(identity, **changes)))

    def lake(self, *ids: str, **changes: Any) -> None:
        self._objects += 1
        self.last_object = f"transactions/ingest_date=2026-01-01/{self._objects}.ndjson.gz"
        body = object_body(made(identity, **changes) for identity in ids)
        self.s3.put_object(Bucket="lake", Key=self.last_object, Body=body)

    def everywhere(self, *ids: str) -> None:
        self.table(*ids)
        self.lake(*ids)
        self.warehouse.put(*ids)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SWIPELINE_HOME", str(tmp_path / "home"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield World(tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.csv"
    path.write_text("content of the file")
    return path


def made(identity: str, **changes: Any) -> Transaction:
    """The transaction of an id: as the fake warehouse puts it."""
    return (
        transaction(0)
        ._replace(transaction_id=identity, category="travel", amount=Decimal("2.50"), is_fraud=False)
        ._replace(**changes)
    )


def ids(count: int, prefix: str = "t") -> list[str]:
    return [f"{prefix}{i:04d}" for i in range(count)]


def test_what_is_in_every_store_once_balances(world: World, file: Path) -> None:
    world.sent(file, [*ids(50), None, None])
    world.everywhere(*ids(50))
    ledger = reconcile(world.stage)
    assert ledger.balanced
    api = ledger.hops["api"]
    assert (api.received, api.accepted, api.rejected, api.written) == (52, 50, 2, 50)
    for store in ("dynamodb", "lake", "warehouse"):
        hop = ledger.hops[store]
        assert (hop.received, hop.written, hop.missing, hop.duplicates, hop.unexpected) == (50, 50, 0, 0, 0)


@pytest.mark.parametrize("store", ["dynamodb", "lake", "warehouse"])
def test_what_a_store_lacks_is_counted_and_named(world: World, file: Path, store: str) -> None:
    world.sent(file, list(ids(60)))
    fill: dict[str, Callable[..., None]] = {
        "dynamodb": world.table,
        "lake": world.lake,
        "warehouse": world.warehouse.put,
    }
    for name, put in fill.items():
        put(*(ids(60) if name != store else ids(60)[25:]))
    ledger = reconcile(world.stage)
    assert ledger.problems == [f"{store}: 25 missing"]
    assert ledger.hops[store].missing == 25
    assert ledger.hops[store].missing_ids == ids(60)[:20]


def test_an_id_that_is_stored_twice_is_a_duplicate(world: World, file: Path) -> None:
    world.sent(file, list(ids(5)))
    world.everywhere(*ids(5))
    world.table("t0001", card_id="a" * 32)
    world.warehouse.put("t0002", "t0002")
    ledger = reconcile(world.stage)
    assert [ledger.hops[s].duplicates for s in ("dynamodb", "lake", "warehouse")] == [1, 0, 2]
    assert not ledger.balanced


def test_exact_copies_in_the_lake_are_no_duplicates_but_other_contents_are(world: World, file: Path) -> None:
    world.sent(file, list(ids(5)))
    world.everywhere(*ids(5))
    world.lake(*ids(3))
    ledger = reconcile(world.stage)
    assert ledger.balanced
    assert ledger.hops["lake"].more == {"archived_copies": 3}
    world.lake("t0004", amount=Decimal("9.99"))
    ledger = reconcile(world.stage)
    assert ledger.problems == ["lake: 1 with another content"]
    assert [(one.identity, one.fields) for one in ledger.hops["lake"].differences] == [("t0004", ["amount"])]
    digest_of_it = digest(made("t0004", amount=Decimal("9.99")))
    world.warehouse.database.execute("INSERT INTO core.superseded VALUES (?)", [digest_of_it])
    ledger = reconcile(world.stage)
    assert ledger.balanced
    assert ledger.hops["lake"].more == {"archived_copies": 3, "superseded": 1}


def changed(field: Field) -> Any:
    """Another value of a field, that a person might have put there."""
    if field.type in (int, float, Decimal):
        return field.type("7")
    if field.type is bool:
        return True
    return {"occurred_at": "2020-06-21T12:00:01.000Z", "date_of_birth": "1979-02-27"}.get(field.name, "9")


@pytest.mark.parametrize("field", [f for f in FIELDS if f.name != "transaction_id"], ids=lambda field: field.name)
def test_a_field_that_was_changed_by_hand_is_named_with_its_id_and_store(
    world: World, file: Path, field: Field
) -> None:
    world.sent(file, list(ids(4)))
    world.everywhere(*ids(4))
    value = changed(field)
    shown = value.removesuffix("Z") if field.name in ("occurred_at", "corrected_at") else value
    if field.name == "corrected_at":
        value, shown = "2026-01-01T00:00:00.000Z", "2026-01-01 00:00:00"
    statement = f"UPDATE core.transaction SET {field.name} = ? WHERE transaction_id = 't0002'"
    world.warehouse.database.execute(statement, [shown])
    found = reconcile(world.stage)
    assert named(found) == [("warehouse", "t0002", field.name)]
    world.warehouse.database.execute("DELETE FROM core.transaction WHERE transaction_id = 't0002'")
    world.warehouse.put("t0002")
    tag = {str: "S", bool: "BOOL"}.get(field.type, "N")
    item = to_item(made("t0002")) | {field.name: {tag: value if tag == "BOOL" else str(value)}}
    if field.name != "card_id":  # a key, which nobody can change
        world.dynamodb.put_item(TableName="transactions", Item=item)
        assert ("dynamodb", "t0002", field.name) in named(reconcile(world.stage))
    world.table("t0002")
    body = gzip.decompress(world.s3.get_object(Bucket="lake", Key=world.last_object)["Body"].read()).splitlines()
    lines = [json.loads(line) for line in body]
    lines[2][field.name] = str(value) if field.type is Decimal else value
    text = "".join(json.dumps(line) + "\n" for line in lines)
    world.s3.put_object(Bucket="lake", Key=world.last_object, Body=gzip.compress(text.encode()))
    assert named(reconcile(world.stage)) == [("lake", "t0002", field.name)]


def named(ledger: Ledger) -> list[tuple[str, str, str]]:
    return [
        (store, one.identity, field)
        for store, hop in ledger.hops.items()
        for one in hop.differences
        for field in one.fields
    ]


def test_what_no_journal_knows_is_foreign(world: World, file: Path) -> None:
    world.sent(file, list(ids(5)))
    world.everywhere(*ids(5), *ids(3, "x"))
    ledger = reconcile(world.stage)
    assert [ledger.hops[store].unexpected for store in ("dynamodb", "lake", "warehouse")] == [3, 3, 3]
    assert not ledger.balanced
    assert reconcile(world.stage, Options(allow_foreign=True)).balanced


BATCH = [made(identity) for identity in ids(30, "b")]


def test_what_the_batch_path_loaded_belongs_to_the_warehouse_alone(world: World, file: Path) -> None:
    world.sent(file, list(ids(50)))
    world.everywhere(*ids(50))
    load_run(world.stage, "r1", [*BATCH, made(ids(1)[0])])  # one that the stream has too
    world.warehouse.put(*ids(30, "b"))
    ledger = reconcile(world.stage)
    assert ledger.balanced, ledger.problems
    assert [ledger.hops[store].unexpected for store in ("dynamodb", "lake", "warehouse")] == [0, 0, 0]
    batch = ledger.hops["batch"]
    assert (batch.received, batch.accepted, batch.rejected) == (33, 31, 2)
    assert "batch" not in reconcile(world.stage, Options(file=str(file))).hops


def test_what_the_batch_path_loaded_and_the_warehouse_lacks_is_named(world: World, file: Path) -> None:
    world.sent(file, list(ids(5)))
    world.everywhere(*ids(5))
    load_run(world.stage, "r1", BATCH)
    world.warehouse.put(*ids(30, "b")[1:])
    ledger = reconcile(world.stage)
    assert ledger.problems == ["warehouse: 1 missing"]
    assert ledger.hops["warehouse"].missing_ids == ["b0000"]


def test_a_run_that_never_ended_excuses_nothing(world: World, file: Path) -> None:
    world.sent(file, list(ids(5)))
    world.everywhere(*ids(5))
    load_run(world.stage, "r1", BATCH, status="transformed")
    world.warehouse.put("b0000")
    assert reconcile(world.stage).hops["warehouse"].unexpected == 1


def test_with_a_file_only_its_transactions_are_looked_at(world: World, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("another content")
    world.sent(file, list(ids(30)))
    world.sent(other, list(ids(10, "x")))
    world.everywhere(*ids(30), *ids(10, "x"))
    world.table("x0001", card_id="a" * 32)
    ledger = reconcile(world.stage, Options(file=str(file)))
    assert ledger.balanced
    assert [ledger.hops[s].received for s in ("dynamodb", "lake", "warehouse")] == [30, 30, 30]
    assert reconcile(world.stage, Options(file=str(other))).problems == [
        "dynamodb: 1 with another content",
        "dynamodb: 1 stored more than once",
    ]


def test_rows_of_two_files_that_share_an_id_are_one_transaction(world: World, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("another content")
    world.sent(file, list(ids(10)))
    world.sent(other, [*ids(10)[8:], "x"])
    world.everywhere(*ids(10), "x")
    ledger = reconcile(world.stage)
    api = ledger.hops["api"]
    assert (api.accepted, api.written, api.duplicates) == (13, 11, 2)
    assert ledger.balanced


def test_quarantined_objects_and_rows_in_staging_are_counted(world: World, file: Path) -> None:
    world.sent(file, list(ids(5)))
    world.everywhere(*ids(5))
    for key in ("quarantine/write-to-s3/date=2026-01-01/a.json", "aws/lambda/m/b", "elsewhere/c"):
        world.s3.put_object(Bucket="quarantine", Key=key, Body=b"{}")
    world.warehouse.put("t0001", schema="staging")
    ledger = reconcile(world.stage)
    assert ledger.hops["quarantine"].quarantined == 2
    assert ledger.hops["warehouse"].more == {"staged": 1}
    assert ledger.balanced


def test_a_file_that_was_never_sent_or_not_to_its_end_is_no_proof(world: World, file: Path) -> None:
    with pytest.raises(ClientError, match="was not sent to stage local from here"):
        reconcile(world.stage, Options(file=str(file)))
    world.sent(file, list(ids(5)), complete=False)
    world.everywhere(*ids(5))
    ledger = reconcile(world.stage, Options(file=str(file)))
    assert not ledger.balanced
    assert "send --resume" in ledger.problems[0]
    assert reconcile(world.stage).balanced


def test_another_deployment_of_the_stage_has_journals_of_its_own(world: World, file: Path) -> None:
    world.sent(file, list(ids(5)))
    world.stage.__dict__["_stack"]["StackId"] = "arn:stack/2"
    assert reconcile(world.stage).hops["api"].accepted == 0


def test_waiting_ends_when_the_last_store_has_caught_up(world: World, file: Path) -> None:
    world.sent(file, list(ids(20)))
    world.everywhere(*ids(20)[:-1])
    late: dict[str, Callable[..., None]] = {
        "dynamodb": world.table,
        "lake": world.lake,
        "warehouse": world.warehouse.put,
    }

    def report(name: str, hop: Hop | None) -> None:
        if name in late:
            late.pop(name)("t0019")

    ledger = reconcile(world.stage, wait=60.0, report=report)
    assert ledger.balanced
    assert not late
    seconds = {name: ledger.hops[name].seconds for name in ("dynamodb", "lake", "warehouse")}
    assert None not in seconds.values()


def test_a_store_that_is_unavailable_for_a_while_is_waited_for(world: World, file: Path) -> None:
    world.sent(file, list(ids(5)))
    world.everywhere(*ids(5))
    rename = "ALTER TABLE core.{} RENAME TO {}".format
    world.warehouse.database.execute(rename("transaction", "away"))

    def report(name: str, hop: Hop | None) -> None:
        if hop is None:
            world.warehouse.database.execute(rename("away", "transaction"))

    assert reconcile(world.stage, wait=60.0, report=report).balanced
    world.warehouse.database.execute(rename("transaction", "away"))
    with pytest.raises(ClientError, match="The warehouse refused a query"):
        reconcile(world.stage, wait=0.3)


def test_waiting_for_what_never_comes_ends_with_what_is_missing(world: World, file: Path) -> None:
    world.sent(file, list(ids(3)))
    ledger = reconcile(world.stage, wait=0.3)
    assert ledger.hops["lake"].missing_ids == ids(3)
    assert ledger.hops["lake"].seconds is None


def test_the_json_has_the_keys_of_the_ledger_for_every_hop(world: World, file: Path) -> None:
    world.sent(file, list(ids(3)))
    shown = json.loads(json.dumps(reconcile(world.stage).as_json()))
    assert shown["balanced"] is False
    assert set(shown["hops"]) == {"api", "dynamodb", "lake", "warehouse", "quarantine"}
    for hop in shown["hops"].values():
        keys = {"received", "accepted", "rejected", "written", "duplicates", "quarantined", "missing_ids", "missing"}
        assert keys <= set(hop)


def test_the_table_names_what_is_missing(world: World, file: Path) -> None:
    from rich.console import Console

    def shown(ledger: Ledger) -> str:
        console = Console(width=160)
        with console.capture() as capture:
            console.print(ledger_table(ledger))
        return capture.get()

    world.sent(file, list(ids(30)))
    text = shown(reconcile(world.stage))
    assert "t0019 and 10 more" in " ".join(text.split())
    assert "Not balanced: dynamodb: 30 missing" in text
    world.everywhere(*ids(30))
    assert "Balanced: every acknowledged transaction" in shown(reconcile(world.stage))


@pytest.mark.parametrize("body", [gzip.compress(b"[1,2]\n", mtime=0), b"no gzip", gzip.compress(b"{}\n", mtime=0)[:-4]])
def test_a_damaged_object_of_the_lake_is_named_and_the_rest_is_compared(world: World, file: Path, body: bytes) -> None:
    world.sent(file, list(ids(3)))
    world.everywhere(*ids(3))
    world.s3.put_object(Bucket="lake", Key="transactions/ingest_date=2026-01-01/x.ndjson.gz", Body=body)
    ledger = reconcile(world.stage)
    assert len(ledger.problems) == 1
    assert "s3://lake/transactions/ingest_date=2026-01-01/x.ndjson.gz" in ledger.problems[0]
    assert ledger.hops["lake"].written == 3


def test_a_query_that_the_warehouse_refuses_says_why(world: World) -> None:
    world.warehouse.database.execute("DROP TABLE core.transaction")
    with pytest.raises(ClientError, match="The warehouse refused a query: Query #1 failed with ERROR"):
        reconcile(world.stage)


def test_a_customer_that_was_changed_by_hand_is_named(world: World, file: Path) -> None:
    world.sent(file, ["t0000"])
    world.everywhere("t0000")
    world.warehouse.database.execute("UPDATE core.merchant SET merchant = 'Another'")
    assert named(reconcile(world.stage)) == [("warehouse", "t0000", "merchant.merchant")]
