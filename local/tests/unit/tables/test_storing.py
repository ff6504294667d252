"""What was answered is in the database: after a restart, after a failure, after a change of the table."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from local.tables import expiry
from local.tests.unit.tables.modules import ask, create, stored

NAME = "ttt"


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    module = stored(tmp_path / "tables.sqlite")
    create(module, NAME, sort="s")
    yield module
    module.database.close()


def request(module: ModuleType, operation: str, **content: Any) -> tuple[int, Any]:
    """As over HTTP."""
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    status, _, body = asyncio.run(module.handle_request("POST", "/", headers, json.dumps(content).encode(), {}))
    return status, json.loads(body)


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"p": {"S": f"p{number % 3}"}, "s": {"S": f"{number:04}"}, "g": {"S": "g"}, "h": {"S": str(number)}} | more


def put(module: ModuleType, number: int, **more: Any) -> int:
    return request(module, "PutItem", TableName=NAME, Item=item(number, **more))[0]


def count(module: ModuleType, **more: Any) -> int:
    return int(ask(module, "scan", TableName=NAME, Select="COUNT", **more)[1]["Count"])


def started_again(module: ModuleType, path: Path) -> ModuleType:
    """Another process, that takes the state as MiniStack saved it and never saw the end of this one."""
    from ministack.core.persistence import _json_default, _json_object_hook

    state = json.loads(json.dumps(module.get_state(), default=_json_default), object_hook=_json_object_hook)
    assert NAME in str(state["tables"]._data)
    again = stored(path)
    again.load_persisted_state(state)
    return again


def test_items_are_there_after_a_process_that_was_killed(module: ModuleType, tmp_path: Path) -> None:
    assert {put(module, number) for number in range(10)} == {200}
    again = started_again(module, tmp_path / "tables.sqlite")
    assert count(again) == 10
    assert ask(again, "describe_table", TableName=NAME)[1]["Table"]["ItemCount"] == 10
    found = ask(
        again,
        "query",
        TableName=NAME,
        IndexName="by-g-h",
        KeyConditionExpression="g = :g AND h = :h",
        ExpressionAttributeValues={":g": {"S": "g"}, ":h": {"S": "7"}},
    )
    assert found[1]["Items"] == [item(7)]
    again.database.close()


def test_a_state_that_brings_its_items_is_stored(module: ModuleType, tmp_path: Path) -> None:
    put(module, 1)
    state = module.get_state()
    [table] = state["tables"]._data.values()
    table["items"] = {"p1": {"0001": item(1), "0002": item(2)}}  # as versions without a database saved it
    earlier = stored(tmp_path / "other.sqlite")
    earlier.load_persisted_state(state)
    assert count(earlier) == count(earlier, IndexName="by-g-h") == 2
    earlier.database.close()


def test_a_database_that_has_gone_is_not_taken_as_empty_tables(module: ModuleType, tmp_path: Path) -> None:
    put(module, 1)
    another = stored(tmp_path / "another.sqlite")
    with pytest.raises(SystemExit, match=r"another\.sqlite is missing or damaged: 1 items of table ttt"):
        another.load_persisted_state(module.get_state())
    another.database.close()


def test_a_full_disk_refuses_the_write_with_that_word_and_keeps_what_was_there(
    module: ModuleType, tmp_path: Path
) -> None:
    assert put(module, 1) == 200
    pages = module.database.read("PRAGMA page_count")[0][0]
    module.database.read(f"PRAGMA max_page_count = {pages}")
    status, answer = 200, {}
    number = 2
    while status == 200:
        status, answer = request(module, "PutItem", TableName=NAME, Item=item(number, v={"S": "x" * 20_000}))
        number += 1
    assert status == 500
    assert answer["__type"].endswith("InternalServerError")
    assert "disk full" in answer["message"]
    assert count(module) == number - 2
    module.database.read("PRAGMA max_page_count = 1000000")
    assert put(module, number) == 200  # it resumes by itself
    assert ask(module, "describe_table", TableName=NAME)[1]["Table"]["ItemCount"] == number - 1


def test_requests_of_one_moment_are_committed_together(module: ModuleType, tmp_path: Path) -> None:
    headers = {"x-amz-target": "DynamoDB_20120810.PutItem"}

    async def all_at_once() -> list[int]:
        bodies = [json.dumps({"TableName": NAME, "Item": item(n)}).encode() for n in range(20)]
        answers = await asyncio.gather(*(module.handle_request("POST", "/", headers, body, {}) for body in bodies))
        return [status for status, _, _ in answers]

    commits: list[str] = []
    module.database._connection.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)
    assert asyncio.run(all_at_once()) == [200] * 20
    assert len(commits) == 1
    other = sqlite3.connect(tmp_path / "tables.sqlite")
    assert other.execute("SELECT items FROM tables").fetchone() == (20,)


def test_a_request_that_another_ones_failure_took_back_is_not_acknowledged(module: ModuleType) -> None:
    headers = {"x-amz-target": "DynamoDB_20120810.PutItem"}
    pages = module.database.read("PRAGMA page_count")[0][0]
    module.database.read(f"PRAGMA max_page_count = {pages + 2}")

    async def both() -> list[int]:
        items = [item(1), item(2, v={"S": "x" * 100_000})]
        bodies = [json.dumps({"TableName": NAME, "Item": one}).encode() for one in items]
        answers = await asyncio.gather(*(module.handle_request("POST", "/", headers, body, {}) for body in bodies))
        return [status for status, _, _ in answers]

    statuses = asyncio.run(both())
    assert statuses[1] == 500
    assert count(module) == statuses.count(200)


def test_what_has_expired_is_removed_from_table_and_indexes(module: ModuleType) -> None:
    put(module, 1, ends={"N": "100"})
    request(
        module,
        "UpdateTimeToLive",
        TableName=NAME,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"},
    )
    assert expiry.remove_expired(module, now=50) == 0  # and it has seen what was there before
    put(module, 2, ends={"N": "200"})
    put(module, 3)
    put(module, 4, ends={"S": "never"})
    assert expiry.remove_expired(module, now=150) == 1
    assert expiry.remove_expired(module, now=250) == 1
    assert count(module) == count(module, IndexName="by-g-h") == 2


def test_an_index_that_is_added_has_what_was_there(module: ModuleType) -> None:
    for number in range(5):
        put(module, number, k={"S": str(number % 2)})
    key = [{"AttributeName": "k", "KeyType": "HASH"}]
    create = {"IndexName": "by-k", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
    status, _ = request(
        module,
        "UpdateTable",
        TableName=NAME,
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": create}],
    )
    assert status == 200
    found = ask(
        module,
        "query",
        TableName=NAME,
        IndexName="by-k",
        KeyConditionExpression="k = :k",
        ExpressionAttributeValues={":k": {"S": "0"}},
    )
    assert found[1]["Count"] == 3


def test_a_table_that_is_created_again_is_empty(module: ModuleType) -> None:
    put(module, 1)
    assert request(module, "DeleteTable", TableName=NAME)[0] == 200
    create(module, NAME, sort="s")
    assert count(module) == 0


def test_items_of_more_shapes_than_are_remembered_are_stored_as_they_are(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.tables.shapes.MOST_SHAPES", 3)
    for number in range(8):
        put(module, number, **{f"name-{number}": {"S": "\U0001f600"}})
    for number in range(8):
        found = ask(module, "get_item", TableName=NAME, Key={name: item(number)[name] for name in ("p", "s")})
        assert found[1]["Item"] == item(number, **{f"name-{number}": {"S": "\U0001f600"}})
