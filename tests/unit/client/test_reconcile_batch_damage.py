"""A damaged object or item of the batch path is named, and ends neither `reconcile` nor `repair` in a traceback."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from client.errors import ClientError
from client.reconcile.run import Options
from client.repair.run import repair
from tests.unit.client.test_reconcile_stores import World, made, world

__all__ = ["world"]
KEY = "batch/run=r1/occurred_month=2020-06/part-0.parquet"


def foreign() -> bytes:
    body = io.BytesIO()
    pq.write_table(pa.table({"name": ["somebody else's"]}), body)
    return body.getvalue()


def damaged(world: World, how: str) -> None:
    s3 = world.stage.client("s3")
    whole = s3.get_object(Bucket="lake", Key=KEY)["Body"].read()
    third = len(whole) // 3
    bodies = {
        "empty": b"",
        "cut off": whole[:third],
        "text": b"not Parquet",
        "damaged pages": whole[:4] + b"\xff" * third + whole[4 + third :],
        "foreign": foreign(),
    }
    s3.put_object(Bucket="lake", Key=KEY, Body=bodies[how])


@pytest.mark.parametrize("how", ["empty", "cut off", "text", "damaged pages", "foreign"])
def test_a_damaged_object_of_a_run_is_named_and_the_other_runs_are_compared(world: World, how: str) -> None:
    world.everywhere(made(6))
    one, other = made(40, first=6), made(20, first=60)
    world.batch("r1", one)
    world.batch("r2", other)
    world.warehouse.load([*one, *other[1:]])
    damaged(world, how)
    ledger = world.compare()
    assert not ledger.balanced
    assert [line for line in ledger.problems if line.startswith(f"batch: {KEY} cannot be read (")]
    assert other[0].transaction_id in ledger.hops["warehouse"].missing_ids
    assert list(ledger.as_json()["hops"]["batch"]["damaged"]) == [KEY]


def test_nothing_is_repaired_while_rows_of_the_batch_path_look_like_those_of_the_stream(world: World) -> None:
    rows = made(5)
    world.batch("r1", rows)
    world.warehouse.load(rows)
    damaged(world, "cut off")
    with pytest.raises(ClientError, match=f"Nothing is repaired: {KEY} cannot be read"):
        repair(world.stage, Options(stores_only=True), act=True)
    assert world.stage.client("dynamodb").scan(TableName="transactions")["Count"] == 0


@pytest.mark.parametrize("value", [None, {"S": "many"}, {"N": "1.5"}])
def test_a_damaged_item_of_the_table_of_loads_is_named_and_its_rows_are_compared(
    world: World, value: dict[str, str] | None
) -> None:
    rows = made(5)
    for run in ("r1", "r2"):
        world.batch(run, rows)
    world.warehouse.load(rows)
    dynamodb = world.stage.client("dynamodb")
    item = dynamodb.get_item(TableName="loads", Key={"load": {"S": "run#r1"}})["Item"]
    item.pop("accepted")
    dynamodb.put_item(TableName="loads", Item=item | ({"accepted": value} if value else {}))
    ledger = world.compare()
    (problem,) = ledger.problems
    assert problem.startswith("batch: the counts of run r1 cannot be read (")
    assert ledger.hops["batch"].accepted == 5
